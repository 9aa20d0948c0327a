"""Which closing tags a model means, where it does not write the right one.

Sources: malformed replies of Qwen3-Coder and of Qwen2.5 (fixtures/replies/rules/ends_of_values.json): a
closing tag of another dialect at the same level, a letter too many or too few, a missing `>`.
"""

from __future__ import annotations

import re
from enum import Enum, auto

import msgspec

from roobridge.spelling.scanner import Miss
from roobridge.spelling.states import Terminal

_NAME = 40  # characters of a tag's name; a longer one is none that a call has
_OPEN = re.compile(rf"<([A-Za-z_][\w.-]{{0,{_NAME - 1}}})")
# A closing tag may hold signs that are no letters, as models slip them in: they are left out of its name.
_CLOSE = re.compile(rf"<\\?//?[ \t]?([^\s<>]{{1,{_NAME}}})")
_CLOSE_BEGUN = re.compile(r"<(?:\\?(?://?[ \t]?)?)?\Z")
_NO_LETTERS = re.compile(r"[^\w.-]+")
_END = re.compile(r"[ \t]{0,8}(>)?")


class Level(Enum):
    """What a tag opens or closes."""

    PARAM = auto()
    TOOL = auto()
    CALL = auto()


CLOSES = {
    Level.PARAM: Terminal.PARAM_CLOSE,
    Level.TOOL: Terminal.TOOL_CLOSE,
    Level.CALL: Terminal.CALL_CLOSE,
}


class Tag(msgspec.Struct, frozen=True):
    """A tag's beginning. word: its name. end: where that ends."""

    closing: bool
    word: str
    end: int


def tag_at(text: str, at: int) -> Tag | Miss:
    """The name of the tag whose `<` stands at text[at]; Miss.MORE where the text ends within it."""
    found = _OPEN.match(text, at)
    closing = found is None
    if found is None:
        found = _CLOSE.match(text, at)
    if found is None:
        return Miss.MORE if _CLOSE_BEGUN.match(text, at) else Miss.NONE
    if found.end() == len(text) and len(found[1]) < _NAME:
        return Miss.MORE
    word = _NO_LETTERS.sub("", found[1].partition("=")[0]) if closing else found[1]
    return Tag(closing, word, found.end()) if word else Miss.NONE


def close_end(text: str, at: int) -> int | None:
    """Where a closing tag ends whose name ends at text[at]: behind its `>`, or where that is missing behind
    the name, if white space or another tag follows. None where more text must tell, -1 where it is no tag.
    """
    if at == len(text):
        return None
    if text[at] == ">":
        return at + 1
    # Without its `>` only a line's end or a tag shows that the name is over; words may go on as prose.
    if text[at] in "\r\n<":
        return at
    found = _END.match(text, at)
    if found is None or found.end() == at:
        return -1
    if found[1]:
        return found.end()
    return None if found.end() == len(text) else at
