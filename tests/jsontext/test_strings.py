"""Strings decoded at any cutting."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.jsontext.strings import StringDecoder
from tests.oracle.cuts import at_positions


def decoded(pieces: list[str], quote: str = '"') -> tuple[str, bool, list[str]]:
    repairs: list[str] = []
    decoder = StringDecoder(repairs.append)
    decoder.start(quote)
    out, ended = "", False
    for piece in pieces:
        chars = decoder.flow(piece)
        out, i = out + chars, len(piece) if chars else 0
        while i < len(piece):
            assert not ended
            chars, i, ended = decoder.read(piece, i)
            out += chars
    return out, ended, repairs


@given(st.text(), st.booleans(), st.sets(st.integers(1, 40), max_size=8))
def test_any_string_at_any_cutting(text: str, ascii_only: bool, cuts: set[int]) -> None:
    source = json.dumps(text, ensure_ascii=ascii_only)[1:]
    assert decoded(at_positions(source, cuts)) == (text, True, [])
    assert decoded(list(source)) == (text, True, [])


@pytest.mark.parametrize(
    ("source", "text", "repairs"),
    [
        (r'\ud83d\ude00"', "😀", []),
        (r'\ud83d"', "\ufffd", ["lone_surrogate"]),
        (r'\ud83dx"', "\ufffdx", ["lone_surrogate"]),
        (r'\ud83d\n"', "\ufffd\n", ["lone_surrogate"]),
        (r'\ude00"', "\ufffd", ["lone_surrogate"]),
        (r'\ud83d\ud83d\ude00"', "\ufffd😀", ["lone_surrogate"]),
        (r'\ud83d\u0041"', "\ufffdA", ["lone_surrogate"]),
        (r'\ud83d\u12g"', "\ufffd\\u12g", ["json_unknown_escape", "lone_surrogate"]),
        (r'C:\users\q"', r"C:\users\q", ["json_unknown_escape", "json_unknown_escape"]),
        (r'\u12"', r"\u12", ["json_unknown_escape"]),
        (r'\u+123"', r"\u+123", ["json_unknown_escape"]),
        (r'\u1_23"', r"\u1_23", ["json_unknown_escape"]),
        (r'\/\b\f\n\r\t\\\""', '/\b\f\n\r\t\\"', []),
        (r'\u0000"', "\0", []),
        ('a\nb\t"', "a\nb\t", []),
    ],
)
def test_escapes(source: str, text: str, repairs: list[str]) -> None:
    assert decoded([source]) == decoded(list(source)) == (text, True, repairs)


@pytest.mark.parametrize(("source", "text"), [("it\\'s \"x\"'", 'it\'s "x"'), ("'", "")])
def test_single_quotes(source: str, text: str) -> None:
    assert decoded([source], "'") == decoded(list(source), "'") == (text, True, [])


def test_an_escape_that_is_begun_does_not_flow() -> None:
    decoder = StringDecoder(lambda name: None)
    assert decoder.flow("plain 'words'") == "plain 'words'"
    assert decoder.flow(r"two\nlines") == "two\nlines"
    assert not decoder.flow('a "')
    assert not decoder.flow("a\\")
    assert not decoder.flow(r"\u0041")
    for begun in ("\\", "\\u12", "\\ud83d"):
        decoder = StringDecoder(lambda name: None)
        i = 0
        while i < len(begun):
            chars, i, _ = decoder.read(begun, i)
            assert not chars
        assert not decoder.flow("a")
