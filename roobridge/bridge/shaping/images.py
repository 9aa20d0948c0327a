"""Image parts of a request, for a model that takes none.

A part is an image in OpenAI's words (`image_url`), in those of the Responses API (`input_image`) and in
Anthropic's (`image` with a source). They stand in a message's content, a tool's result too, and in the
content of an Anthropic `tool_result` part. Nothing here changes a message in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from roobridge.bridge.request.chat import Message
from roobridge.errors import ClientError

LEFT_OUT = "[An image stood here. It was left out, since this model takes no images.]"

_IMAGES = frozenset({"image_url", "input_image", "image"})


class Images(Enum):
    """What becomes of images. STRIP: a note in the text takes the place of each; REFUSE: of the request."""

    PASS = "pass"  # noqa: S105 - a word of the settings, no secret
    STRIP = "strip"
    REFUSE = "refuse"


def strip_images(messages: Sequence[Message]) -> list[Message]:
    """The messages with a text part where each image part stood; one without images is the same object."""
    return [_stripped(message) if _holds_image(message) else message for message in messages]


def refuse_images(messages: Sequence[Message], model: str) -> None:
    """Raises ClientError where a message holds an image part. model: as the client's user knows it."""
    for index, message in enumerate(messages):
        if _holds_image(message):
            raise ClientError(
                f"The model {model:.100} takes no images, and messages[{index}] holds one: "
                "choose a model that does, or start a new task without images.",
                code="images_refused",
                param="messages",
            )


def _holds_image(message: Message) -> bool:
    return any(_is_image(part) for part in _parts(message))


def _parts(message: Message) -> Iterator[Any]:
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        yield part
        yield from _result(part) or ()


def _stripped(holder: dict[str, Any]) -> dict[str, Any]:
    """A message, or a tool_result part, with notes in its content."""
    return {**holder, "content": [_part(part) for part in holder["content"]]}


def _part(part: Any) -> Any:
    if _is_image(part):
        mark = {"cache_control": part["cache_control"]} if "cache_control" in part else {}
        return {"type": "text", "text": LEFT_OUT, **mark}
    inner = _result(part)
    return _stripped(part) if inner and any(map(_is_image, inner)) else part


def _result(part: Any) -> list[Any] | None:
    """The content of a tool_result part; no client puts one into another."""
    if not isinstance(part, dict) or part.get("type") != "tool_result":
        return None
    content = part.get("content")
    return content if isinstance(content, list) else None


def _is_image(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") in _IMAGES
