"""The table of an object's reader: what leads where, and what nothing leads out of."""

from __future__ import annotations

import pytest

from roobridge.jsontext.modes import TABLE, Char, Mode, Turn, class_of

CHARACTERS = {
    Char.OPEN: "{",
    Char.CLOSE: "}",
    Char.QUOTE: "\"'",
    Char.COLON: ":",
    Char.COMMA: ",",
    Char.LETTER: "a_$\u00e9",
    Char.OTHER: "[(-1<",
}


@pytest.mark.parametrize("kind", Char, ids=lambda kind: kind.name)
def test_characters_between_tokens(kind: Char) -> None:
    assert {class_of(char) for char in CHARACTERS[kind]} == {kind}


def test_a_sink_can_refuse_anything_and_nothing_mends_a_broken_object() -> None:
    assert not [mode for mode, what in TABLE if mode is Mode.BROKEN or what is Turn.REFUSED]


def test_every_mode_can_be_reached() -> None:
    reached = {Mode.START}
    while more := {to for (mode, _), to in TABLE.items() if mode in reached} - reached:
        reached |= more
    assert reached == set(Mode) - {Mode.BROKEN}


def test_everything_that_can_happen_has_a_row() -> None:
    assert {what for _, what in TABLE} == {*Char, *Turn} - {Turn.REFUSED}
