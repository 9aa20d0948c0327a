"""The lexers of what is no call though it looks like one: no call that stands in it counts."""

from __future__ import annotations

import re

from roobridge.parser.machine_state import Lexed, Point
from roobridge.spelling.states import Terminal

_TAG_LINE = re.compile(r"\n[ \t]{0,40}(?=<)")
_MAYBE_FENCE = re.compile(r"(?:`{1,64}|~{1,64})\Z")
_MAYBE_TAG_LINE = re.compile(r"\n[ \t]{0,40}\Z")


class AlienLexer(Point):
    """A function that is not declared, and an object that names no declared tool."""

    def lex_alien(self) -> Lexed | None:
        """Up to the function's own close; functions in its parameters close before."""
        dialect = self.known.alien
        assert dialect is not None
        head, close = dialect.any_tool, dialect.tool_close
        start = i = self.at
        while (tag := self.buffer.find("<", i)) >= 0:
            rest = self.buffer[tag : tag + len(close)]
            short = len(rest) < len(close) and not self.ending
            if short and (head.startswith(rest) or close.startswith(rest)):
                return self.text_to(start, tag)
            i = tag + 1
            if rest.startswith(head):
                self.depth += 1
            elif rest == close:
                self.depth -= 1
                if self.depth < 0:
                    self.depth = 0
                    self.at = tag + len(rest)
                    return Terminal.TOOL_CLOSE, self.buffer[start : self.at], ""
        return self.text_to(start, len(self.buffer))

    def lex_astray(self) -> Lexed | None:
        """JSON that is no call goes on up to a line that begins with a tag: what stands in its strings is its
        own.
        """
        start = self.at
        if self.buffer[start] == "<" and self.markdown.at_start:
            return Terminal.STRAY_NOISE, "", ""
        line = _TAG_LINE.search(self.buffer, start)
        held = None if line is not None or self.ending else _MAYBE_TAG_LINE.search(self.buffer, start)
        if line is None and held is None and not self.ending:
            held = _MAYBE_FENCE.search(self.buffer, start)  # Markdown is told of whole runs alone
        end = line.end() if line is not None else held.start() if held is not None else len(self.buffer)
        raw = self.buffer[start:end]
        self.markdown.absorb(raw)
        self.at = end
        if line is not None:
            return Terminal.STRAY_NOISE, raw, ""
        return (Terminal.TEXT, raw, "") if raw else None
