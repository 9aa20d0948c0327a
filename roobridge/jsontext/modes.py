"""Where a reader of one JSON object stands, and every change of that: nothing changes it but a row here.

    START --{--> FIRST --key--> COLON --:--> VALUE --character--> STRING or RAW --end--> NEXT --}--> DONE
      |            '--}--> DONE                '--the sink reads it--> TAKEN --end--> NEXT --,--> KEY
      '--quote--> LEAD_STRING --{--> ENCODED

The grammar is that of RFC 8259, section 4, and what models write beside it: a comma before the closing brace,
keys without quotes (both as in JavaScript), an object without its opening brace, and an object that stands
in a string, as OpenAI's API has it in `function.arguments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType


class _Key(Enum):
    """Members are single objects, so their identity is their hash: Enum's own is a call of Python."""

    __hash__ = object.__hash__


class Mode(_Key):
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
    TAKEN = auto()  # in a value that the sink reads itself
    NEXT = auto()  # after a value: a comma, or the end
    DONE = auto()
    BROKEN = auto()


class Char(_Key):
    """What a character is between tokens."""

    OPEN = auto()
    CLOSE = auto()
    QUOTE = auto()
    COLON = auto()
    COMMA = auto()
    LETTER = auto()  # a bare word may begin with it
    OTHER = auto()


class Turn(_Key):
    """What else can happen: the first three in the reader's own tokens, the rest at a word of the sink."""

    NAMED = auto()  # a key is whole
    ENDED = auto()  # a value is whole, or the string that stands for the object
    OBJECT = auto()  # the string that leads is an object's text
    TAKEN = auto()  # the sink reads the value that follows
    RETURNED = auto()  # it leaves the value to the reader after all
    ENTERED = auto()  # the value is an object whose members are read as this one's
    REOPENED = auto()  # the object that is over was such a one
    CLOSED = auto()  # the sink has read the object's end too
    BEGUN = auto()  # the opening brace and the first key were read elsewhere
    ABSENT = auto()  # something else stands for an object without members
    REFUSED = auto()  # the sink cannot make anything of it: no row, so that it breaks the object


_CLASSES = {
    "{": Char.OPEN,
    "}": Char.CLOSE,
    '"': Char.QUOTE,
    "'": Char.QUOTE,
    ":": Char.COLON,
    ",": Char.COMMA,
}


def class_of(char: str) -> Char:
    """What this character is between tokens."""
    known = _CLASSES.get(char)
    if known is not None:
        return known
    return Char.LETTER if char.isalpha() or char in "_$" else Char.OTHER


# Absence breaks the object.
TABLE: Mapping[tuple[Mode, Char | Turn], Mode] = MappingProxyType(
    {
        (Mode.START, Char.OPEN): Mode.FIRST,
        (Mode.START, Char.QUOTE): Mode.LEAD_STRING,
        (Mode.START, Turn.BEGUN): Mode.VALUE,
        (Mode.START, Turn.ABSENT): Mode.DONE,
        (Mode.FIRST, Char.QUOTE): Mode.KEY_STRING,
        (Mode.FIRST, Char.LETTER): Mode.BARE,
        (Mode.FIRST, Char.CLOSE): Mode.DONE,
        (Mode.KEY, Char.QUOTE): Mode.KEY_STRING,
        (Mode.KEY, Char.LETTER): Mode.BARE,
        (Mode.KEY, Char.CLOSE): Mode.DONE,  # a trailing comma stood before
        (Mode.BARE, Turn.NAMED): Mode.COLON,
        (Mode.KEY_STRING, Turn.NAMED): Mode.COLON,
        (Mode.COLON, Char.COLON): Mode.VALUE,
        (Mode.VALUE, Char.QUOTE): Mode.STRING,
        (Mode.VALUE, Char.OPEN): Mode.RAW,
        (Mode.VALUE, Char.LETTER): Mode.RAW,
        (Mode.VALUE, Char.OTHER): Mode.RAW,
        (Mode.VALUE, Turn.TAKEN): Mode.TAKEN,
        (Mode.STRING, Turn.ENDED): Mode.NEXT,
        (Mode.RAW, Turn.ENDED): Mode.NEXT,
        (Mode.TAKEN, Turn.ENDED): Mode.NEXT,
        (Mode.TAKEN, Turn.RETURNED): Mode.VALUE,
        (Mode.TAKEN, Turn.ENTERED): Mode.FIRST,
        (Mode.TAKEN, Turn.CLOSED): Mode.DONE,
        (Mode.NEXT, Char.COMMA): Mode.KEY,
        (Mode.NEXT, Char.CLOSE): Mode.DONE,
        (Mode.LEAD_STRING, Turn.OBJECT): Mode.ENCODED,
        (Mode.LEAD_STRING, Turn.NAMED): Mode.COLON,  # the opening brace was left out
        (Mode.LEAD_STRING, Turn.ENDED): Mode.DONE,  # an empty string: an object without members
        (Mode.ENCODED, Turn.ENDED): Mode.DONE,
        (Mode.DONE, Turn.REOPENED): Mode.NEXT,
    }
)
