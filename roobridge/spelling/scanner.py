"""Finding terminals that are literal strings, wherever the text is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
SPACES = re.compile(f"[{BLANKS}]+")


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
    """The literals that count in one state, whatever character they begin with.

    stops: where one may begin, or None where all begin with `<`.
    """

    __slots__ = ("_begun", "_longest", "_loose", "_meant", "_named", "_others", "_tags", "_words", "stops")

    def __init__(
        self,
        words: Mapping[str, Found],
        open_names: Mapping[str, Terminal] | None = None,
        loose: Sequence[tuple[Loose, Mapping[str, Found]]] = (),
    ) -> None:
        """open_names: literals such as `<parameter=` that any name and `>` may follow. loose: openers as
        models misspell them, and what each name in one means."""
        self._words = words
        self._others = _by_head(word for word in words if not _ONE_TAG.fullmatch(word))
        self._loose = loose
        self._meant: dict[tuple[str, int], str] = {}  # names looked up before
        self._begun: dict[str, bool] = {}  # beginnings looked up before
        self._named = open_names or {}
        self._tags = [word for word in words if _ONE_TAG.fullmatch(word)]
        self._longest = max(map(len, (*self._tags, *self._named)), default=0)
        firsts = {word[0] for word in (*words, *self._named)} - {"<"}
        self.stops = re.compile(f"[<{re.escape(''.join(sorted(firsts)))}]") if firsts else None

    def find(self, text: str, at: int) -> int:
        """Where a literal may begin, from text[at] on; -1 where none may."""
        # Most states look for tags alone, and `str.find` is several times as fast as a pattern.
        if self.stops is None:
            return text.find("<", at)
        found = self.stops.search(text, at)
        return found.start() if found is not None else -1

    def may_begin(self, char: str) -> bool:
        """Whether a literal may begin with this character."""
        return char == "<" or (self.stops is not None and self.stops.match(char) is not None)

    def match(self, text: str, at: int) -> tuple[Found | Miss, int]:
        """The literal at text[at] and where it ends; Miss.MORE where the text ends inside one."""
        found, end = self._literal(text, at)
        # A literal that is written right is never read as another one misspelt.
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

    def _other(self, text: str, at: int) -> tuple[Found | Miss, int]:
        """A literal that is not one tag."""
        head = text[at : at + _HEAD_OF_OTHERS]
        begun = len(head) < _HEAD_OF_OTHERS and any(known.startswith(head) for known in self._others)
        for word in self._others.get(head, ()):
            if text.startswith(word, at):
                return self._words[word], at + len(word)
            begun = begun or (len(text) - at < len(word) and word.startswith(text[at:]))
        return (Miss.MORE if begun else Miss.NONE), at

    def _is_begun(self, rest: str) -> bool:
        """Whether a tag or a named opener begins so; the same few beginnings come again and again."""
        known = self._begun.get(rest)
        if known is None:
            if len(self._begun) >= _REMEMBERED:
                self._begun.clear()
            known = any(word.startswith(rest) for word in (*self._tags, *self._named))
            self._begun[rest] = known
        return known

    def _literal(self, text: str, at: int) -> tuple[Found | Miss, int]:
        if self._others:
            other, end = self._other(text, at)
            if other is not Miss.NONE:
                return other, end
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
            if self._is_begun(rest):
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


def _by_head(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The words by their first characters, the longest first."""
    heads: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        heads.setdefault(word[:_HEAD_OF_OTHERS], []).append(word)
    return {head: tuple(found) for head, found in heads.items()}


_ONE_TAG = re.compile("<[^<>]*>")
_HEAD_OF_OTHERS = 2  # characters
_REMEMBERED = 512  # names
# What is withheld is bounded by these, for a `<` in prose too (tests/laws/test_law2_promptness.py).
_HEAD = 16  # characters of the longest head
_TAG = 120  # characters of the longest tag that is read loosely
_STOP = re.compile(r"[<>\n]")

# OpenAI's API takes 64 characters for a function's name.
_NAME = 65  # the longest name that is taken on trust, and its `>`


def _is_name(name: str) -> bool:
    return name.replace("-", "_").replace(".", "_").isidentifier()
