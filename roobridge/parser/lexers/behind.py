"""The lexers behind what is the reply's call only if nothing but closing tags and blanks follow it."""

from __future__ import annotations

import re

from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import MARKED, Lexicons
from roobridge.parser.markdown import FENCE_LIMIT, fence_run
from roobridge.parser.token import Token
from roobridge.spelling.scanner import SPACES, Found, Miss
from roobridge.spelling.states import OPENS_CALL, State, Terminal

_LINE_LIMIT = 64  # blanks behind the closing fence on its line that are kept back
_FENCE_LINE = re.compile(rf"(`{{3,{FENCE_LIMIT}}}|~{{3,{FENCE_LIMIT}}})[ \t\r]{{,{_LINE_LIMIT}}}(?=\n|$)")


class BehindLexer:
    """A JSON call that is kept (KEPT), and an example's call (EXAMPLE_END, EXAMPLE_OVER)."""

    def __init__(self, cursor: Cursor, candidate: Candidate, known: Lexicons) -> None:
        self._cursor = cursor
        self._candidate = candidate
        self._known = known

    def lex_kept(self) -> Token | None:
        cursor = self._cursor
        # Bare JSON behind a lost `<tool_call>`: its closing tag proves the call.
        if self._known.words.may_begin(cursor.text[cursor.at]):
            for lexicon in (self._known.closes, MARKED):
                found, end = lexicon.match(cursor.text, cursor.at)
                if found is Miss.MORE and not cursor.ending:
                    return None
                if isinstance(found, Found):
                    return cursor.take(end, found.terminal)
        return self.lex(State.KEPT)

    def lex(self, state: State) -> Token | None:
        cursor = self._cursor
        text, start = cursor.text, cursor.at
        blank = SPACES.match(text, start)
        if blank is not None:
            return cursor.take(blank.end(), Terminal.SPACE)
        if text[start] in "`~":
            return self._fence()
        if self._known.words.may_begin(text[start]):
            return self._tag(state)
        return Token(Terminal.TEXT)

    def _fence(self) -> Token | None:
        cursor = self._cursor
        text, start = cursor.text, cursor.at
        line = _FENCE_LINE.match(text, start)
        if line is not None and (line.end() < len(text) or cursor.ending):
            return cursor.take(line.end(), Terminal.FENCE_CLOSE)
        run = fence_run(text, start)
        short = run - start <= FENCE_LIMIT and len(text) - run <= _LINE_LIMIT
        if short and not cursor.ending and not text[run:].strip(" \t\r"):
            return None
        return Token(Terminal.TEXT)

    def _tag(self, state: State) -> Token | None:
        """Another call, or a closing tag that closes nothing."""
        cursor = self._cursor
        # Several calls in one fence stand one behind the other.
        begins, end = self._known.words.match(cursor.text, cursor.at)
        opens = isinstance(begins, Found) and begins.terminal in OPENS_CALL
        if isinstance(begins, Found) and opens and self._candidate.row(state, begins.terminal) is not None:
            return cursor.take(end, begins.terminal, begins.name, begins.dialect)
        closes, end = self._known.closes.match(cursor.text, cursor.at)
        if isinstance(closes, Found):
            return cursor.take(end, Terminal.STRAY_NOISE)
        more = Miss.MORE in (begins, closes) and not cursor.ending
        return None if more else Token(Terminal.TEXT)
