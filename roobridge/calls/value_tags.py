"""The tags that count inside one open value: its closing tags, near ones, and the openers it holds itself."""

from __future__ import annotations

import re
from collections import Counter

from roobridge.grammar.model import Kind, Param, Tool
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.slips import alike

_SHORT = frozenset({Kind.LINE, Kind.NUMBER, Kind.BOOLEAN})
_OPEN_END = frozenset({Kind.LINE, Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.VERBATIM})
_LONGEST = 64  # characters of a tag that is looked for
_TAG = re.compile(r"(?:<|\b(?=[\w.-]{1,40}>))/?([A-Za-z_][\w.-]{0,39})")
_CLOSING_LINE = re.compile(r"\n[ \t]{0,20}</([A-Za-z_][\w.-]{0,39})>?[ \t]{0,20}(?:\n|\Z)")


class ValueTags:
    """One open value's.

    close: its closing tag in full. half: the name of an opener in the value whose `>` has not come yet, or
    empty.
    """

    def __init__(self, dialect: Dialect, tool: Tool, param: Param, close: str) -> None:
        self.close = close
        self.half = ""
        self._dialect = dialect
        self._tool = tool
        self._param = param
        self._open: Counter[str] = Counter()
        self._levels: dict[str, Level | None] = {}
        kept = param.kind in _SHORT or (param.kind is Kind.TEXT and not param.prose)
        self._text: str | None = "" if kept else None
        self._seen: set[str] = set()  # names of opening tags in it
        self._looked = 0  # characters of it that were looked at
        self._garbled = False
        self._exact = {
            Level.PARAM: close,
            Level.TOOL: dialect.tool_close.format(tool.name),
            Level.CALL: dialect.call_close,
        }

    @property
    def odd(self) -> bool:
        """The value is one line without tags: any closing tag may be meant for its own."""
        return self._param.kind is Kind.LINE

    def odd_close(self, word: str) -> bool:
        """It may be meant for the value's own: that holds no tags, or no opener of this name."""
        return self.odd or (self._text is not None and word not in self._seen)

    def seen(self, word: str) -> None:
        """An opening tag of this name begins in the value."""
        if self._text is not None:
            self._seen.add(word)

    @property
    def verbatim(self) -> bool:
        """The value may hold anything."""
        return self._param.kind is Kind.VERBATIM or self._param.prose

    @property
    def free(self) -> bool:
        """Its text is somebody's own: a file, prose, a command."""
        return self.verbatim or self._param.kind is Kind.TEXT

    @property
    def opens_next(self) -> bool:
        """An opener of a parameter that is still missing, behind white space, ends the value."""
        return self._param.kind in _OPEN_END and not self._param.prose and not self._open[self._tool_word]

    def level(self, word: str) -> Level | None:
        """What a closing tag of this name closes; None where it is the value's own."""
        try:
            return self._levels[word]
        except KeyError:
            level = self._levels[word] = self._find(word)
            return level

    def exact(self, level: Level) -> str:
        """The right closing tag of a level; empty where the dialect has none."""
        return self._exact[level]

    def opened(self, word: str) -> None:
        """An opener of this name stands in the value."""
        self._open[word] += 1

    def holds(self, word: str) -> bool:
        """An opener of this name in the value has no closing tag yet."""
        return self._open[word] > 0

    def closed(self, word: str) -> None:
        self._open[word] -= 1

    def add(self, text: str) -> None:
        """More of the value."""
        if self._text is not None:
            self._text += text

    @property
    def garbled(self) -> bool:
        """A short value has swallowed markup of the call: any, where it holds no tags; else a closing tag on
        a line of its own for which it holds no opener. Or one line has become several.
        """
        if self._text is None or self._garbled:
            return self._garbled
        # What was looked at before is not looked at again, but for a tag that was cut (law 3).
        begin, self._looked = max(self._looked - _LONGEST, 0), len(self._text)
        tags = (_TAG if self._param.kind in _SHORT else _CLOSING_LINE).finditer(self._text, begin)
        lines = self.odd and "\n" in self._text.strip()
        self._garbled = lines or any(self._is_markup(tag[1]) for tag in tags)
        return self._garbled

    def _is_markup(self, word: str) -> bool:
        if self._param.kind in _SHORT:
            return word in self._tool.params or self.level(word) is not None
        return self.level(word) is not None and word not in self._seen

    @property
    def _own_close(self) -> str:
        return self._dialect.param_close.format(self._param.name).strip("</>")

    @property
    def _tool_word(self) -> str:
        return self._exact[Level.TOOL].strip("</>")

    def _find(self, word: str) -> Level | None:
        for level, exact in self._exact.items():
            if exact == f"</{word}>":
                return level
        if word in self._tool.params and word != self._param.name:
            return None
        rights: dict[Level, tuple[str, ...]] = {
            Level.PARAM: (self.close.strip("</>"), self._own_close, self._param.name),
            Level.TOOL: (self._tool_word, self._tool.name),
            Level.CALL: (self._dialect.call_close.strip("</>"),),
        }
        for level, words in rights.items():
            known = word in self._dialect.closers.get(level, ()) or word.partition("_")[0] in words[:1]
            meant = known or any(alike(word, right) for right in words)
            if meant and self._exact[level]:
                return level
        return None
