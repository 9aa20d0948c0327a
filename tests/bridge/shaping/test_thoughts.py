"""What is kept of models' thinking: whose, for which turn, and how much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta, UpstreamRequest
from roobridge.bridge.shaping import thoughts as module
from roobridge.bridge.shaping.thoughts import Asked, Kept, Thoughts, words_of
from roobridge.events import ToolDelta
from tests.bridge.shaping.messages import call, said, texts, user

TASK = [user("Fix it.")]


def ask(
    thoughts: Thoughts, *deltas: Delta, task: list[dict[str, Any]] = TASK, key: str = "a", model: str = "m"
) -> list[Any]:
    """Ask and hear a reply; gives the reasoning that the messages went out with."""
    asked = Asked(UpstreamRequest({"model": model, "messages": task}, key), thoughts)
    for delta in deltas:
        asked.hear(delta)
    asked.over()
    return [message.get("reasoning_content") for message in asked.body["messages"]]


def think(reasoning: str, content: str = "Done.") -> list[Delta]:
    return [Delta(reasoning=reasoning[:2]), Delta(reasoning=reasoning[2:]), Delta(content=content)]


def test_a_turn_goes_back_with_its_reasoning() -> None:
    thoughts = Thoughts()
    assert ask(thoughts, *think("Hm, so.")) == [None]
    task = [*TASK, said("Done.")]
    assert ask(thoughts, task=task) == [None, "Hm, so."]
    assert ask(thoughts, *think("Again."), task=[*task, user("More.")]) == [None, "Hm, so.", None]
    task += [user("More."), said("Done."), user("More.")]
    assert ask(thoughts, task=task) == [None, "Hm, so.", None, "Again.", None]


def test_it_goes_back_whatever_became_of_the_reply() -> None:
    thoughts = Thoughts()
    wrote = "<tool_call>\n<function=run>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>"
    ask(thoughts, *think("Hm, so.", wrote))
    assert ask(thoughts, task=[*TASK, said("", call('{"command": "ls", "timeout": 3}'))])[-1] == "Hm, so."


def test_it_is_kept_from_the_first_word_on() -> None:
    thoughts = Thoughts()
    asked = Asked(UpstreamRequest({"model": "m", "messages": TASK}, "a"), thoughts)
    seen = []
    for delta in (
        Delta(reasoning="Hm, "),
        Delta(content="\n\n"),
        Delta(reasoning="so."),
        Delta(content="D"),
        Delta(reasoning="!"),
    ):
        asked.hear(delta)
        seen.append(ask(thoughts, task=[*TASK, said("D")])[-1])
    assert seen == [None, None, None, "Hm, so.", "Hm, so."]


@pytest.mark.parametrize("other", [{"key": "b"}, {"model": "n"}, {"task": [user("Break it.")]}])
def test_it_is_of_one_owner_one_model_and_one_place(other: dict[str, Any]) -> None:
    thoughts = Thoughts()
    ask(thoughts, *think("Hm, so."), **other)
    assert ask(thoughts, task=[*TASK, said("Done.")])[-1] is None


def test_words_tell_replies_at_one_place_apart() -> None:
    thoughts = Thoughts()
    ask(thoughts, *think("First.", "One"))
    ask(thoughts, *think("Second.", "Two"))
    ask(thoughts, Delta(reasoning="Third."), Delta(tool_calls=(ToolDelta(0, "x", "run", '{"command": '),)))
    assert ask(thoughts, task=[*TASK, said("One")])[-1] == "First."
    assert (
        ask(thoughts, task=[*TASK, said(None, call('{"result": "Two"}', "attempt_completion"))])[-1]
        == "Second."
    )
    assert ask(thoughts, task=[*TASK, said("Four")])[-1] is None


def test_the_last_of_replies_alike_counts() -> None:
    thoughts = Thoughts()
    for number in range(20):
        ask(thoughts, *think(f"Thought {number}."))
    assert ask(thoughts, task=[*TASK, said("Done.")])[-1] == "Thought 19."


def test_a_reply_without_words_or_without_reasoning_is_not_kept() -> None:
    thoughts = Thoughts()
    ask(thoughts, Delta(reasoning="Hm."))
    ask(thoughts, Delta(reasoning=" \n"), Delta(content="Done."))
    ask(thoughts, Delta(content="Done."))
    assert ask(thoughts, task=[*TASK, said("Done.")])[-1] is None


def test_reasoning_without_end_is_not_kept_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 10)
    thoughts = Thoughts()
    ask(thoughts, *think("0123456789"))
    ask(thoughts, *think("0123456789+"), task=[user("Another.")])
    assert ask(thoughts, task=[*TASK, said("Done.")])[-1] == "0123456789"
    assert ask(thoughts, task=[user("Another."), said("Done.")])[-1] is None


def test_a_long_reply_is_heard_in_part_and_told_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WORDS", 10)
    thoughts = Thoughts()
    ask(thoughts, *think("Hm, so.", "a" * 11), Delta(content="b" * 100))
    assert ask(thoughts, task=[*TASK, said("a" * 11 + "b" * 100)])[-1] == "Hm, so."
    ask(thoughts, *think("Again.", "c"))
    assert ask(thoughts, task=[*TASK, said("a" * 11 + "b" * 100)])[-1] is None


def test_the_replies_used_last_stay() -> None:
    for thoughts in (Thoughts(replies=2), Thoughts(size=2 * len("Thought é".encode()))):
        for letter in "xy":
            ask(thoughts, *think("Thought é"), task=[user(letter)])
        ask(thoughts, task=[user("x"), said("Done.")])
        ask(thoughts, *think("Thought é"), task=[user("z")])
        kept = [ask(thoughts, task=[user(letter), said("Done.")])[-1] for letter in "xyz"]
        assert kept == ["Thought é", None, "Thought é"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12)), max_size=30), st.integers(0, 5))
def test_there_is_never_more_than_there_is_room_for(replies: list[tuple[int, int]], most: int) -> None:
    thoughts, kept = Thoughts(most, size=20), [Kept(b"x" * size) for _, size in replies]
    for (place, _), reply in zip(replies, kept, strict=True):
        thoughts.keep(bytes([place]), reply)
        found = [thoughts.recall(bytes([each]), said("")) for each in range(5)]
        assert sum(map(len, found)) <= 20
        assert sum(map(bool, found)) <= most
    if replies and replies[-1][1] <= 20 and most:
        only = Thoughts(most, size=20)
        only.keep(b"p", kept[-1])
        assert only.recall(b"p", said("")) == "x" * replies[-1][1]


@given(texts, texts)
def test_words_outlast_what_bridge_and_client_do(text: str, more: str) -> None:
    plain = words_of(said(text))
    assert words_of(said(f"  {text}\u200b\n")) == plain
    assert words_of(said([{"type": "text", "text": text}])) == plain
    wrapped = f"<attempt_completion>\n<result>\n{text}\n</result>\n</attempt_completion>"
    assert words_of(said("", call(json.dumps({"result": text}), "attempt_completion"))) == plain
    if "<" not in text + more and ">" not in text + more:
        assert words_of(said(wrapped)) == plain
        assert words_of(said(text + "Z" + more)) != words_of(said(text + "Y" + more))


def test_words_are_of_values_in_their_order() -> None:
    one = said(None, call('{"path": "a.py", "range": [1, {"end": 20}], "deep": null, "all": true}'))
    assert words_of(one) == words_of(said("a.py 1 20 True"))
    assert words_of(one) != words_of(said("a.py 20 1 True"))
    read = {"function": {"name": "run", "arguments": {"command": ["ls", "-l"]}}}
    assert words_of(said(None, read)) == words_of(said("ls -l"))
    assert words_of(said(None, call("{ls"))) == words_of(said("ls"))
    deep = "[" * 100_000
    assert words_of(said(None, call(deep + "a"))) == words_of(said("a"))
