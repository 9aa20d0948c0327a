"""Text inside calls, and what a reply's end means to it."""

from __future__ import annotations

import pytest

from roobridge.events import CallEnd, CallStart, Event, ParamStart, Repaired, Text, Unfinished, Value
from roobridge.spelling.states import Terminal
from tests.parser.machine import Traced, read

WRITE = "<write_to_file>\n<path>a</path>\n<content>\n"
QWEN = "<tool_call>\n<function=write_to_file>\n<parameter=path>\na\n</parameter>\n<parameter=content>\n"


def events_of(text: str, *, normal: bool = True) -> list[Event]:
    """The same at any cutting."""
    whole = read([text], normal=normal)[0]
    assert read(text, normal=normal)[0] == whole
    return whole


def values(text: str) -> list[str]:
    return [event.text for event in events_of(text) if isinstance(event, Value)]


@pytest.mark.parametrize(
    "content",
    [
        "</content> x",
        "</content>\n</path>",
        "<content>",
        "</write_to_file> x",
        "</write_to_file>\n</content> x",
        "<path>b</path>",
        "<|im_end|> x",
        "</con",
        "<",
        "a < b </",
        "```\n</content>`",
        "<tool_call>",
        "</parameter>\n</function>",
    ],
)
def test_what_the_grammar_does_not_go_on_after_is_value(content: str) -> None:
    assert values(f"{WRITE}{content}\n</content>\n</write_to_file>") == ["a", content]


@pytest.mark.parametrize(
    "content",
    [
        "</parameter> x",
        "</function> x",
        "</function>\nx",
        "a <parameter=line_count> b",
        "</tool_call> x",
        "</parameter>\n</function>\nx",
        "</write_to_file>",
    ],
)
def test_so_it_is_in_the_other_spelling(content: str) -> None:
    assert values(f"{QWEN}{content}\n</parameter>\n</function>\n</tool_call>") == ["a", content]


def test_a_name_that_is_not_declared_may_follow_a_parameter() -> None:
    events = events_of(f"{QWEN}x\n</parameter>\n<parameter=mode>\ny\n</parameter>\n</function>\n</tool_call>")
    assert [event.name for event in events if isinstance(event, ParamStart)] == ["path", "content", "mode"]


@pytest.mark.parametrize(
    ("text", "normal", "repairs"),
    [
        ("<list_files>\n<path>a", True, ["value_closed"]),
        ("<list_files>\n<path>a</pa", True, ["partial_close", "value_closed"]),
        ("<list_files>\n<path>a</path>\n</list", True, ["partial_close", "call_closed"]),
        ("<list_files>\n<path>a</path>", True, ["call_closed"]),
        ("<list_files>\n<path>a", False, None),
        ("<list_files>\n<path>a</path>", False, None),
        ("<list_files>\n<recursive>true</recursive>", True, None),
        ("<execute_command>\n<command>rm -r", True, None),
        ("<execute_command>\n<command>rm -r</comm", True, None),
        (WRITE + "x", True, None),
        (WRITE + "x\n</content>", True, ["call_closed"]),
        (WRITE + "x\n</write_to_file>", True, ["parameter_closed"]),
        (WRITE + "x\n</write_to_file>", False, None),
        ("<write_to_file>\n<path>a</path>", True, None),
    ],
)
def test_an_end_inside_a_call(text: str, normal: bool, repairs: list[str] | None) -> None:
    events = events_of(text, normal=normal)
    if repairs is None:
        assert isinstance(events[-1], Unfinished)
    else:
        assert isinstance(events[-1], CallEnd)
        assert [event.name for event in events if isinstance(event, Repaired)] == repairs


def test_what_is_unfinished_says_where() -> None:
    assert events_of(WRITE + "x")[-1] == Unfinished("content")
    assert events_of("<write_to_file>\n<path>a</path>")[-1] == Unfinished("path")
    assert events_of('<tool_call>{"name": "write_to_file", "arguments": {"path": "a')[-1] == Unfinished(
        "path"
    )


@pytest.mark.parametrize(
    "text", ["<list_files>", "<list_files>\n", "<tool_call>", "<tool_call>\n<function=list_files>"]
)
def test_a_candidate_at_the_end_is_text(text: str) -> None:
    assert events_of(text) == [Text(text)]


def test_only_half_an_own_closing_tag_is_dropped() -> None:
    assert values("<list_files>\n<path>a</x") == ["a</x"]
    assert values("<list_files>\n<path>a</pa") == ["a"]


@pytest.mark.parametrize(
    ("before", "normal", "terminal"),
    [
        ("words", True, Terminal.END),
        ("words", False, Terminal.CUT),
        ("<list_files>\n<path>a", True, Terminal.END),
        ("<execute_command>\n<command>a", True, Terminal.CUT),
        ("<execute_command>\n<command>a</command>", True, Terminal.END),
        ('<tool_call>{"name": "list_files"', True, Terminal.OBJECT_ALIEN),
        ('<tool_call>{"name": "list_files", "arguments": {"path": "."', True, Terminal.END),
        ('<tool_call>{"name": "list_files", "arguments": {"path": ".', True, Terminal.END),
        ('<tool_call>{"name": "list_files", "arguments": {"pa', True, Terminal.CUT),
        ('<tool_call>{"name": "execute_command", "arguments": {"command": ".', True, Terminal.CUT),
    ],
)
def test_whether_an_end_may_close(before: str, normal: bool, terminal: Terminal) -> None:
    parser = Traced()
    parser.feed(before)
    fed = len(parser.steps)
    parser.close(normal=normal)
    assert parser.steps[fed][2] is terminal


def test_a_call_begins_with_what_opens_it() -> None:
    starts = [event for event in events_of(WRITE) if isinstance(event, CallStart)]
    assert starts == [CallStart("write_to_file", "roo-xml", "<write_to_file>")]
