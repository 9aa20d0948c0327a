"""The lexers of what is no call though it looks like one: no call that stands in it counts."""

from __future__ import annotations

import re

from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import Lexicons
from roobridge.parser.token import Token
from roobridge.spelling.states import Terminal

_TAG_LINE = re.compile(r"\n[ \t]{0,40}(?=<)")
_MAYBE_FENCE = re.compile(r"(?:`{1,64}|~{1,64})\Z")
_MAYBE_TAG_LINE = re.compile(r"\n[ \t]{0,40}\Z")


class AlienLexer:
    """A function that is not declared, and an object that names no declared tool."""

    def __init__(self, cursor: Cursor, content: Content, known: Lexicons) -> None:
        self._cursor = cursor
        self._content = content
        self._known = known
        self._depth = 0  # functions that opened inside an undeclared one

    def lex(self) -> Token | None:
        """Up to the function's own close; functions in its parameters close before."""
        # A tool of another client, or one that was taken away: its parameters may quote calls, and to run one
        # of these would do what nobody asked for (rule1_opening_tags.json in fixtures).
        dialect, cursor = self._known.alien, self._cursor
        assert dialect is not None
        head, close = dialect.any_tool, dialect.tool_close
        start = i = cursor.at
        while (tag := cursor.text.find("<", i)) >= 0:
            rest = cursor.text[tag : tag + len(close)]
            short = len(rest) < len(close) and not cursor.ending
            if short and (head.startswith(rest) or close.startswith(rest)):
                return cursor.text_to(start, tag)
            i = tag + 1
            if rest.startswith(head):
                self._depth += 1
            elif rest == close:
                self._depth -= 1
                if self._depth < 0:
                    self._depth = 0
                    return cursor.take(tag + len(rest), Terminal.TOOL_CLOSE)
        return cursor.rest()

    def lex_astray(self) -> Token | None:
        """JSON that is no call goes on up to a line that begins with a tag: what stands in its strings is its
        own.
        """
        cursor, markdown = self._cursor, self._content.markdown
        text, start = cursor.text, cursor.at
        if text[start] == "<" and markdown.at_start:
            return Token(Terminal.STRAY_NOISE)
        line = _TAG_LINE.search(text, start)
        held = None if line is not None or cursor.ending else _MAYBE_TAG_LINE.search(text, start)
        if line is None and held is None and not cursor.ending:
            held = _MAYBE_FENCE.search(text, start)  # Markdown is told of whole runs alone
        end = line.end() if line is not None else held.start() if held is not None else len(text)
        markdown.absorb(text[start:end])
        if line is not None:
            return cursor.take(end, Terminal.STRAY_NOISE)
        return cursor.text_to(start, end)
