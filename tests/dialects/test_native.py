"""The upstream's own deltas, with every fault that the module names."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.dialects.hermes import call_of_json
from roobridge.dialects.native import NativeCalls
from roobridge.events import CallEnd, CallStart, Event, Repaired, ToolDelta, Undeclared, Unfinished, Value
from roobridge.grammar.model import Tool
from tests.jsontext.json_texts import decoded, objects, params_of, repairs_of, written
from tests.oracle.cuts import at_positions
from tests.parser.machine import TOOLSET, merged

TOOLS = TOOLSET.tools


def fed(
    deltas: list[ToolDelta], *, normal: bool = True, spell: Callable[[str, str], str] | None = None
) -> list[Event]:
    native = NativeCalls(TOOLS, spell)
    events = [event for delta in deltas for event in native.feed(delta)]
    return merged(events + native.close(normal=normal))


def calls_of(events: list[Event]) -> list[tuple[str, str, dict[str, Any]]]:
    """Id, name and arguments of every call that ended. Asserts that calls do not overlap."""
    calls: list[tuple[str, str, dict[str, Any]]] = []
    begun: list[Event] = []
    for event in events:
        if isinstance(event, CallStart):
            assert not begun
        if begun or isinstance(event, CallStart):
            begun.append(event)
        if isinstance(event, CallEnd):
            start = begun[0]
            assert isinstance(start, CallStart)
            assert start.dialect == "native"
            calls.append((start.id, start.name, decoded(params_of(begun))))
            begun = []
    return calls


LIST = [ToolDelta(0, "a", "list_files", '{"path": "."}')]
LISTED = ("a", "list_files", {"path": "."})


@given(written(objects), st.sets(st.integers(1, 80), max_size=8))
def test_any_arguments_at_any_cutting(source: tuple[dict[str, Any], str], cuts: set[int]) -> None:
    wanted, text = source
    for pieces in (at_positions(text, cuts), list(text)):
        deltas = [ToolDelta(0, "a", "anything"), *(ToolDelta(0, arguments=piece) for piece in pieces)]
        assert calls_of(fed(deltas)) == [("a", "anything", wanted)]


# A fault, the calls that are made of it, and the repairs.
FAULTS: dict[str, tuple[list[ToolDelta], list[tuple[str, str, dict[str, Any]]], list[str]]] = {
    "a whole call in one delta": (LIST, [LISTED], []),
    "ids and names restated as empty": (
        [ToolDelta(0, "a", "list_files"), ToolDelta(0, "", "", '{"path"'), ToolDelta(0, "", "", ': "."}')],
        [LISTED],
        [],
    ),
    "ids and names restated in every delta": (
        [ToolDelta(0, "a", "list_files", '{"path"'), ToolDelta(0, "a", "list_files", ': "."}')],
        [LISTED],
        [],
    ),
    "restated once more at the end": ([*LIST, ToolDelta(0, "a", "list_files", "")], [LISTED], []),
    "an id that comes late": (
        [ToolDelta(0, "", "", '{"path": '), ToolDelta(0, "a", "list_files", '"."}')],
        [LISTED],
        [],
    ),
    "a new id at a used index": (
        [*LIST, ToolDelta(0, "b", "read_file", '{"args": "x"}')],
        [LISTED, ("b", "read_file", {"args": "x"})],
        [],
    ),
    "a new call at a used index, without ids": (
        [ToolDelta(0, "", "list_files", "{}"), ToolDelta(0, "", "read_file", "{}")],
        [("", "list_files", {}), ("", "read_file", {})],
        [],
    ),
    "arguments before the name": (
        [ToolDelta(0, "a", "", '{"path"'), ToolDelta(0, "", "", ': "."}'), ToolDelta(0, "", "list_files")],
        [LISTED],
        [],
    ),
    "arguments without their brace": (
        [ToolDelta(0, "a", "list_files", '"path": "."}')],
        [LISTED],
        ["json_missing_brace"],
    ),
    "arguments as a string": (
        [ToolDelta(0, "a", "list_files", json.dumps('{"path": "."}'))],
        [LISTED],
        ["arguments_as_string"],
    ),
    "what follows the object": (
        [ToolDelta(0, "a", "list_files", '{"path": "."}} more'), ToolDelta(0, arguments="and more")],
        [LISTED],
        ["arguments_tail_dropped"],
    ),
    "null for no arguments": ([ToolDelta(0, "a", "list_files", "null")], [("a", "list_files", {})], []),
    "no arguments at all": (
        [ToolDelta(0, "a", "nothing_needed")],
        [],
        [],
    ),
    "empty deltas": ([ToolDelta(0), *LIST, ToolDelta(0), ToolDelta(1)], [LISTED], []),
    "calls whose fragments alternate": (
        [
            ToolDelta(0, "a", "list_files", '{"path"'),
            ToolDelta(1, "b", "read_file", '{"args"'),
            ToolDelta(0, arguments=': "."}'),
            ToolDelta(1, arguments=': "x"}'),
        ],
        [LISTED, ("b", "read_file", {"args": "x"})],
        [],
    ),
    "an index that begins late": ([ToolDelta(3, "a", "list_files", '{"path": "."}')], [LISTED], []),
}


@given(st.sampled_from(sorted(TOOLS)), st.sets(st.integers(1, 20), max_size=4), st.booleans())
def test_a_name_in_any_pieces(name: str, cuts: set[int], together: bool) -> None:
    pieces = [
        ToolDelta(0, "a" if at == 0 else "", piece) for at, piece in enumerate(at_positions(name, cuts))
    ]
    arguments = '{"path": "."}'
    if together:
        last = pieces.pop()
        deltas = [*pieces, ToolDelta(0, last.id, last.name, arguments)]
    else:
        deltas = [*pieces, ToolDelta(0, arguments=arguments)]
    assert calls_of(fed(deltas)) == [("a", name, {"path": "."})]


def test_a_name_that_another_one_goes_on_waits_for_its_arguments() -> None:
    tools = {name: Tool(name, {}) for name in ("read", "read_file")}
    native = NativeCalls(tools)
    assert native.feed(ToolDelta(0, "a", "read")) == []
    assert native.feed(ToolDelta(0, arguments="{"))[0] == CallStart("read", "native", id="a")
    native = NativeCalls(tools)
    native.feed(ToolDelta(0, "a", "read"))
    assert native.feed(ToolDelta(0, "", "_file"))[0] == CallStart("read_file", "native", id="a")
    native = NativeCalls(tools)
    native.feed(ToolDelta(0, "a", "read"))
    both = native.feed(ToolDelta(1, "b", "read_file", "{}")) + native.close(normal=True)
    assert calls_of(both) == [("a", "read", {}), ("b", "read_file", {})]
    native = NativeCalls(tools)
    native.feed(ToolDelta(0, "a", "read"))
    assert native.close(normal=True)[0] == CallStart("read", "native", id="a")


def test_the_short_way_gives_the_same() -> None:
    text = json.dumps({"s": 'one "two" \\ three\nfour' * 5})
    deltas = [ToolDelta(0, "c1", "put", "")] + [
        ToolDelta(0, arguments=text[i : i + 3]) for i in range(0, len(text), 3)
    ]
    native = NativeCalls(TOOLS)
    events: list[Event] = []
    short = 0
    for delta in deltas:
        chars = native.flow(delta)
        if chars:
            short += 1
            events.append(Value(chars))
        else:
            events += native.feed(delta)
    assert short > 10
    assert merged(events) == fed(deltas)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_servers_get_wrong(fault: str) -> None:
    deltas, calls, repairs = FAULTS[fault]
    events = fed(deltas)
    assert calls_of(events) == calls
    assert repairs_of(events) == repairs
    assert any(isinstance(event, Unfinished) for event in events) == (fault == "no arguments at all")


# -- ends ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "normal", "closed"),
    [
        ("list_files", '{"path": "."', True, True),
        ("list_files", '{"path": ".", ', True, True),
        ("list_files", '{"path": ".', True, True),  # short is no harm
        ("list_files", '{"path": ".', False, False),
        ("list_files", '{"path": "."', False, False),
        ("list_files", "{", True, False),
        ("list_files", '{"path": ', True, False),
        ("list_files", '{"path": "." x', True, False),
        ("execute_command", '{"command": "ls', True, False),
        ("execute_command", '{"command": "ls"', True, True),
        ("nobody", '{"command": "ls"', True, False),
    ],
)
def test_an_end_inside_a_call(name: str, arguments: str, normal: bool, closed: bool) -> None:
    for pieces in ([arguments], list(arguments)):
        deltas = [ToolDelta(0, "a", name), *(ToolDelta(0, arguments=piece) for piece in pieces)]
        events = fed(deltas, normal=normal)
        assert isinstance(events[-1], CallEnd if closed else Unfinished)
        assert (Repaired("call_closed") in events) == closed


def test_what_is_unfinished_says_where() -> None:
    assert fed([ToolDelta(0, "a", "execute_command", '{"command": "ls')])[-1] == Unfinished("command")


def test_a_call_without_a_name_is_unfinished() -> None:
    assert fed([ToolDelta(0, "a", "", '{"path": "."}')]) == [Unfinished("")]


def test_nothing_follows_an_unfinished_call() -> None:
    events = fed([ToolDelta(0, "a", "execute_command", '{"command"'), ToolDelta(1, "b", "list_files", "{}")])
    assert calls_of(events) == []
    assert isinstance(events[-1], Unfinished)


def test_what_is_open() -> None:
    native = NativeCalls(TOOLS)
    seen = []
    for delta in [ToolDelta(0, "a"), ToolDelta(0, "", "list_files"), ToolDelta(0, arguments="{}")]:
        native.feed(delta)
        seen.append((native.open, native.open_call))
    assert seen == [(True, ""), (True, "list_files"), (False, "")]


# -- calls of what is not declared --------------------------------------------------------------------------

ALIEN = [ToolDelta(0, "a", 'no"body', '{"x": '), ToolDelta(0, arguments="1}")]


def test_a_call_of_what_is_not_declared_passes_on() -> None:
    assert calls_of(fed(ALIEN)) == [("a", 'no"body', {"x": 1})]


def test_it_becomes_text_where_the_client_has_no_words_for_it() -> None:
    written = '<tool_call>\n{"name": "no\\"body", "arguments": {"x": 1}}\n</tool_call>'
    words = Undeclared(written, 'no"body')
    assert fed(ALIEN, spell=call_of_json) == [words]
    assert fed([*ALIEN, ToolDelta(1, "b", "list_files", '{"path": "."}')], spell=call_of_json)[0] == words
    assert calls_of(fed(LIST, spell=call_of_json)) == [LISTED]
