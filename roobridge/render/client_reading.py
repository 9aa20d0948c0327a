"""What an XML client's own reader makes of one call, as the text of the call is written.

Source: Roo Code's AssistantMessageParser, 3.25.7 to 3.41.3 (src/core/assistant-message). Cline 2.18
reads alike, and so do Roo's earlier releases but for the limit, which the toolset names.

    TOOL --<param>--> PARAM --</param>, or the limit--> TOOL --</tool>--> closed

In PARAM only its own closing tag counts. In TOOL the opening tag of any parameter counts, whichever tool it
is of; and for the tool's last-close parameter (`content` of `write_to_file`) its closing tag, at which the
value is all between its first opening tag and this closing tag.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from roobridge.grammar.model import Tool, Toolset
from roobridge.policy.units import head_units, units

_LONGEST = 64  # characters of the longest tag that a client knows
_SHORT = 1000  # characters of a value that are kept, to compare it with another one
_NO_OPENING = 8  # where the client lets the value begin that is closed and was never opened


class Span(msgspec.Struct, frozen=True, gc=False):
    """A value as the client took it, in characters behind the tool's opening tag.

    text: the value without the white space at its ends, or None where it is long.
    """

    start: int
    end: int
    text: str | None = None


@lru_cache(maxsize=64)
def _tags(params: frozenset[str], tool: str, last_close: str) -> re.Pattern[str]:
    tags = [f"</{tool}>", *(f"<{name}>" for name in sorted(params))]
    return re.compile("|".join(map(re.escape, [*tags, f"</{last_close}>"] if last_close else tags)))


class ClientReading:
    """Reads behind the tool's opening tag; text comes in pieces cut anywhere.

    values: what each parameter is so far. open, start: the parameter that is open, or empty, and where its
    value begins. over: a value was cut at the limit. closed: the tool's end was read, and nothing counts any
    more. at: characters read. turned: the index in the last text of the character at which a parameter first
    ended, and closed_at of the one at which the tool did; -1 where none did.
    """

    def __init__(self, toolset: Toolset, tool: Tool) -> None:
        self.values: dict[str, Span] = {}
        self.open = ""
        self.start = 0
        self.over = False
        self.closed = False
        self.at = 0
        self.turned = -1
        self.closed_at = -1
        self._limit = toolset.value_limit
        self._last_close = tool.last_close
        self._tool_close = f"</{tool.name}>"
        self._tags = _tags(toolset.read_params, tool.name, tool.last_close)
        self._first = -1  # behind the first opening tag of the last-close parameter
        self._rest = ""  # characters that were read and may begin a tag
        self._units = 0  # of the open value
        self._text: list[str] | None = None
        self._kept = 0

    def flows(self, text: str) -> bool:
        """Take text that stays within the open value, where nothing is kept of that. Otherwise False, and
        nothing is taken.
        """
        if self._rest or "<" in text or self._text is not None or not self.open:
            return False
        self._units += len(text) if text.isascii() else units(text)
        if self._units > self._limit > 0:
            self._units -= units(text)
            return False
        self.at += len(text)
        return True

    def feed(self, text: str) -> None:
        self.turned = -1
        if not self._rest and "<" not in text and self._takes(text):
            self.at += len(text)
            return
        whole = self._rest + text
        base = self.at - len(self._rest)
        # It counts wherever it stands, in another parameter's value too: Roo searches the whole call's text.
        if self._last_close and self._first < 0:
            opening = whole.find(f"<{self._last_close}>")
            self._first = base + opening + len(self._last_close) + 2 if opening >= 0 else -1
        at, new = 0, len(self._rest)
        while at < len(whole) and not self.closed:
            step = self._in_param if self.open else self._in_tool
            at = step(whole, at, new, base)
            new = max(new, at)
        self.at += len(text)
        self._rest = _unclosed(whole)

    def _takes(self, text: str) -> bool:
        """Whether text without tags is read as what is open; it counts then."""
        if not self.open:
            return True
        if self._limit:
            more = self._units + units(text)
            if more > self._limit:
                return False
            self._units = more
        if self._text is not None:
            self._keep(text)
        return True

    def _in_param(self, whole: str, at: int, new: int, base: int) -> int:
        close = f"</{self.open}>"
        found = whole.find(close, at)
        end = found + len(close) if found >= 0 else len(whole)
        read = whole[new:end]
        if self._limit:
            self._units += units(read)
            if self._units > self._limit:
                return self._freeze(whole, new, end, base)
        if self._text is not None:
            self._keep(read)
        if found >= 0:
            text = "".join(self._text)[: -len(close)].strip() if self._text is not None else None
            self._take(self.start, base + found, text)
            self._turn(base + end - 1)
        return end

    def _freeze(self, whole: str, new: int, end: int, base: int) -> int:
        """The value is over the limit: it ends there, and the rest of it is read as tags, one that stands
        across the limit too."""
        room = self._limit - (self._units - units(whole[new:end]))
        cut = new + len(head_units(whole[new:end], max(room, 0)))
        self._take(self.start, base + cut, None)
        self._turn(base + cut)
        self.over = True
        tag = whole.rfind("<", max(cut - _LONGEST, 0), cut + 1)
        return tag if tag >= 0 and ">" not in whole[tag : cut + 1] else cut + 1

    def _in_tool(self, whole: str, at: int, new: int, base: int) -> int:
        found = self._tags.search(whole, at)
        if found is None:
            return len(whole)
        tag, end = found[0], found.end()
        if tag == self._tool_close:
            self.closed, self.closed_at = True, base + end - 1 - self.at
        elif tag[1] != "/":
            self.open, self.start, self._units = tag[1:-1], base + end, 0
            # A long value is told by its place; short ones may be given twice, and be the same.
            self._text, self._kept = None if self.open == self._last_close else [], 0
        else:
            # Roo takes `indexOf` plus the tag's length, whether the tag was found or not (-1 and 9 make 8).
            start = self._first if 0 <= self._first <= base + found.start() else _NO_OPENING
            if base + found.start() > start:
                self.values[self._last_close] = Span(start, base + found.start())
        return end

    def _take(self, start: int, end: int, text: str | None) -> None:
        self.values[self.open] = Span(start, end, text)
        self.open = ""
        self._text = None

    def _turn(self, at: int) -> None:
        if self.turned < 0:
            self.turned = at - self.at

    def _keep(self, text: str) -> None:
        assert self._text is not None
        self._text.append(text)
        self._kept += len(text)
        if self._kept > _SHORT:
            self._text = None


def _unclosed(text: str) -> str:
    tag = text.rfind("<")
    rest = text[tag:] if tag >= 0 and ">" not in text[tag:] else ""
    return rest if len(rest) <= _LONGEST else ""
