"""The reasoning in a history: left out, added, and by what a turn is known."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from roobridge.bridge.request.chat import Message
from roobridge.bridge.request.identity import digest_messages
from roobridge.bridge.shaping import thinking
from roobridge.bridge.shaping.thinking import places, with_reasoning, without_reasoning
from tests.bridge.shaping.messages import call, messages, said, user

TASK = [
    {"role": "system", "content": "You are Roo."},
    user("Fix it."),
    said(None, call("{}")),
    {"role": "tool", "tool_call_id": "call_1", "content": "Done."},
]


@given(messages)
def test_no_reasoning_is_left_and_nothing_else_goes(sent: list[dict[str, Any]]) -> None:
    before = deepcopy(sent)
    new = without_reasoning(sent)
    assert "reasoning_content" not in str(new)
    for message, old in zip(new, sent, strict=True):
        if "reasoning_content" in old:
            assert message == {name: value for name, value in old.items() if name != "reasoning_content"}
        else:
            assert message is old
    assert sent == before


@given(messages)
def test_reasoning_is_added_to_turns_without_it_alone(sent: list[dict[str, Any]]) -> None:
    before = deepcopy(sent)
    new = with_reasoning(sent, lambda index, _: f"thought {index}")
    for index, (message, old) in enumerate(zip(new, sent, strict=True)):
        if old["role"] != "assistant" or old.get("reasoning_content"):
            assert message is old
        else:
            assert message == {**old, "reasoning_content": f"thought {index}"}
    assert with_reasoning(new, lambda *_: "another") == new
    assert sent == before


@pytest.mark.parametrize("own", [{"reasoning": "Hm."}, {"reasoning_content": "Hm."}, {"partial": True}])
def test_a_turn_of_its_own_mind_is_left_alone(own: dict[str, Any]) -> None:
    turn = said("Hi", **own)
    assert with_reasoning([turn], lambda *_: "known")[0] is turn


def test_a_turn_that_is_not_known_is_the_same_object() -> None:
    assert all(new is old for new, old in zip(with_reasoning(TASK, lambda *_: ""), TASK, strict=True))


def test_the_place_of_a_reply_is_that_of_its_turn_later_on() -> None:
    task = [*TASK, said("All done."), user("Go on."), said("Yes.")]
    assert all(places(task)[end] == places(task[:end])[-1] for end in range(1, len(task)))
    assert len(set(places(task)[1:])) == len(task)  # the system message counts for nothing


def test_a_place_stays_where_prompt_reasoning_and_surroundings_change() -> None:
    details = "<environment_details>\n10:31\n</environment_details>"
    changed = deepcopy(TASK)
    changed[0]["content"] = "You are Roo, an architect."
    changed[1]["content"] = [{"type": "text", "text": "Fix it."}, {"type": "text", "text": details}]
    changed[2]["reasoning_content"] = "Hm."
    assert places(changed) == places(TASK)


def test_a_place_is_known_by_what_stands_near() -> None:
    near = [user("a"), said("b"), user("c"), said("d")]
    assert places([user("x"), *near])[-1] == places([user("rewritten"), said("y"), *near])[-1]
    others = [user("A"), said("B"), user("C"), said("D")]
    for index, other in enumerate(others):
        assert places(near)[-1] != places([*near[:index], other, *near[index + 1 :]])[-1]


def test_each_message_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Message] = []

    def counted(some: Sequence[Message]) -> tuple[bytes, ...]:
        read.extend(some)
        return digest_messages(some)

    monkeypatch.setattr(thinking, "digest_messages", counted)
    for length in (10, 1000):
        read.clear()
        task = [user(str(index)) for index in range(length)]
        assert len(places(task)) == length + 1
        assert read == task
