"""The bounds of a prompt's length hold, whatever it is made of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.request import size
from roobridge.bridge.request.size import least_tokens, passing_tokens, size_of
from tests.oracle.tokens import TOKENS


def user(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


@given(st.lists(TOKENS))
def test_no_text_has_fewer_tokens_than_the_bound(tokens: list[str]) -> None:
    assert least_tokens([user("".join(tokens))]) <= len(tokens)


@pytest.mark.parametrize(
    ("text", "least"),
    [
        (" four plain English words", 4),
        (" don't_join <|im_start|>", 2),
        ("x = foo.bar(baz)", 3),
        (" " * 1000 + "\n" * 1000 + "-" * 1000, 0),
        ("2026-11-22", 2),
        ("分词器分词器分词", 2),
        (" Привет, мир", 2),
        ("— “ ” 🙂 \xa0 é", 1),
    ],
)
def test_what_is_counted(text: str, least: int) -> None:
    assert least_tokens([user(text)]) == least
    assert least_tokens([user([{"type": "text", "text": text}])]) == least


def test_images_and_calls_have_no_least_length() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "AAAA " * 1000}}
    call = {"function": {"name": "f", "arguments": json.dumps({"a": " word" * 1000})}}
    assert least_tokens([user([image]), {"role": "assistant", "content": None, "tool_calls": [call]}]) == 0


def test_thoughts_may_pass() -> None:
    thought = "é" + " word" * 100
    for message in (
        {"role": "assistant", "content": "", "reasoning_content": thought},
        {"role": "assistant", "content": f"{thought}</think>"},
    ):
        assert least_tokens([message]) == 0
        assert passing_tokens([message]) >= len(thought.encode())
    said = {"role": "assistant", "content": " word" * 100}
    assert (least_tokens([said]), passing_tokens([said])) == (100, 0)
    assert passing_tokens([user(f"{thought}</think>")]) == 0


class Watched(str):
    """A text that counts how much of it was taken out."""

    taken = 0

    def __getitem__(self, index: Any) -> str:
        part = super().__getitem__(index)
        Watched.taken += len(part)
        return part


def test_so_much_is_read_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(size, "SCANNED", 1000)
    texts = [Watched(" word" * 60) for _ in range(100)]
    assert least_tokens([user(text) for text in texts]) == 200
    assert Watched.taken == 1000


def test_a_prompt_has_no_more_tokens_than_bytes() -> None:
    body = {"model": "m", "tools": [{"a": "b"}], "messages": [user("中文" * 100)]}
    assert size_of(body).most >= 600 + len(json.dumps(body["tools"]))


def test_what_begins_alike_has_the_same_keys() -> None:
    body = {"model": "m", "tools": [], "messages": [user("a"), user("b")]}
    keys = size_of(body).keys()
    assert len(keys) == 3
    assert size_of({**body, "messages": [user("a"), user("b"), user("c")]}).keys()[:3] == keys
    other = size_of({**body, "messages": [user("A"), user("b")]}).keys()
    assert (other[0] == keys[0], other[1] == keys[1], other[2] == keys[2]) == (True, False, False)
    assert not set(size_of({**body, "tools": [{"a": "b"}]}).keys()) & set(keys)


def test_marks_for_a_cache_change_no_key() -> None:
    marked = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
    image = {"type": "image_url", "image_url": {"url": "data:,"}}
    for plain, mark in (("a", [marked]), ([image, {"type": "text", "text": "a"}], [image, marked])):
        one, other = (size_of({"messages": [user(content)]}).keys() for content in (plain, mark))
        assert one == other
