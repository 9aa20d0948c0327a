"""The white space at a value's ends, whatever the cutting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.calls.value import ValueText
from roobridge.events import Event, Markup, Repaired, Value
from roobridge.spelling.scanner import BLANKS
from tests.parser.machine import merged
from tests.parser.pieces import cut_up, of_parts

texts = of_parts("\n", "\n", "\r\n", "\r", " ", "\t", "\u00a0", "\u0085", "a", "b c", "\n\n")


def events_of(pieces: list[str], *, trim: bool, closed: bool = True) -> list[Event]:
    value = ValueText(trim=trim)
    out: list[Event] = []
    for piece in pieces:
        flowing = value.flow(piece) if piece else ""
        if flowing:
            out.append(Value(flowing))
        else:
            value.add(piece, out)
    value.end(out, closed=closed)
    return out


def value_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Value))


def trimmed(text: str) -> str:
    return text.strip(BLANKS)


def without_newlines(text: str) -> str:
    """One newline at each end is markup; the last in the first one's spelling, where there is a first."""
    lead = next((newline for newline in ("\r\n", "\n") if text.startswith(newline)), "")
    text = text.removeprefix(lead)
    if lead != "\n" and text.endswith("\r\n"):
        return text[:-2]
    return text.removesuffix("\n")


@given(cut_up(texts))
def test_trimming_takes_all_white_space(cut: tuple[str, list[str]]) -> None:
    text, pieces = cut
    assert value_of(events_of(pieces, trim=True)) == trimmed(text)


@given(cut_up(texts))
def test_else_one_newline_at_each_end_is_markup(cut: tuple[str, list[str]]) -> None:
    text, pieces = cut
    assert value_of(events_of(pieces, trim=False)) == without_newlines(text)


@given(cut_up(texts), st.booleans(), st.booleans())
def test_every_character_is_value_or_markup_in_order(
    cut: tuple[str, list[str]], trim: bool, closed: bool
) -> None:
    text, pieces = cut
    events = events_of(pieces, trim=trim, closed=closed)
    said = [e.text if isinstance(e, Value) else e.raw for e in events if isinstance(e, (Value, Markup))]
    assert "".join(said) == text
    assert len(said) == len(events)


@given(cut_up(texts), st.booleans(), st.booleans())
def test_the_cutting_does_not_show(cut: tuple[str, list[str]], trim: bool, closed: bool) -> None:
    text, pieces = cut
    whole = events_of([text] if text else [], trim=trim, closed=closed)
    assert merged(events_of(pieces, trim=trim, closed=closed)) == merged(whole)


@given(cut_up(texts.filter(lambda text: "a" in text)))
def test_an_open_value_keeps_its_last_newline(cut: tuple[str, list[str]]) -> None:
    text, pieces = cut
    lead = next((newline for newline in ("\r\n", "\n") if text.startswith(newline)), "")
    assert value_of(events_of(pieces, trim=False, closed=False)) == text.removeprefix(lead)


@pytest.mark.parametrize(
    ("text", "slipped"),
    [("\na\n", False), ("a", False), ("\r\na\r\n", False), (" a", True), ("\n  a\n", True), ("a \n", True)],
)
def test_more_space_than_the_markups_is_named(text: str, slipped: bool) -> None:
    for pieces in ([text], list(text)):
        value = ValueText(trim=True, strict=True)
        out: list[Event] = []
        for piece in pieces:
            value.add(piece, out)
        value.end(out, closed=True)
        assert (Repaired("space_trimmed") in out) is slipped
        assert value_of(out) == "a"


@pytest.mark.parametrize(
    ("text", "trim", "events"),
    [
        ("\na\n", False, [Markup("\n"), Value("a"), Markup("\n")]),
        ("\r\na\r\n", False, [Markup("\r\n"), Value("a"), Markup("\r\n")]),
        ("\na\r\n", False, [Markup("\n"), Value("a\r"), Markup("\n")]),
        ("a\r\n", False, [Value("a"), Markup("\r\n")]),
        ("\n\na\n\n", False, [Markup("\n"), Value("\na\n"), Markup("\n")]),
        ("  a  ", False, [Value("  a  ")]),
        ("\n \u00a0a \t\n", True, [Markup("\n \u00a0"), Value("a"), Markup(" \t\n")]),
        ("\r", False, [Value("\r")]),
        ("\n", False, [Markup("\n")]),
        ("", False, []),
    ],
)
def test_what_a_value_is(text: str, trim: bool, events: list[Event]) -> None:
    assert merged(events_of([text] if text else [], trim=trim)) == events


def test_text_is_given_at_once() -> None:
    value = ValueText(trim=False)
    out: list[Event] = []
    value.add("\nline one", out)
    assert value_of(out) == "line one"
    value.add("\n", out)
    assert value_of(out) == "line one"
    value.add("x", out)
    assert value_of(out) == "line one\nx"
