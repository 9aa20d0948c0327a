"""The object reader by its sink, at any cutting, and each leniency beside its strict twin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.jsontext.reader import ObjectReader
from tests.jsontext.json_texts import objects, written
from tests.oracle.cuts import at_positions


class Members:
    """A sink that writes down what it is told."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.values: list[Any] = []
        self.repairs: list[str] = []
        self.open = False

    def key(self, name: str) -> bool:
        self.keys.append(name)
        return False

    def read_value(self, text: str, i: int) -> tuple[int, bool]:
        raise AssertionError("no value is taken over")

    def string_start(self) -> None:
        self.open = True
        self.values.append("")

    def chars(self, text: str) -> None:
        assert self.open
        assert text
        self.values[-1] += text

    def string_end(self) -> None:
        self.open = False

    def raw(self, json: str) -> None:
        self.values.append((json,))

    def repaired(self, name: str) -> None:
        self.repairs.append(name)


def read(pieces: list[str]) -> tuple[Members, ObjectReader, str]:
    """What the sink was told, the reader, and what it left unread."""
    members = Members()
    reader = ObjectReader(members)
    rest = ""
    for piece in pieces:
        rest += piece[reader.read(piece, 0) :]
    return members, reader, rest


@given(written(objects), st.sets(st.integers(1, 200), max_size=8), st.sampled_from(["", "}", " tail"]))
def test_any_object_at_any_cutting(source: tuple[dict[str, Any], str], cuts: set[int], tail: str) -> None:
    wanted, text = source
    for pieces in (at_positions(text + tail, cuts), list(text + tail)):
        members, reader, rest = read(pieces)
        assert reader.done
        assert rest == tail
        assert members.keys == list(wanted)
        values = [json.loads(*v) if isinstance(v, tuple) else v for v in members.values]
        assert values == list(wanted.values())
        assert [isinstance(v, str) for v in members.values] == [isinstance(v, str) for v in wanted.values()]
        assert not members.repairs


@given(written(objects))
def test_an_object_in_a_string_is_read_as_one(source: tuple[dict[str, Any], str]) -> None:
    wanted, text = source
    for pieces in ([json.dumps(text)], list(json.dumps(text))):
        members, reader, _ = read(pieces)
        assert reader.done
        assert members.keys == list(wanted)
        assert members.repairs == ["arguments_as_string"]


@given(written(objects), st.integers(0, 400))
def test_a_beginning_is_never_whole(source: tuple[dict[str, Any], str], end: int) -> None:
    _, text = source
    _, reader, _ = read([text[: min(end, len(text) - 1)]])
    assert not reader.over


@pytest.mark.parametrize("number", ["12345678901234567890123", "1.10", "1e5", "-0.0", "1E300"])
def test_numbers_keep_their_digits(number: str) -> None:
    members, _, _ = read([f'{{"a": {number}}}'])
    assert members.values == [(number,)]


# What is mended, the repairs it takes, and what it is read as.
LENIENT = [
    ('{"a": 1,}', ["json_trailing_comma"], '{"a": 1}'),
    ('{"a": "b", }', ["json_trailing_comma"], '{"a": "b"}'),
    ('{a: 1, $b_2: "c"}', ["json_bare_key", "json_bare_key"], '{"a": 1, "$b_2": "c"}'),
    ("{'a': 'it\\'s'}", ["python_literal", "python_literal"], '{"a": "it\'s"}'),
    ('{"a": True, "b": None}', ["python_literal", "python_literal"], '{"a": true, "b": null}'),
    ('{"a": (1, 2)}', ["python_literal"], '{"a": [1, 2]}'),
    ('{/* c */"a": 1 // d\n}', ["json_comment", "json_comment"], '{"a": 1}'),
    ('# c\n{"a": "b"}', ["json_comment"], '{"a": "b"}'),
    ('"a": 1}', ["json_missing_brace"], '{"a": 1}'),
    ('""', ["arguments_as_string"], "{}"),
    ('"\\n {\\"a\\": 1} \\n"', ["arguments_as_string"], '{"a": 1}'),
    ('"{\\"a\\": 1} b c"', ["arguments_as_string", "arguments_tail_dropped"], '{"a": 1}'),
    ('{"a": "\\ud800"}', ["lone_surrogate"], '{"a": "\ufffd"}'),
]


@pytest.mark.parametrize(("text", "repairs", "strict"), LENIENT)
def test_a_leniency_has_its_name_and_its_strict_twin_none(text: str, repairs: list[str], strict: str) -> None:
    twin, reader, _ = read([strict])
    assert reader.done
    assert not twin.repairs
    for pieces in ([text], list(text)):
        members, reader, _ = read(pieces)
        assert reader.done
        assert members.keys == twin.keys
        assert [_plain(value) for value in members.values] == [_plain(value) for value in twin.values]
        assert members.repairs == repairs


def _plain(value: Any) -> Any:
    return json.loads(*value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        "x",
        '{"a" 1}',
        '{"a": }',
        '{"a": 1 2}',
        '{"a": nope}',
        '{,"a": 1}',
        '{"a": 1,, "b": 2}',
        "{1: 2}",
        '{"a": [1, 2}',
        '{"a": /x}',
        '{"a": 01}',
        '{"a": ' + "[" * 200 + "]" * 200 + "}",
    ],
)
def test_what_is_beyond_mending_breaks(text: str) -> None:
    for pieces in ([text + "\n,"], list(text + "\n,")):
        _, reader, _ = read(pieces)
        assert reader.broken


@pytest.mark.parametrize(
    ("text", "sound", "whole"),
    [
        ("", False, False),
        ("{", False, False),
        ('{"', True, False),
        ("{a", False, False),
        ("{a :", True, False),
        ('"a', False, False),
        ('"{\\"a', True, False),
        ('{"a": "b', True, False),
        ('{"a": "b"', True, True),
        ('{"a": 1', True, True),
        ('{"a": [1', True, False),
        ('{"a": 1,', True, True),
        ("{}", True, True),
    ],
)
def test_how_far_it_is(text: str, sound: bool, whole: bool) -> None:
    _, reader, _ = read([text])
    assert reader.sound is sound
    assert reader.close() is whole
