"""Arguments and calls written as JSON, at any cutting."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.calls.arguments import JsonArguments
from roobridge.calls.object import JsonCall
from roobridge.calls.whole import whole_calls
from roobridge.events import CallEnd, CallStart, Event, Form
from roobridge.jsontext.strings import quoted
from tests.jsontext.json_texts import decoded, objects, params_of, repairs_of, strings, written
from tests.oracle.cuts import at_positions
from tests.parser.machine import TOOLSET, merged

# As the small toolset, with nothing required.
ANY_TOOLS = {
    name: msgspec.structs.replace(
        tool,
        params={key: msgspec.structs.replace(param, required=False) for key, param in tool.params.items()},
    )
    for name, tool in TOOLSET.tools.items()
}


def arguments(pieces: list[str]) -> tuple[list[Event], JsonArguments]:
    events: list[Event] = []
    reader = JsonArguments(events)
    rest = ""
    for piece in pieces:
        rest += piece
        rest = rest[reader.read(rest, 0) :]
    return events, reader


def call(pieces: list[str]) -> tuple[list[Event], JsonCall, str]:
    """Its events, the call, and what it left unread."""
    json_call = JsonCall(ANY_TOOLS, "hermes")
    events: list[Event] = []
    rest = ""
    for number, piece in enumerate(pieces, 1):
        rest += piece
        json_call.ending = number == len(pieces)
        if not (json_call.done or json_call.alien or json_call.broken):
            rest = rest[json_call.read(rest, 0, events) :]
    return merged(events), json_call, rest


@given(written(objects), st.sets(st.integers(1, 200), max_size=8))
def test_arguments_are_what_msgspec_reads(source: tuple[dict[str, Any], str], cuts: set[int]) -> None:
    _, text = source
    wanted = msgspec.json.decode(text)
    for pieces in (at_positions(text, cuts), list(text)):
        events, reader = arguments(pieces)
        assert reader.done
        assert decoded(params_of(events)) == wanted
        assert reader.given == list(wanted)
        assert not reader.open
        assert not repairs_of(events)


def test_numbers_keep_their_digits() -> None:
    events, _ = arguments(['{"a": 12345678901234567890.10, "b": [1.10, 1e2]}'])
    assert params_of(events) == [
        ("a", Form.JSON, "12345678901234567890.10"),
        ("b", Form.JSON, "[1.10, 1e2]"),
    ]


@pytest.mark.parametrize("text", ["null", " null", "{}", "{ }", '""'])
def test_no_arguments(text: str) -> None:
    for pieces in ([text], list(text)):
        events, reader = arguments(pieces)
        assert reader.done
        assert not params_of(events)


def test_a_string_is_given_as_it_comes() -> None:
    events, reader = arguments(['{"path": "a'])
    assert reader.open == "path"
    assert reader.reader.flow("more words") == "more words"
    reader.read('b"}', 0)
    assert params_of(events) == [("path", Form.STRING, "ab")]
    assert not reader.open


@given(strings)
def test_quoted_is_json(text: str) -> None:
    assert json.loads(quoted(text)) == text


def test_quoted_has_no_half_surrogates() -> None:
    assert quoted("a\ud83d\u00e9") == '"a\ufffdé"'


# -- calls --------------------------------------------------------------------------------------------------


@given(written(objects), st.booleans(), st.sets(st.integers(1, 200), max_size=8))
def test_any_call_at_any_cutting(
    source: tuple[dict[str, Any], str], name_first: bool, cuts: set[int]
) -> None:
    wanted, text = source
    members = ['"name": "list_files"', f'"arguments": {text}']
    whole = "{" + ", ".join(members if name_first else reversed(members)) + "}"
    for pieces in (at_positions(whole + "rest", cuts), list(whole + "rest")):
        events, json_call, rest = call(pieces)
        assert (json_call.done, json_call.alien, json_call.broken) == (True, False, False)
        assert events[0] == CallStart("list_files", "hermes")
        assert decoded(params_of(events)) == wanted
        assert json_call.given == list(wanted)
        assert rest == "rest"


# An object, its repairs, and the parameters it gives.
CALLS: list[tuple[str, list[str], Mapping[str, Any]]] = [
    ('{"name": "list_files", "arguments": {"path": "."}}', [], {"path": "."}),
    ('{"name": "list_files"}', [], {}),
    ('{"name": "list_files", "arguments": null}', [], {}),
    ('{"name": "list_files", "arguments": {}}', [], {}),
    ('{"name": "list_files", "parameters": {"path": "."}}', ["arguments_as_parameters"], {"path": "."}),
    ('{"name": "list_files", "arguments": "{\\"path\\": \\".\\"}"}', ["arguments_as_string"], {"path": "."}),
    ('{"arguments": "{\\"path\\": \\".\\"}", "name": "list_files"}', ["arguments_as_string"], {"path": "."}),
    (
        '{"arguments": "{\\"path\\": \\".\\"} so", "name": "list_files"}',
        ["arguments_as_string", "arguments_tail_dropped"],
        {"path": "."},
    ),
    ('{"name": "list_files", "arguments": ""}', ["arguments_as_string"], {}),
    ('{"name": "list_files", "arguments": "path": "."}}', ["json_missing_brace"], {"path": "."}),
    ('{"name": "list_files", "id": 1, "arguments": {}}', ["json_extra_member"], {}),
    ('{"name": "list_files", "path": "."}', ["json_flat_arguments"], {"path": "."}),
    ('{"name": "list_files", "name": "read_file"}', ["json_extra_member"], {}),
    ('{"name": "list_files", "arguments": {}, "arguments": {"path": "."}}', ["json_extra_member"], {}),
    ("{'name': 'list_files', 'arguments': {'path': '.'}}", ["python_literal"] * 5, {"path": "."}),
    ('{"name": "list_files", "arguments": {"path": "."},}', ["json_trailing_comma"], {"path": "."}),
    ('{name: "list_files", arguments: {path: "."}}', ["json_bare_key"] * 3, {"path": "."}),
]


@pytest.mark.parametrize(("text", "repairs", "wanted"), CALLS)
def test_what_a_call_is_read_as(text: str, repairs: list[str], wanted: dict[str, Any]) -> None:
    for pieces in ([text], list(text)):
        events, json_call, _ = call(pieces)
        assert json_call.done
        assert (json_call.name, json_call.announced) == ("list_files", True)
        assert decoded(params_of(events)) == wanted
        assert repairs_of(events) == repairs


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "nobody", "arguments": {"path": "."}}',
        '{"arguments": {"path": "."}, "name": "nobody"}',
        '{"name": "list_files", "arguments": [1]}',
        '{"name": "list_files", "arguments": "words"}',
        '{"name": "list_files", "arguments": {a b}}',
        '{"arguments": {"path": x}, "name": "list_files"}',
        '{"path": "."}',
        "{}",
        "{[",
    ],
)
def test_what_is_no_call_says_nothing(text: str) -> None:
    for pieces in ([text], list(text)):
        events, json_call, _ = call(pieces)
        assert json_call.alien
        assert not json_call.announced
        assert not events


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "list_files", "arguments": {"path": @}}',
        '{"name": "list_files", "arguments": {"path": 1 2}}',
    ],
)
def test_what_breaks_was_announced_at_every_cutting(text: str) -> None:
    for pieces in ([text], list(text)):
        events, json_call, _ = call(pieces)
        assert json_call.broken
        assert events[0] == CallStart("list_files", "hermes")


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('{"name": "list_files", "arguments": {"path": "."', True),
        ('{"name": "list_files", "arguments": {"path": "."}', True),
        ('{"name": "list_files", "arguments": {"path": ".', False),
        ('{"name": "list_files", "arguments": {"path"', False),
        ('{"name": "list_files"', False),
    ],
)
def test_where_a_call_may_end(text: str, whole: bool) -> None:
    _, json_call, _ = call([text])
    assert json_call.close([]) is whole


@pytest.mark.parametrize(
    ("body", "is_call"),
    [
        ('{"name": "list_files", "arguments": {"path": "."}}\n', True),
        ('{"tool": "list_files", "parameters": {"path": "."}}', True),
        ('{"name": "list_files", "arguments": {}}', False),
        ('{"name": "list_files"}', False),
        ('{"name": "list_files", "arguments": {}} and more', False),
        ('{"name": "nobody", "arguments": {}}', False),
        ('{"name": "list_files", "arguments": {"path": "."', False),
        ("", False),
    ],
)
def test_a_whole_call_is_one_object_and_nothing_else(body: str, is_call: bool) -> None:
    events = whole_calls(body, TOOLSET.tools, "fenced-json", ("name", "tool"))
    assert bool(events) is is_call
    if is_call:
        assert CallStart("list_files", "fenced-json") in events
        assert events[-1] == CallEnd()
