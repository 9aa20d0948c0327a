"""The picture in the docstring of the states: what it draws are rows, and no state is missing."""

from __future__ import annotations

import re

from roobridge.spelling import states
from roobridge.spelling.states import State
from tests.spelling.test_states import TABLES

_ARROW = re.compile(r"-+([A-Z_]+)-+> ([A-Z_]+)")
_NAME = re.compile(r"[A-Z_]{2,}")


def _picture() -> list[str]:
    """The indented lines of the docstring that hold an arrow, and those between them."""
    assert states.__doc__ is not None
    lines = states.__doc__.splitlines()
    drawn = [at for at, line in enumerate(lines) if line.startswith("        ")]
    return lines[drawn[0] : drawn[-1] + 1]


def _source(lines: list[str], at: int, column: int) -> str:
    """The state an arrow leaves: the one it follows, or the one its branch hangs from."""
    before = lines[at][:column].rstrip()
    if before and before[-1] not in "|'":
        return str(_NAME.findall(before)[-1])
    column = len(before) - 1
    for line in reversed(lines[:at]):
        for name in _NAME.finditer(line):
            if name.start() <= column < name.end():
                return name[0]
        assert line[column] == "|", f"nothing hangs at column {column} of {line!r}"
    raise AssertionError("a branch hangs from nothing")


def _drawn() -> set[tuple[str, str, str]]:
    lines = _picture()
    return {
        (_source(lines, at, arrow.start()), arrow[1], arrow[2])
        for at, line in enumerate(lines)
        for arrow in _ARROW.finditer(line)
    }


def test_the_picture_draws_transitions_that_are_rows() -> None:
    rows = {
        (state.name, terminal.name, row.to.name)
        for table in TABLES.values()
        for (state, terminal), row in table.items()
    }
    drawn = _drawn()
    assert len(drawn) > 20
    assert drawn <= rows


def test_the_picture_shows_every_state() -> None:
    assert {name for source, _, to in _drawn() for name in (source, to)} == {state.name for state in State}
