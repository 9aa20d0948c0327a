"""Where the marks for DashScope's explicit cache go."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given

from roobridge.bridge.shaping.cache_marks import MARK, mark_prefix
from tests.bridge.shaping.messages import IMAGES, call, messages, said, user

SYSTEM = {"role": "system", "content": "You are Roo."}
FIRST = user([{"type": "text", "text": "Fix it."}, {"type": "text", "text": "<environment_details>"}])
TURN = said(None, call("{}"))
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Done."}


def marked(sent: list[dict[str, Any]], **fields: object) -> list[int]:
    """The messages that hold a mark."""
    new = mark_prefix({"messages": sent, **fields})
    return [index for index, message in enumerate(new) if "cache_control" in str(message)]


def test_a_mark_stands_on_the_prompt_the_last_request_and_this_one() -> None:
    assert marked([SYSTEM, FIRST]) == [0, 1]
    assert marked([SYSTEM, FIRST, TURN, RESULT]) == [0, 1, 3]
    assert marked([SYSTEM, FIRST, TURN, RESULT, TURN, RESULT, RESULT]) == [0, 3, 6]


def test_the_end_of_one_request_is_marked_in_the_next() -> None:
    task = [SYSTEM, FIRST, TURN, RESULT, TURN, user("Go on."), TURN, RESULT]
    ends = [index for index, message in enumerate(task) if message["role"] != "assistant"][1:]
    for this, following in pairwise(ends):
        assert this in marked(task[: this + 1])
        assert this in marked(task[: following + 1])


def test_a_text_becomes_a_list_with_the_mark() -> None:
    (system,) = mark_prefix({"messages": [SYSTEM]})
    assert system["content"] == [{"type": "text", "text": "You are Roo.", "cache_control": MARK}]


def test_the_last_text_that_is_not_blank_is_marked() -> None:
    (message,) = mark_prefix(
        {"messages": [user([*FIRST["content"], {"type": "text", "text": " "}, IMAGES[0]])]}
    )
    assert ["cache_control" in part for part in message["content"]] == [False, True, False, False]
    assert marked([user(""), user([]), user([IMAGES[0]])]) == []


def test_what_the_assistant_began_is_gone_on_with_as_it_is() -> None:
    begun = said("Once upon", partial=True)
    assert mark_prefix({"messages": [FIRST, begun]})[1] is begun


@pytest.mark.parametrize(
    "fields",
    [
        {"cache_control": MARK},
        {"tools": [{"type": "function", "function": {"name": "run"}, "cache_control": MARK}]},
        {"tools": [{"type": "function", "function": {"name": "run", "cache_control": MARK}}]},
    ],
)
def test_nothing_is_marked_where_the_client_marks(fields: dict[str, Any]) -> None:
    sent = [SYSTEM, FIRST]
    new = mark_prefix({"messages": sent, **fields})
    assert all(message is old for message, old in zip(new, sent, strict=True))
    own = user([{"type": "text", "text": "Fix it.", "cache_control": MARK}])
    assert mark_prefix({"messages": [SYSTEM, own, FIRST]}) == [SYSTEM, own, FIRST]


@given(messages)
def test_marks_are_few_and_change_no_text(sent: list[dict[str, Any]]) -> None:
    before = deepcopy(sent)
    new = mark_prefix({"messages": sent})
    assert str(new).count("cache_control") <= 4
    assert [texts(message) for message in new] == [texts(message) for message in sent]
    assert mark_prefix({"messages": new}) == new
    assert sent == before


def texts(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The message's parts without marks."""
    content = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [{name: value for name, value in part.items() if name != "cache_control"} for part in parts]
