"""Parameters that are counted where the model left them out."""

from __future__ import annotations

import pytest

from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Form,
    Markup,
    ParamEnd,
    ParamStart,
    Repaired,
    Unfinished,
    Value,
)
from roobridge.grammar.model import Param, Toolset
from roobridge.policy.line_count import Computed
from tests.parser.machine import tool

WRITE = tool(
    "write_to_file",
    Param("path"),
    Param("content"),
    Param("line_count", required=True, computed="content"),
)
TOOLSET = Toolset(
    {"write_to_file": WRITE, "other": tool("other", Param("n", computed="content"), Param("content"))}
)
ADDED = [Repaired("computed_line_count"), ParamStart("line_count", Form.JSON)]


def call(values: list[str], *more: Event, name: str = "write_to_file") -> list[Event]:
    return [CallStart(name, ""), ParamStart("content"), *map(Value, values), ParamEnd(), *more, CallEnd()]


def computed(events: list[Event]) -> list[Event]:
    counting = Computed(TOOLSET)
    return [out for event in events for out in counting.feed(event)]


@pytest.mark.parametrize(
    ("text", "lines"), [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("a\n\n", 2), ("\n", 1), ("a\r\nb", 2)]
)
def test_the_lines_are_counted_at_every_cutting(text: str, lines: int) -> None:
    wanted = [*ADDED, Value(str(lines)), ParamEnd(), Markup("\n"), CallEnd()]
    for values in ([text], list(text)):
        assert computed(call(values))[-len(wanted) :] == wanted


def test_text_that_is_only_told_of_counts() -> None:
    counting = Computed(TOOLSET)
    for event in (CallStart("write_to_file", ""), ParamStart("content")):
        assert counting.feed(event) == [event]
    counting.value("a\n")
    counting.value("b")
    assert counting.feed(ParamEnd()) == [ParamEnd()]
    assert Value("2") in counting.feed(CallEnd())


def test_other_values_do_not_count() -> None:
    events = call(["a\nb"], ParamStart("path"), Value("x\ny\nz"), ParamEnd())
    assert Value("2") in computed(events)


@pytest.mark.parametrize(
    "events",
    [
        call(["a"], ParamStart("line_count"), Value("7"), ParamEnd()),
        call(["a"], name="other"),
        call(["a"], name="unknown"),
        [CallStart("write_to_file", ""), ParamStart("path"), Value("a"), ParamEnd(), CallEnd()],
        [CallStart("write_to_file", ""), ParamStart("content"), Value("a"), Unfinished("content")],
    ],
    ids=["given", "not required", "unknown tool", "nothing to count", "unfinished"],
)
def test_nothing_is_added(events: list[Event]) -> None:
    assert computed(events) == events


def test_each_call_is_counted_by_itself() -> None:
    events = computed(call(["a\nb\nc"]) + call(["a"]))
    assert [event.text for event in events if isinstance(event, Value)] == ["a\nb\nc", "3", "a", "1"]
