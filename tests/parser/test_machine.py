"""The engine: what is open, what flows, ends and interruptions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.events import CallEnd, CallStart, Event, ParamStart, Reasoning, Text, Unfinished, Value
from roobridge.spelling.states import State
from tests.oracle.cuts import at_positions
from tests.oracle.replies import soups
from tests.parser.machine import Traced, merged, read

CALL = "<list_files><path>.</path></list_files>"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("words", ""),
        ("<list_files>", ""),
        ("<list_files>\n<path>", "list_files"),
        ("<list_files>\n<path>.</path>", "list_files"),
        (CALL, ""),
        ("> <list_files>\n<path>", ""),
        ('<tool_call>\n{"name": "list_files"', ""),
        ('<tool_call>\n{"name": "list_files", "arguments": {"', "list_files"),
    ],
)
def test_the_open_call(text: str, name: str) -> None:
    parser = Traced()
    parser.feed(text)
    assert parser.open_call == name


# Where text flows, and where it is looked at.
@pytest.mark.parametrize(
    ("before", "text", "event"),
    [
        ("words", " and more", Text(" and more")),
        ("words", "", None),
        ("words", " <", None),
        ("words", "\n", Text("\n")),
        ("words", ".\nMore\n", Text(".\nMore\n")),
        ("words", "\n\n", None),
        ("words", ".\n ", None),
        ("words\n", "more", Text("more")),
        ("words\n", "~", None),
        ("words\n\n", "more", None),
        ("words `", "a", None),
        ("words <rea", "d", None),
        ("", "words", Text("words")),
        (CALL, "words", None),
        ("<execute_command><command>l", "s -l", Value("s -l")),
        ("<execute_command><command>l", "s ", Value("s")),
        ("<execute_command><command>ls ", "-l", Value(" -l")),
        ("<execute_command><command>l", " ", None),
        ("<execute_command><command>", "ls", None),
        ("<execute_command><command>l", "<", None),
        ('<tool_call>{"name": "execute_command", "arguments": {"command": "l', "s <b>", Value("s <b>")),
        ('<tool_call>{"name": "execute_command", "arguments": {"command": "l', r"s\n\"", Value('s\n"')),
        ('<tool_call>{"name": "execute_command", "arguments": {"command": "l', "s\\", None),
        ('<tool_call>{"name": "execute_command", "arguments": {"command": "l', '"', None),
        ('<tool_call>{"name": "execute_command", "arguments": {', " ", None),
        ("> " + CALL[:-4], "a", None),
        ("<think>", "a", Reasoning("a")),
        ("<think>", "a <", None),
    ],
)
def test_what_flows(before: str, text: str, event: Text | Value | Reasoning | None) -> None:
    parser = Traced()
    parser.feed(before)
    assert parser.flow(text) == event


@given(soups(), st.integers(0, 60), st.text('ab <`\n\\"}', min_size=1, max_size=6))
def test_what_flows_is_what_reading_would_give(soup: str, end: int, text: str) -> None:
    flowing, other = Traced(), Traced()
    flowing.feed(soup[:end])
    other.feed(soup[:end])
    event = flowing.flow(text)
    if event is None:
        return
    # One by one, without the short way for the whole text.
    events = [event for char in text for event in other.feed(char)]
    assert merged(events) == [event]
    assert flowing.state is other.state
    assert merged(flowing.feed("<x") + flowing.close(normal=True)) == merged(
        other.feed("<x") + other.close(normal=True)
    )


@given(soups(), st.booleans(), st.sets(st.integers(1, 200), max_size=8))
def test_events_are_well_formed_and_alike_at_any_cutting(soup: str, normal: bool, cuts: set[int]) -> None:
    whole, parser = read([soup] if soup else [], normal=normal)
    assert read(at_positions(soup, cuts), normal=normal)[0] == whole
    assert parser.state in (State.CONTENT, State.REASONING, State.DROPPED)
    assert not parser.kept_back
    in_call = in_param = False
    for event in whole:
        if isinstance(event, CallStart):
            assert not in_call
            in_call = True
        elif isinstance(event, (CallEnd, Unfinished)):
            assert in_call
            in_call = in_param = False
        elif isinstance(event, ParamStart):
            assert in_call
            assert not in_param
            in_param = True
        elif isinstance(event, Value):
            assert in_param
        elif isinstance(event, Text):
            assert not in_call
        in_param = in_param and type(event).__name__ != "ParamEnd"
    assert not in_call


def interrupted(before: str, after: str) -> list[Event]:
    parser = Traced()
    events = parser.feed(before)
    events += parser.interrupt()
    return merged([*events, *parser.feed(after), *parser.close(normal=True)])


@pytest.mark.parametrize(
    "text", ["words", "a <read", "<list_files>", "```json\n{", "> " + CALL, "</list_files>"]
)
def test_an_interruption_makes_text_of_candidates(text: str) -> None:
    events = interrupted(text, "")
    assert [event for event in events if not isinstance(event, Text)] == []
    assert "".join(event.text for event in events if isinstance(event, Text)) == text


def test_reading_goes_on_after_an_interruption() -> None:
    events = interrupted("a <", CALL)
    assert events[0] == Text("a <")
    assert [event.name for event in events if isinstance(event, CallStart)] == ["list_files"]


def test_a_call_in_the_middle_of_one_that_was_interrupted() -> None:
    assert Unfinished("path") in interrupted("<list_files>\n<path>a", "")


def test_thinking_on_a_channel_of_its_own_needs_no_opening_tag() -> None:
    parser = Traced()
    parser.reasoned()
    events = parser.feed("a </think> b") + parser.close(normal=True)
    assert merged(events) == [Text("a </think> b")]


@pytest.mark.parametrize("size", [1_000, 100_000])
def test_characters_are_examined_once(size: int) -> None:
    for text in ("<execute_command><command>" + "a b\n" * (size // 4), "words and\n\n" * (size // 10)):
        parser = Traced()
        for at in range(0, len(text), 4):
            parser.feed(text[at : at + 4])
        parser.close(normal=True)
        assert parser.examined < 1.5 * len(text)
