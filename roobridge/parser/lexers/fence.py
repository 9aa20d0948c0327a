"""The lexers of a fence's opening line, and of what may be JSON calls in it or alone on their lines."""

from __future__ import annotations

import re

from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import Lexicons
from roobridge.parser.markdown import FENCE, Stop, fence_run
from roobridge.parser.token import Token
from roobridge.spelling.scanner import Found, Miss
from roobridge.spelling.states import OPENS_CALL, Terminal

_HEAD = re.compile(r"(`{3,}|~{3,})([^\n`]*)(\n[ \t\r\n]*)?")
_HEAD_LIMIT = 64  # characters after a fence's run, its info and blanks, that are kept back
_INNER_HEAD = re.compile(r"(?:`{3,6}|~{3,6})[^\n`]{,16}(\n[ \t\r\n]{,8})?")  # of a fence in a fence
_INNER_LIMIT = 6 + 16 + 1 + 8


class FenceLexer:
    """tools: some are declared, so that JSON may be a call."""

    def __init__(
        self, cursor: Cursor, content: Content, candidate: Candidate, known: Lexicons, *, tools: bool
    ) -> None:
        self._cursor = cursor
        self._content = content
        self._candidate = candidate
        self._known = known
        self._tools = tools

    def lex_head(self) -> Token | None:
        """The opening line, and what the body begins with, be it behind another fence's opening line."""
        cursor = self._cursor
        text = cursor.text
        head = _HEAD.match(text, cursor.at)
        assert head is not None
        end = head.end()
        short = end - head.end(1) < _HEAD_LIMIT
        if end == len(text) and not cursor.ending and short:
            return None
        # Longer opening lines are no JSON's or call's, and what is kept back stays bounded (law 2).
        info, blank = head[2].strip(), head[3]
        if blank is not None and end < len(text) and text[end] in "`~" and short:
            inner = _INNER_HEAD.match(text, end)
            if not cursor.ending and _may_go_on(text, end, inner):
                return None
            if inner is not None and inner[1] and inner.end() < len(text):
                end = inner.end() if text[inner.end()] in "{[" else end
        if blank is not None and end < len(text) and short:
            token = self._body_at(head, info, end)
            if token is not None:
                return token
            if not cursor.ending and self._known.words.match(text, end)[0] is Miss.MORE:
                return None
        return self._text(head, plain=short and blank is None)

    def _text(self, head: re.Match[str], *, plain: bool) -> Token:
        """The opening line is text. plain: more of its run may follow, and then it is no fence."""
        markdown = self._content.markdown
        self._cursor.at = head.end(2)
        markdown.open_fence(head[1])
        if plain and self._cursor.text.startswith("`", self._cursor.at):
            markdown.not_fence(head[1])
        markdown.advance(head[2], 0, len(head[2]))
        return Token(Terminal.TEXT, head[1] + head[2])

    def _body_at(self, head: re.Match[str], info: str, at: int) -> Token | None:
        """What of a call the fence's body begins with."""
        cursor = self._cursor
        if cursor.text[at] in "{[" and self._tools:
            return cursor.take(at, Terminal.BRACE, info)
        found, end = self._known.words.match(cursor.text, at) if self._content.examples else (Miss.NONE, at)
        if not isinstance(found, Found) or found.terminal not in OPENS_CALL:
            return None
        # The fence goes with the example that it begins: if that is text, so is the opening line.
        self._content.fence_head = head[0]
        cursor.at = at
        return cursor.take(end, found.terminal, found.name, found.dialect)

    def lex_body(self) -> Token | None:
        """Of a fence that may hold JSON calls: up to its closing line, or to what is none."""
        cursor, markdown, block = self._cursor, self._content.markdown, self._candidate.block
        assert block is not None
        start = cursor.at
        text = cursor.text[start:] if start else cursor.text
        if markdown.flows(text):
            cursor.at, stop = len(cursor.text), Stop.END
        else:
            cursor.at, stop = markdown.advance(cursor.text, start, len(cursor.text))
            text = cursor.text[start : cursor.at]
        block.add(text)
        if block.dead or (stop is Stop.CLOSED and not block.ready):
            return Token(Terminal.TEXT)
        return Token(Terminal.FENCE_CLOSE) if stop is Stop.CLOSED else None

    def lex_lone(self) -> Token | None:
        """JSON at a line's start: up to the end of its calls, or to what is none."""
        cursor, block = self._cursor, self._candidate.block
        assert block is not None
        start, cursor.at = cursor.at, len(cursor.text)
        block.add(cursor.text[start:])
        cursor.at -= block.leave()
        behind = cursor.at < len(cursor.text)
        if block.dead or (behind and not block.ready):
            return Token(Terminal.TEXT)
        return Token(Terminal.OBJECT_DONE) if behind else None


def _may_go_on(text: str, at: int, head: re.Match[str] | None) -> bool:
    """Whether more text decides if a fence's opening line stands at `at`, and what follows it."""
    if head is not None:
        return head.end() == len(text) and len(text) - at < _INNER_LIMIT
    return fence_run(text, at) == len(text) and len(text) - at < FENCE
