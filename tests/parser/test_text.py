"""Text outside calls: what a literal is at each place."""

from __future__ import annotations

import pytest

from roobridge.events import Aside, Break, CallStart, Event, Reasoning, Repaired, Text
from tests.parser.machine import read

CALL = "<list_files><path>.</path></list_files>"


def events_of(text: str, *, normal: bool = True) -> list[Event]:
    """The same at any cutting."""
    whole = read([text], normal=normal)[0]
    assert read(text, normal=normal)[0] == whole
    return whole


def calls(text: str) -> int:
    return sum(isinstance(event, CallStart) for event in events_of(text))


def words(text: str) -> str:
    return "".join(event.text for event in events_of(text) if isinstance(event, Text))


def repairs(text: str) -> list[str]:
    return [event.name for event in events_of(text) if isinstance(event, Repaired)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (CALL, 1),
        (f"words {CALL}", 1),
        (f"`{CALL}`", 0),
        (f"a ` b {CALL}", 0),
        (f"a ` b\n{CALL}", 1),
        (f"a `b` {CALL}", 1),
        (f"``` {CALL}\n", 0),
        (f"> {CALL}", 1),
        (f"> {CALL}\n> more", 0),
        (f"    {CALL}", 1),
        (f"    {CALL}\nmore", 0),
        (f"```\n{CALL}\n```", 1),
        (f"```\n{CALL}\n```\nmore", 0),
        (f"```\nx = 1\n{CALL}\n```", 1),
        (f"```\n{CALL}\n{CALL}\n```", 2),
        (f"```\n{CALL}\n{CALL}\n```\nmore", 0),
        (f"```\n{CALL}\n```\n\n{CALL}", 1),
    ],
)
def test_where_a_tag_is_a_call(text: str, count: int) -> None:
    assert calls(text) == count
    if not count:
        assert words(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a <think>b</think>",
        "`<think>`",
        "a\n```\n<think>\n```",
        "<thinks>",
        "<think",
        "</thinking",
        "a </think",
        "x < y",
    ],
)
def test_text_that_only_looks_like_thinking(text: str) -> None:
    thought = [event for event in events_of(text) if isinstance(event, Reasoning)]
    assert not thought


@pytest.mark.parametrize(
    ("text", "thought", "said"),
    [
        ("<think>a</think>b", "a", "b"),
        ("<thinking>a</think>b</thinking>c", "a</think>b", "c"),
        ("a\n<think>b</think>c", "b", "a\nc"),
        ("  <think>a", "a", "  "),
        ("<think>a</thin", "a", ""),
        (f"<think>{CALL}</think>b", CALL, "b"),
        ("<think></think>b", "", "b"),
    ],
)
def test_thinking(text: str, thought: str, said: str) -> None:
    reasoning = "".join(event.text for event in events_of(text) if isinstance(event, Reasoning))
    assert (reasoning, words(text)) == (thought, said)


def test_thinking_that_never_opened() -> None:
    events = events_of("hm\n</think>\nSo.")
    assert events == [Text("hm\n"), Repaired("missing_think_open"), Aside(), Text("\n"), Break(), Text("So.")]
    assert words("a\n</think> b </think> c") == "a\n b </think> c"
    assert words("a</think>b") == "ab"


@pytest.mark.parametrize("text", ["It ends with </think> here.", "The tag (</think>) ends.", "a </think>, b"])
def test_a_line_that_speaks_of_thinking(text: str) -> None:
    assert events_of(text) == [Text(text)]


@pytest.mark.parametrize("text", ["a\n</think>\nb", "a</think>\nb", "a</think>b"])
def test_thinking_closed_again_is_noise(text: str) -> None:
    events = events_of("<think>x</think>\n" + text)
    assert Repaired("stray_close") in events
    assert "think" not in "".join(event.text for event in events if isinstance(event, Text))


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("a\n</list_files>\nb", "a\n\nb", 1),
        ("a\n  </list_files> </path>\t\nb", "a\n  \nb", 1),
        (f"{CALL}</list_files>", "", 1),
        (f"{CALL}\n</list_files> b", "\n b", 1),
        ("a </list_files> b", "a </list_files> b", 0),
        ("</list_files> b", "</list_files> b", 0),
        ("<list_files> and </list_files>", "<list_files> and </list_files>", 0),
        ("<list_files>\nand\n</list_files>", "<list_files>\nand\n</list_files>", 0),
        ("</nobody>\n", "</nobody>\n", 0),
        ("```\n</list_files>\n```", "```\n</list_files>\n```", 0),
        ("</list_files>", "", 1),
    ],
)
def test_stray_closing_tags(text: str, kept: str, dropped: int) -> None:
    assert (words(text), repairs(text)) == (kept, ["stray_close"] * dropped)


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("a<|im_end|>", "a", 1),
        ("a<|im_end|>\n", "a", 1),
        ("a<|im_end|>\n<|im_start|>user\nmore", "a", 1),
        ("a <|im_end|> b", "a <|im_end|> b", 0),
        ("`<|im_end|>`", "`<|im_end|>`", 0),
        ("a <|im_e", "a <|im_e", 0),
    ],
)
def test_marks_of_the_turns_end(text: str, kept: str, dropped: int) -> None:
    assert (words(text), repairs(text)) == (kept, ["end_mark"] * dropped)


@pytest.mark.parametrize(
    "parts",
    [
        ["One.\n\n", "Two.\nstill\n\n\n", "Three."],
        ["# One\n\n    ", "code\n\n", "<b>html</b>"],
        ["One.\n\n", "```\na\n\nb\n```\n", "Two."],
        ["One.\n\n", "- `<x>`\n- b\n\n", "> c"],
        ["\n\n", "One."],
    ],
)
def test_a_block_begins_after_a_blank_line_or_a_fence(parts: list[str]) -> None:
    events = [event for part in parts for event in (Break(), Text(part))][1:]
    assert events_of("".join(parts)) == events


@pytest.mark.parametrize(
    "head",
    [
        "```",
        "```json",
        "~~~",
        "````markdown",
        "```a`b",
        "``",
        "~~",
        "```json\n\n",
        "```" + "x" * 100,
        "```\n" + "\n" * 80,
    ],
)
def test_what_begins_like_a_fence_loses_nothing(head: str) -> None:
    for text in (head, f"{head}\nwords\n", f"a\n{head}\n```\nb"):
        assert words(text) == text
