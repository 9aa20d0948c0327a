"""Arguments in both directions from one table, and calls of other spellings."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec
import pytest

from roobridge.dialects.native import NativeCalls
from roobridge.events import (
    CallEnd,
    CallStart,
    Complete,
    Content,
    Event,
    Fail,
    Finish,
    Form,
    Outcome,
    ParamEnd,
    ParamStart,
    Piece,
    Preview,
    Reasoning,
    Repaired,
    Text,
    Thought,
    ToolDelta,
    Undeliverable,
    Value,
)
from roobridge.grammar.model import Field, Kind, Nested, Param, Toolset
from roobridge.render.guard import ZERO_WIDTH
from roobridge.render.tool_calls import ToolCallsRenderer
from tests.parser.machine import merged, tool

FILES = Nested("file", "files", (Field("path", "path"), Field("line", "line", number=True)), lone="path")


def typed(name: str, *types: str, offered: bool = True, nested: Nested | None = None) -> Param:
    kind = Kind.XML if nested else Kind.TEXT
    return Param(name, kind, types=frozenset(types), offered=offered, nested=nested)


TOOLSET = Toolset(
    {
        each.name: each
        for each in (
            tool("write", typed("path", "string"), typed("content", "string")),
            tool(
                "typed",
                typed("flag", "boolean"),
                typed("count", "integer"),
                typed("list", "array"),
                typed("maybe", "string", "null"),
                typed("either", "string", "integer"),
            ),
            tool(
                "read_many",
                typed("files", "array", nested=FILES),
                typed("args", "string", offered=False, nested=FILES),
            ),
            tool(
                "read_some",
                msgspec.structs.replace(typed("path", "string"), required=True),
                typed("args", "string", offered=False, nested=FILES),
            ),
            tool("read_one", typed("path", "string"), typed("args", "string", offered=False, nested=FILES)),
        )
    },
    read_tools=frozenset({"write"}),
)


def call(name: str, *params: tuple[str, Form, str], call_id: str = "c") -> list[Event]:
    inside: list[Event] = []
    for param, form, value in params:
        inside += [ParamStart(param, form), *([Value(value)] if value else []), ParamEnd()]
    return [CallStart(name, "native", id=call_id), *inside, CallEnd()]


def letters(events: Iterable[Event]) -> list[Event]:
    return [
        one for event in events for one in (map(Value, event.text) if isinstance(event, Value) else [event])
    ]


def rendered(
    events: Iterable[Outcome], *, several: bool = True
) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Id, name and arguments of every call, and the repairs. Asserts the order of the deltas."""
    repairs: list[str] = []
    renderer = ToolCallsRenderer(TOOLSET, repairs, "call", several=several)
    calls: list[tuple[str, str, str]] = []
    for event in events:
        for piece in renderer.render(event):
            assert isinstance(piece, ToolDelta)
            if piece.id:
                assert piece.index == len(calls)
                calls.append((piece.id, piece.name, piece.arguments))
            else:
                assert not piece.name
                assert piece.arguments
                assert piece.index == len(calls) - 1
                calls[-1] = (*calls[-1][:2], calls[-1][2] + piece.arguments)
    return calls, repairs


_S, _J, _T = Form.STRING, Form.JSON, Form.TEXT

# Arguments as they are best written, and what they say: read and written by the same rows.
CALLS: list[tuple[str, list[Event]]] = [
    ("{}", call("write")),
    ('{"path":"a"}', call("write", ("path", _S, "a"))),
    ('{"path":""}', call("write", ("path", _S, ""))),
    (
        '{"path":"é\\"\\n\\t\\\\ 日 😀 </tool_call>"}',
        call("write", ("path", _S, 'é"\n\t\\ 日 😀 </tool_call>')),
    ),
    ('{"path":"a","content":"b"}', call("write", ("path", _S, "a"), ("content", _S, "b"))),
    ('{"flag":true,"count":12}', call("typed", ("flag", _J, "true"), ("count", _J, "12"))),
    ('{"list":[1, "a"],"maybe":null}', call("typed", ("list", _J, '[1, "a"]'), ("maybe", _J, "null"))),
    ('{"maybe":"null","either":"5"}', call("typed", ("maybe", _S, "null"), ("either", _S, "5"))),
    ('{"files":[{"path":"a"}]}', call("read_many", ("files", _J, '[{"path":"a"}]'))),
    ('{"other":"x"}', call("nobody", ("other", _S, "x"))),
]


@pytest.mark.parametrize(("arguments", "events"), CALLS)
def test_arguments_are_read_and_written(arguments: str, events: list[Event]) -> None:
    start = events[0]
    assert isinstance(start, CallStart)
    for pieces in ([arguments], list(arguments)):
        native = NativeCalls(TOOLSET.tools)
        found = native.feed(ToolDelta(0, "c", start.name))
        for piece in pieces:
            found += native.feed(ToolDelta(0, arguments=piece))
        assert merged(found) == events
    for said in (events, letters(events)):
        assert rendered(said) == ([("c", start.name, arguments)], [])


# Calls that were written in tags, the arguments they make, and the repairs.
OTHERS: list[tuple[list[Event], str, list[str]]] = [
    (call("write", ("path", _T, "5")), '{"path":"5"}', []),
    (call("typed", ("flag", _T, "True")), '{"flag":true}', ["python_literal"]),
    (
        call("typed", ("count", _T, "5"), ("list", _T, "[1,]")),
        '{"count":5,"list":[1]}',
        ["json_trailing_comma"],
    ),
    (call("typed", ("maybe", _T, "nu")), '{"maybe":"nu"}', []),
    (call("typed", ("maybe", _T, "null")), '{"maybe":null}', []),
    (call("typed", ("maybe", _T, "nullable")), '{"maybe":"nullable"}', []),
    (call("typed", ("either", _T, "5"), ("either", _T, "five")), '{"either":5,"either":"five"}', []),
    (call("typed", ("count", _S, "5")), '{"count":5}', ["string_as_value"]),
    (call("write", ("path", _J, "5")), '{"path":"5"}', ["value_as_string"]),
    (call("write", ("path", _J, "null")), "{}", ["null_dropped"]),
    (call("write", ("other", _J, "[1]")), '{"other":[1]}', []),
    (
        call("read_many", ("files", _T, "<file><path>a</path></file>")),
        '{"files":[{"path":"a"}]}',
        [],
    ),
    (call("read_one", ("args", _T, "<file><path>a</path></file>")), '{"path":"a"}', []),
    (call("read_one", ("args", _T, "<nothing/>")), "{}", ["unknown_parameter"]),
    (call("read_one", ("args", _T, "a b")), '{"path":"a b"}', ["nested_value_mended"]),
    (call("read_one", ("args", _T, "<path>a</path>")), '{"path":"a"}', ["nested_value_mended"]),
    (
        call("read_many", ("args", _T, "<file path='a'/>")),
        '{"files":[{"path":"a"}]}',
        ["nested_value_mended"],
    ),
    (
        call("read_one", ("args", _T, "<file><path>a</path><line>7</line></file>")),
        '{"path":"a"}',
        ["unknown_parameter"],
    ),
]


@pytest.mark.parametrize(("events", "arguments", "repairs"), OTHERS)
def test_a_call_of_another_spelling(events: list[Event], arguments: str, repairs: list[str]) -> None:
    for said in (events, letters(events)):
        calls, found = rendered(said)
        assert [call[2] for call in calls] == [arguments]
        json.loads(arguments)
        assert found == repairs


@pytest.mark.parametrize("text", ["<nothing/>", "", "<file></file>", "[]"])
def test_a_call_that_lacks_what_its_nested_value_should_hold_is_none(text: str) -> None:
    renderer = ToolCallsRenderer(TOOLSET, [], "call")
    *_, last = [p for outcome in call("read_some", ("args", _T, text)) for p in renderer.render(outcome)]
    assert isinstance(last, Fail)
    assert last.code == "incomplete_call"
    assert "path" in last.message


def test_what_another_parameter_tells_is_not_missed() -> None:
    told = call("read_some", ("path", _T, "a"), ("args", _T, "<nothing/>"))
    assert rendered(told)[0] == [("c", "read_some", '{"path":"a"}')]


TWO = call("read_one", ("args", _T, "<file><path>a</path></file><file><path>b</path></file>"))


def test_what_one_call_cannot_hold_follows_in_calls_of_its_own() -> None:
    assert rendered(TWO) == ([("c", "read_one", '{"path":"a"}'), ("call_1", "read_one", '{"path":"b"}')], [])
    assert rendered(TWO, several=False) == ([("c", "read_one", '{"path":"a"}')], ["items_dropped"])


@pytest.mark.parametrize(
    ("ids", "given"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a"], ["a", "call_1"]),
        (["", ""], ["call_0", "call_1"]),
        (["a b", "x" * 65], ["call_0", "call_1"]),
        (["chatcmpl-tool-1_X", ""], ["chatcmpl-tool-1_X", "call_1"]),
    ],
)
def test_every_call_has_an_id_of_its_own(ids: list[str], given: list[str]) -> None:
    calls, _ = rendered(event for call_id in ids for event in call("write", call_id=call_id))
    assert [call[0] for call in calls] == given


def test_a_string_goes_out_as_it_comes() -> None:
    renderer = ToolCallsRenderer(TOOLSET, [], "call")
    said = [
        renderer.render(event)
        for event in (CallStart("write", ""), ParamStart("path"), Value('a"'), Value("b"))
    ]
    assert said == [
        [ToolDelta(0, "call_0", "write")],
        [ToolDelta(0, arguments='{"path":"')],
        [ToolDelta(0, arguments='a\\"')],
        [ToolDelta(0, arguments="b")],
    ]


def test_a_value_that_may_be_null_goes_out_once_it_is_not() -> None:
    renderer = ToolCallsRenderer(TOOLSET, [], "call")
    for event in (CallStart("typed", ""), ParamStart("maybe"), Value("nu")):
        said = renderer.render(event)
    assert said == []
    assert renderer.render(Value("t")) == [ToolDelta(0, arguments='{"maybe":"nut')]
    assert renderer.render(Value("s")) == [ToolDelta(0, arguments="s")]
    assert renderer.render(ParamEnd()) == [ToolDelta(0, arguments='"')]


@pytest.mark.parametrize(
    ("outcome", "piece"),
    [
        (Text("a <write>"), Content("a <write>")),
        (Preview("a"), Thought("a", preview=True)),
        (Reasoning("a"), Thought("a")),
        (Complete(called=True), Finish("tool_calls")),
        (Complete(called=False), Finish("stop")),
        (Complete(called=False, cut=True), Finish("length")),
        (Undeliverable("degenerate", "Why."), Fail("degenerate", "Why.")),
    ],
)
def test_what_is_no_call(outcome: Outcome, piece: Piece) -> None:
    assert ToolCallsRenderer(TOOLSET, [], "call").render(outcome) == [piece]


def test_repairs_say_nothing() -> None:
    assert ToolCallsRenderer(TOOLSET, [], "call").render(Repaired("x")) == []


def test_tags_in_text_are_made_harmless_for_clients_that_reject_them() -> None:
    repairs: list[str] = []
    renderer = ToolCallsRenderer(TOOLSET, repairs, "call", guard_text=True)
    assert renderer.render(Text("a <write> b")) == [Content(f"a <{ZERO_WIDTH}write> b")]
    assert renderer.render(Text("a < b")) == [Content("a < b")]
    assert repairs == ["mention_neutralised"]
