"""Roo XML in both directions from one table, and calls of other spellings."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import pytest

from roobridge.events import (
    Break,
    CallEnd,
    CallStart,
    Complete,
    Content,
    Event,
    Fail,
    Finish,
    Form,
    Markup,
    Outcome,
    ParamEnd,
    ParamStart,
    Piece,
    Preview,
    Reasoning,
    Repaired,
    Text,
    Thought,
    Undeliverable,
    Value,
)
from roobridge.render.guard import ZERO_WIDTH
from roobridge.render.roo_xml import XmlRenderer
from tests.parser.machine import TOOLSET, merged, read


def call(name: str, *params: tuple[str, str], form: Form = Form.TEXT) -> list[Event]:
    """A call of no dialect."""
    inside: list[Event] = []
    for param, value in params:
        inside += [ParamStart(param, form), *([Value(value)] if value else []), ParamEnd()]
    return [CallStart(name, ""), *inside, CallEnd()]


def plain(events: Iterable[Event]) -> list[Event]:
    """The events without their spelling."""
    kept = [event for event in events if not isinstance(event, Markup)]
    spelled = {"raw": ""}
    out: list[Event] = []
    for event in kept:
        if isinstance(event, CallStart):
            out.append(msgspec.structs.replace(event, dialect="", **spelled))
        elif isinstance(event, (ParamStart, ParamEnd, CallEnd)):
            out.append(msgspec.structs.replace(event, **spelled))
        else:
            out.append(event)
    return out


def rendered(outcomes: Iterable[Outcome]) -> tuple[str, list[str], list[Piece]]:
    """The content, the repairs, and the pieces that are none."""
    repairs: list[str] = []
    renderer = XmlRenderer(TOOLSET, repairs)
    pieces = [piece for outcome in outcomes for piece in renderer.render(outcome)]
    content = "".join(piece.text for piece in pieces if isinstance(piece, Content))
    return content, repairs, [piece for piece in pieces if not isinstance(piece, Content)]


# A call as Roo asks for it, and what it says: read and written by the same rows.
CALLS: list[tuple[str, list[Event]]] = [
    ("<list_files>\n<path>.</path>\n</list_files>", call("list_files", ("path", "."))),
    (
        "<list_files>\n<path>a b</path>\n<recursive>true</recursive>\n</list_files>",
        call("list_files", ("path", "a b"), ("recursive", "true")),
    ),
    ("<list_files>\n</list_files>", call("list_files")),
    ("<list_files>\n<path></path>\n</list_files>", call("list_files", ("path", ""))),
    (
        "<write_to_file>\n<path>a</path>\n<content>\n x < 1\n\n\t'</path>'\n\n</content>\n</write_to_file>",
        call("write_to_file", ("path", "a"), ("content", " x < 1\n\n\t'</path>'\n")),
    ),
    (
        "<execute_command>\n<command>echo '<b>' && x</command>\n</execute_command>",
        call("execute_command", ("command", "echo '<b>' && x")),
    ),
    (
        "<read_file>\n<args>\n<file>\n<path>a.py</path>\n</file>\n</args>\n</read_file>",
        call("read_file", ("args", "<file>\n<path>a.py</path>\n</file>")),
    ),
    (
        "<attempt_completion>\n<result>\nDone: `<list_files>`.\n</result>\n</attempt_completion>",
        call("attempt_completion", ("result", "Done: `<list_files>`.")),
    ),
    (
        "Words.\n\n<list_files>\n<path>.</path>\n</list_files>",
        [Text("Words.\n\n"), Break(), *call("list_files", ("path", "."))],
    ),
]


@pytest.mark.parametrize(("text", "events"), CALLS)
def test_a_call_is_read_and_written(text: str, events: list[Event]) -> None:
    for pieces in ([text], list(text)):
        found, _ = read(pieces)
        assert plain(found) == events
        assert rendered(found)[:2] == (text, [])
    assert rendered(events)[:2] == (text, [])


# Other spellings of what Roo reads as well: they go out as they came.
@pytest.mark.parametrize(
    "text",
    [
        "<list_files><path>.</path></list_files>",
        "<list_files>\r\n  <path>\n.\n</path>\r\n</list_files>",
        "<write_to_file><path> a </path><content>x</content></write_to_file>",
        "<write_to_file>\n<path>a</path>\n<content>\r\nx\r\n</content>\n</write_to_file>",
        "<execute_command>\n<command>\n\techo\n</command>\n\n</execute_command>",
        "<read_file>\n<args><file><path>a</path></file></args>\n</read_file>",
        "<attempt_completion><result>Done.</result></attempt_completion>",
    ],
)
def test_a_well_formed_call_goes_out_as_it_came(text: str) -> None:
    for pieces in ([text], list(text)):
        found, _ = read(pieces)
        assert rendered(found) == (text, [], [])


# Calls that were written as JSON or in another dialect, the content they make, and the repairs.
OTHERS: list[tuple[list[Event], str, list[str]]] = [
    (
        call("list_files", ("path", "."), ("recursive", "true"), form=Form.JSON),
        "<list_files>\n<path>.</path>\n<recursive>true</recursive>\n</list_files>",
        [],
    ),
    (
        call("list_files", ("recursive", "True"), form=Form.STRING),
        "<list_files>\n<recursive>true</recursive>\n</list_files>",
        ["python_literal"],
    ),
    (call("list_files", ("recursive", "null"), form=Form.JSON), "<list_files>\n</list_files>", []),
    (
        call("read_file", ("files", '[{"path": "a & b"}]'), form=Form.JSON),
        "<read_file>\n<args>\n<file>\n<path>a & b</path>\n</file>\n</args>\n</read_file>",
        [],
    ),
    (
        call("list_files", ("path", "."), ("nobody", "x")),
        "<list_files>\n<path>.</path>\n</list_files>",
        ["unknown_parameter"],
    ),
    (
        call("attempt_completion", ("result", "a </result> b")),
        f"<attempt_completion>\n<result>\na <{ZERO_WIDTH}/result> b\n</result>\n</attempt_completion>",
        ["mention_neutralised"],
    ),
    (
        [
            CallStart("list_files", "qwen3-coder", "<function=list_files>"),
            Markup("\n"),
            *call("list_files")[1:],
        ],
        "<list_files>\n</list_files>",
        [],
    ),
]


@pytest.mark.parametrize(("events", "content", "repairs"), OTHERS)
def test_a_call_of_another_spelling(events: list[Event], content: str, repairs: list[str]) -> None:
    assert rendered(events) == (content, repairs, [])
    spread = [one for event in events for one in _letters(event)]
    assert rendered(spread) == (content, repairs, [])


def _letters(event: Event) -> list[Event]:
    return [Value(char) for char in event.text] if isinstance(event, Value) else [event]


def test_json_in_the_place_of_items_is_written_as_items() -> None:
    found, _ = read(['<read_file>\n<args>\n[{"path": "a"}]\n</args>\n</read_file>'])
    content, repairs, _ = rendered(found)
    assert content == "<read_file>\n<args>\n<file>\n<path>a</path>\n</file>\n</args>\n</read_file>"
    assert repairs == ["json_as_items"]


def test_the_rest_of_a_call_may_come_in_another_spelling() -> None:
    repairs: list[str] = []
    renderer = XmlRenderer(TOOLSET, repairs)
    begun: list[Event] = [
        CallStart("list_files", "roo-xml", "<list_files>"),
        Markup("\n"),
        ParamStart("path", raw="<path>"),
        Value("a"),
    ]
    rest: list[Event] = [Value("b"), ParamEnd("</parameter>"), Markup("\n"), CallEnd("</function>")]
    pieces = [piece for event in begun for piece in renderer.render(event)]
    renderer.respell()
    pieces += [piece for event in rest for piece in renderer.render(event)]
    assert merged([Text(piece.text) for piece in pieces if isinstance(piece, Content)]) == [
        Text("<list_files>\n<path>ab</path>\n</list_files>")
    ]


@pytest.mark.parametrize(
    ("outcome", "piece"),
    [
        (Text("a"), Content("a")),
        (Text("a <read_file>"), Content(f"a <{ZERO_WIDTH}read_file>")),
        (Preview("a"), Thought("a", preview=True)),
        (Reasoning("a"), Thought("a")),
        (Complete(called=True), Finish("stop")),
        (Complete(called=False, cut=True), Finish("length")),
        (Undeliverable("degenerate", "Why."), Fail("degenerate", "Why.")),
    ],
)
def test_what_is_no_call(outcome: Outcome, piece: Piece) -> None:
    assert XmlRenderer(TOOLSET, []).render(outcome) == [piece]


def test_repairs_and_breaks_say_nothing() -> None:
    assert XmlRenderer(TOOLSET, []).render(Repaired("x")) == []


def test_a_value_that_would_be_misread_ends_the_reply() -> None:
    events = call("execute_command", ("command", "echo </command> x"))
    content, _, [fail, *more] = rendered([*events, Text("more"), Complete(called=True)])
    assert content == "<execute_command>\n<command>echo </command"
    assert isinstance(fail, Fail)
    assert fail.code == "misread_call"
    assert "execute_command" in fail.message
    assert "</command>" in fail.message
    assert not more
    letters = [one for event in events for one in _letters(event)]
    assert rendered(letters)[0] == content
