"""What becomes of images for a model that takes none."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from roobridge.bridge.shaping.images import LEFT_OUT, refuse_images, strip_images
from roobridge.errors import ClientError
from tests.bridge.shaping.messages import IMAGES, messages, user

NOTE = {"type": "text", "text": LEFT_OUT}
WORDS = {"type": "text", "text": "What is this?"}


@pytest.mark.parametrize("image", IMAGES)
def test_a_note_stands_where_each_image_stood(image: dict[str, Any]) -> None:
    (message,) = strip_images([user([WORDS, image, image, WORDS])])
    assert message == user([WORDS, NOTE, NOTE, WORDS])


@pytest.mark.parametrize("image", IMAGES)
def test_an_image_in_a_result_is_left_out_too(image: dict[str, Any]) -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [WORDS, image]}
    tool = {"role": "tool", "tool_call_id": "c", "content": [image]}
    assert strip_images([user([result]), tool]) == [
        user([{**result, "content": [WORDS, NOTE]}]),
        {**tool, "content": [NOTE]},
    ]


def test_the_mark_of_a_client_stays_on_the_note() -> None:
    marked = {**IMAGES[0], "cache_control": {"type": "ephemeral"}}
    assert strip_images([user([marked])]) == [user([{**NOTE, "cache_control": {"type": "ephemeral"}}])]


def test_a_message_without_images_is_the_same_object() -> None:
    sent = [user("What is this?"), user([WORDS]), user([{"type": "tool_result", "content": [WORDS]}])]
    assert all(new is old for new, old in zip(strip_images(sent), sent, strict=True))


@given(messages)
def test_no_image_is_left_and_the_text_stays_in_order(sent: list[dict[str, Any]]) -> None:
    before = deepcopy(sent)
    stripped = strip_images(sent)
    refuse_images(stripped, "qwen")  # raises where one is left
    assert not any(
        kind in found for kind in ("image_url", "input_image", "image") for found in kinds(stripped)
    )
    assert [LEFT_OUT if text is None else text for text in units(sent)] == list(units(stripped))
    assert strip_images(stripped) == stripped
    assert sent == before


@given(messages)
def test_a_request_is_refused_where_it_holds_an_image(sent: list[dict[str, Any]]) -> None:
    if None not in units(sent):
        refuse_images(sent, "qwen")
        return
    with pytest.raises(ClientError) as refusal:
        refuse_images(sent, "qwen")
    assert refusal.value.param == "messages"
    assert refusal.value.status_hint == 400


def test_the_refusal_names_the_model_the_message_and_what_to_do() -> None:
    with pytest.raises(ClientError) as refusal:
        refuse_images([user("Look:"), user([IMAGES[0]])], "qwen3-coder-plus")
    assert refusal.value.message == (
        "The model qwen3-coder-plus takes no images, and messages[1] holds one: "
        "choose a model that does, or start a new task without images."
    )


def kinds(value: Any) -> list[list[str]]:
    """The type of every object in a value, however deep."""
    if isinstance(value, list):
        return [kind for each in value for kind in kinds(each)]
    if not isinstance(value, dict):
        return []
    return [[str(value.get("type"))], *(kind for each in value.values() for kind in kinds(each))]


def units(sent: list[dict[str, Any]]) -> list[str | None]:
    """The texts in order, None for an image."""
    found: list[str | None] = []
    for holder in sent:
        content = holder["content"]
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if part["type"] == "tool_result":
                found += units([part])
            else:
                found.append(part.get("text"))
    return found
