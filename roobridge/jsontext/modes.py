"""Where a reader of one JSON object stands, and what each character does there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType


class Mode(Enum):
    """Where the reader stands."""

    START = auto()  # before the opening brace
    FIRST = auto()  # after it: a key, or the end
    KEY = auto()  # after a comma
    BARE = auto()  # in a key without quotes
    COLON = auto()
    VALUE = auto()
    STRING = auto()
    KEY_STRING = auto()
    LEAD_STRING = auto()  # a string where the object should begin: a key, or the object as a string
    ENCODED = auto()  # in an object that is written as a string
    RAW = auto()
    TAKEN = auto()
    NEXT = auto()  # after a value: a comma, or the end
    DONE = auto()
    BROKEN = auto()


class Char(Enum):
    """What a character is between tokens."""

    OPEN = auto()
    CLOSE = auto()
    QUOTE = auto()
    COLON = auto()
    COMMA = auto()
    OTHER = auto()


CLASSES = {
    "{": Char.OPEN,
    "}": Char.CLOSE,
    '"': Char.QUOTE,
    "'": Char.QUOTE,
    ":": Char.COLON,
    ",": Char.COMMA,
}

# What a character does between tokens; absence breaks the object. VALUE takes every other character as
# the first of a raw value, START, FIRST and KEY a letter as the first of a bare word.
TABLE: Mapping[tuple[Mode, Char], Mode] = MappingProxyType(
    {
        (Mode.START, Char.OPEN): Mode.FIRST,
        (Mode.START, Char.QUOTE): Mode.LEAD_STRING,
        (Mode.FIRST, Char.QUOTE): Mode.KEY_STRING,
        (Mode.FIRST, Char.OTHER): Mode.BARE,
        (Mode.FIRST, Char.CLOSE): Mode.DONE,
        (Mode.KEY, Char.QUOTE): Mode.KEY_STRING,
        (Mode.KEY, Char.OTHER): Mode.BARE,
        (Mode.KEY, Char.CLOSE): Mode.DONE,  # a trailing comma stood before
        (Mode.COLON, Char.COLON): Mode.VALUE,
        (Mode.VALUE, Char.QUOTE): Mode.STRING,
        (Mode.VALUE, Char.OPEN): Mode.RAW,
        (Mode.VALUE, Char.OTHER): Mode.RAW,
        (Mode.NEXT, Char.COMMA): Mode.KEY,
        (Mode.NEXT, Char.CLOSE): Mode.DONE,
    }
)
