"""What a candidate, the terminals held in a row, says of the words and lines in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from roobridge.spelling.states import OPENS_CALL, Terminal

_LINE_BEGUN = re.compile(r"\n[ \t]*\Z")

Held = Sequence[tuple[Terminal, str, str]]


def words_held(candidate: Held) -> str:
    """Its words."""
    return "".join(raw for held, raw, _ in candidate if held in (Terminal.WORDS, Terminal.SPACE))


def behind_opener(candidate: Held) -> str:
    """All behind its last opening tag."""
    behind: list[str] = []
    for terminal, raw, _ in candidate:
        behind = [] if terminal in OPENS_CALL else [*behind, raw]
    return "".join(behind)


def begins_line(candidate: Held) -> bool:
    """No words stand before its end on their line: a tag without its `<` may begin there."""
    for terminal, raw, _ in reversed(candidate):
        if "\n" in raw or terminal is not Terminal.SPACE:
            return terminal is not Terminal.WORDS
    return True


def ends_line(candidate: Held) -> bool:
    """Its words end with a line; only the white space behind them is looked at (law 3)."""
    behind = list(takewhile(lambda held: held[0] is not Terminal.WORDS, reversed(candidate)))
    blank = (raw for terminal, raw, _ in reversed(behind) if terminal is Terminal.SPACE)
    return _LINE_BEGUN.search("".join(blank)) is not None
