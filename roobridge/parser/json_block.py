"""Text that may be the reply's last JSON call, kept aside until its fate is known."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping

from roobridge.calls.whole import Probe
from roobridge.grammar.model import Tool
from roobridge.parser.markdown import Markdown


class JsonBlock:
    """head: a fence's opening line, or empty where the call stands bare at a line's start. info: what stands
    behind its run (CommonMark 0.31, 4.5). markdown: where the block begins. names: as JsonCall's.
    """

    def __init__(
        self, head: str, info: str, markdown: Markdown, tools: Mapping[str, Tool], names: Collection[str]
    ) -> None:
        self.head = head
        self.info = info
        self.markdown = copy.copy(markdown)
        self.closers = False  # a wrapper's closing tag follows
        self._parts: list[str] = []
        self._closed: int | None = None  # parts that are calls
        self._unread = ""
        self._probe = Probe(tools, names, bare=not head)

    @property
    def dead(self) -> bool:
        """It is no call."""
        return self._probe.dead

    @property
    def ready(self) -> bool:
        """All objects in it are whole calls, as far as it came."""
        return not self.dead and self._probe.between and self._probe.calls > 0

    def add(self, text: str) -> None:
        """More of its text."""
        self._parts.append(text)
        if not self._unread and self._probe.passes(text):
            return
        unread = self._unread + text
        self._unread = unread[self._probe.read(unread, 0) :]

    def leave(self) -> int:
        """What was added last ends in text that stands behind the calls, or is no call's: let go of it, and
        say how much it is.
        """
        if not (self.dead or self._probe.between) or not self._unread:
            return 0
        last = self._parts.pop()
        left = min(len(self._unread), len(last))
        self._parts.append(last[: len(last) - left])
        self._unread = ""
        return left

    def close(self, raw: str) -> None:
        """More that is markup behind the calls."""
        if self._closed is None:
            self._closed = len(self._parts)
        self._parts.append(raw)
        self.closers = self.closers or raw.startswith("</")

    def bare(self) -> str:
        """The calls alone, without what was added by `close`."""
        return "".join(self._parts[: self._closed])

    def text(self) -> str:
        """All text after the head."""
        return "".join(self._parts)
