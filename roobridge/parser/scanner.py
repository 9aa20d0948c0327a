"""Finding terminals that are literal strings, wherever the text is cut."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING

import msgspec

from roobridge.parser.states import Terminal

if TYPE_CHECKING:
    from roobridge.parser.dialect import Dialect

# White space as Roo's reader trims it: JavaScript's (ECMA-262, TrimString), which has U+FEFF and lacks
# U+0085 and U+001C to U+001F.
BLANKS = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
BLANKS += "\u2028\u2029\u202f\u205f\u3000\ufeff"


class Found(msgspec.Struct, frozen=True):
    """A literal's meaning. dialect: the one that a candidate beginning with it belongs to."""

    terminal: Terminal
    name: str = ""
    dialect: Dialect | None = None


class Miss(Enum):
    """No literal here: none at all, or none yet."""

    NONE = auto()
    MORE = auto()


class Lexicon:
    """The literals that count in one state. All begin with `<` and hold no other one."""

    __slots__ = ("_longest", "_named", "_words")

    def __init__(self, words: Mapping[str, Found], open_names: Mapping[str, Terminal] | None = None) -> None:
        """open_names: literals such as `<parameter=` that any name and `>` may follow."""
        self._words = words
        self._named = open_names or {}
        self._longest = max(map(len, (*words, *self._named)), default=0)

    def match(self, text: str, at: int) -> tuple[Found | Miss, int]:
        """The literal at text[at] and where it ends; Miss.MORE where the text ends inside one."""
        longest = self._longest
        opener = ""
        for named in self._named:
            if text.startswith(named, at):
                opener = named
                longest = max(longest, len(named) + _NAME)
        close = text.find(">", at, at + longest)
        if close >= 0:
            found = self._words.get(text[at : close + 1])
            if found is not None:
                return found, close + 1
            name = text[at + len(opener) : close]
            if opener and _is_name(name):
                return Found(self._named[opener], name), close + 1
            return Miss.NONE, at
        if len(text) - at < longest:
            rest = text[at:]
            if any(word.startswith(rest) for word in self._words):
                return Miss.MORE, at
            if any(named.startswith(rest) for named in self._named):
                return Miss.MORE, at
            if opener and _is_name(rest[len(opener) :]):
                return Miss.MORE, at
        return Miss.NONE, at


_NAME = 65  # the longest name that is taken on trust, and its `>`


def _is_name(name: str) -> bool:
    return name.replace("-", "_").replace(".", "_").isidentifier()
