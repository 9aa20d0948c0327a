"""A request's body as one model is to get it: its fields, and what stands in its messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from roobridge.bridge.shaping.cache_marks import mark_prefix
from roobridge.bridge.shaping.images import Images, refuse_images, strip_images
from roobridge.bridge.shaping.thinking import Reasoning, without_reasoning

# What the bridge reads, checks or sets itself: a profile that changed it would part the request from the
# plan that its reply is read by.
OWNED = frozenset({"model", "messages", "stream", "stream_options", "n", "tools", "tool_choice"})


class Shape(msgspec.Struct, frozen=True):
    """What is changed in the requests for one model.

    sampling: a preset's values (`SAMPLING`), which stand over the client's: Roo sends `temperature: 0` where
    its user set none. defaults: fields for requests that have none of their own. overrides: fields for every
    request; they stand over the preset. drop: fields of the client's that are left
    out. cache_marks: for DashScope's explicit cache.
    """

    sampling: Mapping[str, Any] = {}
    defaults: Mapping[str, Any] = {}
    overrides: Mapping[str, Any] = {}
    drop: tuple[str, ...] = ()
    images: Images = Images.PASS
    reasoning: Reasoning = Reasoning.PASS
    cache_marks: bool = False


def forbidden(fields: Iterable[str]) -> str:
    """The first of the fields that no shape may touch, or empty."""
    return next((field for field in fields if field in OWNED), "")


def shaped(body: Mapping[str, Any], shape: Shape, model: str = "") -> dict[str, Any]:
    """A new body; the given one is not changed, and what is the same in both is shared.

    body: with checked `messages`. model: its name in an error, by default the body's. First the client's
    fields are dropped; then the preset is set; then the defaults fill in what is missing or null; then the
    overrides are set. Tables, such as chat_template_kwargs, are filled in and set by their keys. Shaping a
    shaped body once more changes nothing.

    Raises ClientError where the shape refuses images.
    """
    kept = {field: value for field, value in body.items() if field not in shape.drop}
    new = _over(shape.overrides, _filled(_over(shape.sampling, kept), shape.defaults))
    new["messages"] = _messages(new["messages"], shape, model or str(new.get("model", "")))
    if shape.cache_marks:
        new["messages"] = mark_prefix(new)
    return new


def _messages(messages: list[dict[str, Any]], shape: Shape, model: str) -> list[dict[str, Any]]:
    if shape.images is Images.REFUSE:
        refuse_images(messages, model)
    if shape.images is Images.STRIP:
        messages = strip_images(messages)
    return without_reasoning(messages) if shape.reasoning is Reasoning.DROP else messages


def _filled(table: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The table with what it lacks; null is a lack."""
    new = dict(table)
    for field, value in usual.items():
        own = new.get(field)
        if own is None:
            new[field] = value
        elif isinstance(own, Mapping) and isinstance(value, Mapping):
            new[field] = _filled(own, value)
    return new


def _over(values: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with the values set in it."""
    new = dict(table)
    for field, value in values.items():
        own = new.get(field)
        tables = isinstance(own, Mapping) and isinstance(value, Mapping)
        new[field] = _over(value, own or {}) if tables else value
    return new
