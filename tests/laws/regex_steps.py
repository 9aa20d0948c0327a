"""A matcher that backtracks as Python's does, and counts its steps: what a pattern may cost, without a clock.

It walks the same parse tree. Python's own engine skips ahead to a pattern's first literal and tests single
characters faster, which changes the steps by a factor and never how they grow. So does the bound of a
bounded repeat, which is therefore taken for a small one: growth shows on short texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeAlias

# Python's own parser of patterns, which no stub describes.
sre: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

Groups: TypeAlias = Mapping[int, str]
Found: TypeAlias = Iterator[tuple[int, Groups]]

_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdecimal,
    sre.CATEGORY_NOT_DIGIT: lambda c: not c.isdecimal(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda c: not c.isspace(),
    sre.CATEGORY_WORD: lambda c: c.isalnum() or c == "_",
    sre.CATEGORY_NOT_WORD: lambda c: not (c.isalnum() or c == "_"),
}
_BOUND = 3
_SAMPLES = ' a1\n-<"/=:.\t*;'
_SINGLE = (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)
_GREEDY = (sre.MAX_REPEAT, sre.POSSESSIVE_REPEAT)


class TooManyError(Exception):
    """More steps than were allowed."""


class Steps:
    """Counts what one pattern does on texts. limit: of the steps on one text; raises TooManyError."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.tree = list(_parser.parse(pattern.pattern, pattern.flags))
        self.count = 0
        self.limit = math.inf
        self._text = ""
        self._folds = bool(pattern.flags & re.IGNORECASE)
        self._lines = bool(pattern.flags & re.MULTILINE)
        self._dot_all = bool(pattern.flags & re.DOTALL)

    def scan(self, text: str) -> int:
        """The steps of finding every match in a text, as `finditer` and `sub` do."""
        self._text, self.count, position = text, 0, 0
        while position <= len(text):
            end = self._first(self.tree, position, {})
            position = max(position + 1, end[0] if end else 0)
        return self.count

    def match(self, text: str, at: int = 0) -> int:
        """The steps of a match at one place."""
        self._text, self.count = text, 0
        self._first(self.tree, at, {})
        return self.count

    def search(self, text: str, at: int = 0) -> int:
        """The steps to the first match from a place on."""
        self._text, self.count = text, 0
        while at <= len(text) and self._first(self.tree, at, {}) is None:
            at += 1
        return self.count

    def _first(self, items: list[Any], at: int, groups: Groups) -> tuple[int, Groups] | None:
        return next(self._all(items, 0, at, groups), None)

    def _all(self, items: list[Any], index: int, at: int, groups: Groups) -> Found:
        if index == len(items):
            yield at, groups
            return
        for end, new in self._one(items[index], at, groups):
            yield from self._all(items, index + 1, end, new)

    def _one(self, item: Any, at: int, groups: Groups) -> Found:  # noqa: PLR0912 -- one case for each kind
        self.count += 1
        if self.count > self.limit:
            raise TooManyError
        kind, value = item
        if kind in _SINGLE:
            if at < len(self._text) and self._fits(item, self._text[at]):
                yield at + 1, groups
        elif kind is sre.AT:
            if self._stands(value, at):
                yield at, groups
        elif kind is sre.SUBPATTERN:
            number, _, _, body = value
            for end, new in self._all(list(body), 0, at, groups):
                yield end, new if number is None else {**new, number: self._text[at:end]}
        elif kind is sre.BRANCH:
            for way in value[1]:
                yield from self._all(list(way), 0, at, groups)
        elif kind is sre.MIN_REPEAT or kind in _GREEDY:
            low, high, body = value
            low, high = min(low, _BOUND), high if high is sre.MAXREPEAT else min(high, _BOUND)
            ends = self._repeat(list(body), low, high, at, groups, greedy=kind in _GREEDY)
            yield from ([first] if (first := next(ends, None)) else []) if kind is _GREEDY[1] else ends
        elif kind is sre.ATOMIC_GROUP:
            if (found := self._first(list(value), at, groups)) is not None:
                yield found
        elif kind is sre.GROUPREF:
            if self._text.startswith(groups.get(value, "\0"), at):
                yield at + len(groups[value]), groups
        else:
            assert kind in (sre.ASSERT, sre.ASSERT_NOT), kind
            direction, body = value
            start = at if direction > 0 else at - body.getwidth()[0]
            found = self._first(list(body), start, groups) if start >= 0 else None
            if (found is not None) is (kind is sre.ASSERT):
                yield at, found[1] if found else groups

    def _repeat(
        self, body: list[Any], low: int, high: int, at: int, groups: Groups, *, greedy: bool
    ) -> Found:
        if len(body) == 1 and body[0][0] in _SINGLE:
            yield from self._run(body[0], low, high, at, groups, greedy=greedy)
            return
        if not greedy and low <= 0:
            yield at, groups
        if high > 0:
            for end, new in self._all(body, 0, at, groups):
                if end > at or low > 0:
                    yield from self._repeat(body, low - 1, high - 1, end, new, greedy=greedy)
        if greedy and low <= 0:
            yield at, groups

    def _run(self, item: Any, low: int, high: int, at: int, groups: Groups, *, greedy: bool) -> Found:
        """A repeat of one character, without recursion."""
        longest = at
        if not greedy:
            while True:
                if longest - at >= low:
                    yield longest, groups
                self.count += 1
                if longest - at >= high or longest == len(self._text):
                    return
                if not self._fits(item, self._text[longest]):
                    return
                longest += 1
        while longest - at < high and longest < len(self._text) and self._fits(item, self._text[longest]):
            longest += 1
            self.count += 1
        for end in range(longest, at + low - 1, -1):
            self.count += 1
            yield end, groups

    def _fits(self, item: Any, char: str) -> bool:
        kind, value = item
        if kind is sre.ANY:
            return self._dot_all or char != "\n"
        chars = {char, char.lower(), char.upper()} if self._folds else {char}
        if kind is sre.IN:
            negated = value[0][0] is sre.NEGATE
            return any(_in(part, c) for part in value for c in chars) is not negated
        return (value in map(ord, (c for c in chars if len(c) == 1))) is (kind is sre.LITERAL)

    def _stands(self, place: Any, at: int) -> bool:
        text = self._text
        if place in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING):
            return at == 0 or (place is sre.AT_BEGINNING and self._lines and text[at - 1] == "\n")
        if place in (sre.AT_END, sre.AT_END_STRING):
            return at == len(text) or (place is sre.AT_END and text[at] == "\n")
        word = _CATEGORIES[sre.CATEGORY_WORD]
        edge = (at > 0 and word(text[at - 1])) is not (at < len(text) and word(text[at]))
        return edge is (place is sre.AT_BOUNDARY)


def _in(part: Any, char: str) -> bool:
    kind, value = part
    if kind is sre.LITERAL:
        return ord(char) == value if len(char) == 1 else False
    if kind is sre.RANGE:
        return len(char) == 1 and value[0] <= ord(char) <= value[1]
    return kind is sre.CATEGORY and _CATEGORIES[value](char)


def words(pattern: re.Pattern[str]) -> list[str]:
    """The literal words of a pattern, and characters of its classes: a few of each."""
    literals: list[str] = []
    samples: list[str] = []

    def walk(items: Any) -> None:
        run = ""
        for kind, value in items:
            if kind is sre.LITERAL:
                run += chr(value)
                continue
            literals.append(run)
            run = ""
            if kind is sre.IN:
                inside = [c for c in _SAMPLES if any(_in(part, c) for part in value)]
                negated = value[0][0] is sre.NEGATE
                samples.extend([c for c in _SAMPLES if (c in inside) is not negated][:2])
            elif kind in (sre.ANY, sre.NOT_LITERAL):
                samples.append("a")
            for body in _bodies(kind, value):
                walk(body)
        literals.append(run)

    walk(Steps(pattern).tree)
    return [*dict.fromkeys(filter(None, literals))][:4] + [*dict.fromkeys([*samples, "a"])][:4]


def _bodies(kind: Any, value: Any) -> list[Any]:
    if kind is sre.BRANCH:
        return list(value[1])
    if kind is sre.SUBPATTERN:
        return [value[3]]
    if kind is sre.ATOMIC_GROUP:
        return [value]
    if kind is sre.MIN_REPEAT or kind in _GREEDY:
        return [value[2]]
    return [value[1]] if kind in (sre.ASSERT, sre.ASSERT_NOT) else []
