"""What an XML client would read differently from what the model meant.

Source: Roo Code's AssistantMessageParser (the reference on Roo, section 2): inside a parameter only its
own closing tag counts, and the first one ends it; `write_to_file` takes the last `</content>`, but reads
what stands between the first and the last as tags; a value over the limit is frozen, and the rest of it
is read as tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from roobridge.grammar.model import Param, Tool, Toolset
from roobridge.parser.held import head_units, units

ZERO_WIDTH = "\u200b"


class MisreadError(ValueError):
    """The client would take the value for something else. before: the characters that may still go out."""

    def __init__(self, why: str, before: str) -> None:
        super().__init__(why)
        self.before = before


@lru_cache(maxsize=64)
def _openings(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile("<(?=(?:" + "|".join(map(re.escape, sorted(names))) + ")>)")


def neutralise(text: str, names: frozenset[str]) -> str:
    """The text with a zero-width space after the `<` of every opening tag of these names."""
    if "<" not in text or not names:
        return text
    return _openings(names).sub("<" + ZERO_WIDTH, text)


class ValueGuard:
    """Watches one value on its way to an XML client; text comes in pieces cut anywhere."""

    def __init__(self, toolset: Toolset, tool: Tool, param: Param) -> None:
        self.neutralised = False
        self._name = param.name
        self._close = f"</{param.name}>"
        self._limit = toolset.value_limit
        self._units = len(f"\n\n{self._close}")  # the client counts what stands around the value
        self._keeps_last = tool.last_close == param.name
        self._harmless = param.prose
        self._closed = False  # its own closing tag came: the client reads what follows as tags
        self._rest = ""  # the end of what was seen, which may be the beginning of a tag
        self._foreign = f"<{tool.last_close}>" if tool.last_close and not self._keeps_last else ""
        inside = [f"<{name}>" for name in toolset.read_params] + [f"</{tool.name}>"]
        self._tags = _any_of(tuple(sorted(inside))) if self._keeps_last else None

    def feed(self, text: str) -> str:
        """The characters that may go out. Raises MisreadError."""
        frozen = len(text)
        if self._limit:
            self._units += units(text)
            if self._units > self._limit:
                frozen = self._head(text)
        if not self._rest and "<" not in text:
            return text
        return self._soften(text) if self._harmless else self._watch(text, frozen)

    def end(self) -> str:
        """The value is whole: what was kept back of it."""
        rest, self._rest = self._rest if self._harmless else "", ""
        return rest

    def _head(self, text: str) -> int:
        """Up to where the client reads this text as part of the value, which is over the limit with it."""
        before = head_units(text, max(self._limit - (self._units - units(text)), 0))
        if not self._keeps_last:
            raise MisreadError(f"its {self._name} is longer than the client reads", before)
        return len(before)

    def _soften(self, text: str) -> str:
        whole = self._rest + text
        if self._close in whole:
            self.neutralised = True
            whole = whole.replace(self._close, f"<{ZERO_WIDTH}{self._close[1:]}")
        self._rest = _live_prefix(whole, (self._close,))
        return whole[: len(whole) - len(self._rest)]

    def _watch(self, text: str, frozen: int) -> str:
        whole = self._rest + text
        seen = len(self._rest)
        self._forbid(whole, seen, self._foreign, f"its {self._name} holds {self._foreign}")
        if not self._keeps_last:
            self._forbid(whole, seen, self._close, f"its {self._name} holds {self._close}")
        elif self._tags is not None:
            close = 0 if self._closed else whole.find(self._close)
            self._closed = close >= 0
            for found in self._tags.finditer(whole):
                if self._closed and found.start() >= close:
                    why = f"its {self._name} holds tags behind a {self._close}"
                    raise MisreadError(why, whole[seen : found.end() - 1])
                if found.end() > seen + frozen:
                    why = f"its {self._name} holds tags behind what the client reads of it"
                    raise MisreadError(why, whole[seen : found.end() - 1])
        tag = whole.rfind("<")
        self._rest = whole[tag:] if tag >= 0 and ">" not in whole[tag:] else ""
        if len(self._rest) > _LONGEST:
            self._rest = ""
        return text

    def _forbid(self, whole: str, seen: int, tag: str, why: str) -> None:
        at = whole.find(tag) if tag else -1
        if at >= 0:
            raise MisreadError(why, whole[seen : at + len(tag) - 1])


_LONGEST = 64  # the longest tag that a client knows


def _any_of(tags: Iterable[str]) -> re.Pattern[str]:
    return _compiled(tuple(tags))


@lru_cache(maxsize=64)
def _compiled(tags: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, tags)))


def _live_prefix(text: str, words: tuple[str, ...]) -> str:
    tag = text.rfind("<")
    rest = text[tag:] if tag >= 0 else ""
    return rest if rest and any(word.startswith(rest) for word in words) else ""
