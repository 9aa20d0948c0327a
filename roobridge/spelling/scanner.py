"""Finding terminals that are literal strings, wherever the text is cut."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

import msgspec

from roobridge.spelling.slips import near_one
from roobridge.spelling.states import Terminal

if TYPE_CHECKING:
    from roobridge.spelling.dialect import Dialect

# White space as Roo's reader trims it: JavaScript's (ECMA-262, TrimString), which has U+FEFF and lacks
# U+0085 and U+001C to U+001F.
BLANKS = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
BLANKS += "\u2028\u2029\u202f\u205f\u3000\ufeff"


class Found(msgspec.Struct, frozen=True):
    """A literal's meaning. dialect: the one that a candidate beginning with it belongs to. slip: it was not
    written so."""

    terminal: Terminal
    name: str = ""
    dialect: Dialect | None = None
    slip: bool = False


class Miss(Enum):
    """No literal here: none at all, or none yet."""

    NONE = auto()
    MORE = auto()


class Lexicon:
    """The literals that count in one state. All begin with `<` and hold no other one."""

    __slots__ = ("_longest", "_loose", "_meant", "_named", "_words")

    def __init__(
        self,
        words: Mapping[str, Found],
        open_names: Mapping[str, Terminal] | None = None,
        loose: Sequence[tuple[Loose, Mapping[str, Found]]] = (),
    ) -> None:
        """open_names: literals such as `<parameter=` that any name and `>` may follow. loose: openers as
        models misspell them, and what each name in one means."""
        self._words = words
        self._loose = loose
        self._meant: dict[tuple[str, int], str] = {}  # names looked up before
        self._named = open_names or {}
        self._longest = max(map(len, (*words, *self._named)), default=0)

    def match(self, text: str, at: int) -> tuple[Found | Miss, int]:
        """The literal at text[at] and where it ends; Miss.MORE where the text ends inside one."""
        found, end = self._literal(text, at)
        if found is Miss.NONE or (isinstance(found, Found) and found.terminal is Terminal.TEXT):
            for number, (loose, meanings) in enumerate(self._loose):
                name, close = loose.match(text, at)
                if isinstance(name, str):
                    meant = self._mean(name, number)
                    if meant:
                        return msgspec.structs.replace(meanings[meant], slip=True), close
                elif name is Miss.MORE and found is Miss.NONE:
                    return Miss.MORE, at
        return found, end

    def _mean(self, name: str, number: int) -> str:
        known = self._meant.get((name, number))
        if known is None:
            if len(self._meant) >= _REMEMBERED:
                self._meant.clear()
            known = self._meant[name, number] = near_one(name, self._loose[number][1])
        return known

    def _literal(self, text: str, at: int) -> tuple[Found | Miss, int]:
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


class Loose(msgspec.Struct, frozen=True, eq=False):
    """An opening tag with a name in it, in the spellings that models slip into.

    heads: what it begins with. whole: the tag up to its `>`, or up to the end of its line where that is
    missing; glued: its beginning, where the value follows on the same line without a `>`. Both have the name
    as their first group. begun: what may still become such a tag, where that is not all that has its head.
    """

    heads: tuple[str, ...]
    whole: re.Pattern[str]
    glued: re.Pattern[str]
    begun: re.Pattern[str] | None = None

    def begins(self, text: str, at: int) -> bool:
        """Whether such a tag begins at text[at], be it readable or not."""
        return any(text.startswith(head, at) for head in self.heads)

    def match(self, text: str, at: int) -> tuple[str | Miss, int]:
        """The name in the tag at text[at], empty where it has none, and where the tag ends; Miss.MORE where
        the text ends inside it."""
        head = next((head for head in self.heads if text.startswith(head, at)), "")
        if not head:
            rest = text[at : at + _HEAD]
            begun = at + len(rest) == len(text) and any(each.startswith(rest) for each in self.heads)
            return Miss.MORE if begun else Miss.NONE, at
        stop = _STOP.search(text, at + len(head), at + _TAG)
        if stop is None:
            begun = self.begun is None or self.begun.fullmatch(text, at) is not None
            return Miss.MORE if begun and len(text) < at + _TAG else Miss.NONE, at
        found = self.whole.fullmatch(text, at, stop.start())
        if found is not None:
            return found[1] or "", stop.end() if stop[0] == ">" else stop.start()
        found = self.glued.match(text, at, stop.start())
        return (found[1], found.end()) if found is not None else (Miss.NONE, at)


_REMEMBERED = 512  # names
_HEAD = 16  # characters of the longest head
_TAG = 120  # characters of the longest tag that is read loosely
_STOP = re.compile(r"[<>\n]")

_NAME = 65  # the longest name that is taken on trust, and its `>`


def _is_name(name: str) -> bool:
    return name.replace("-", "_").replace(".", "_").isidentifier()
