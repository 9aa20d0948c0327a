"""The lexer of the states that decide by what follows: behind a wrapper, an object, a mark, a stray tag."""

from __future__ import annotations

import re

from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import MARKED, Lexicons
from roobridge.parser.token import Token
from roobridge.spelling.scanner import BLANKS, SPACES, Found, Lexicon, Miss
from roobridge.spelling.states import OPENS_CALL, State, Terminal

_SPACES_IN_LINE = re.compile(f"[{BLANKS.replace(chr(10), '')}]+")
_BRACES = {
    (State.WRAPPED, "["): Terminal.BRACKET,
    (State.WRAPPED, "{"): Terminal.BRACE,
    (State.OBJECT_END, "}"): Terminal.BRACE,
    (State.OBJECT_END, "{"): Terminal.NEXT_CALL,
    (State.OBJECT_END, ","): Terminal.BRACKET,
    (State.OBJECT_END, "]"): Terminal.BRACKET,
}


class AheadLexer:
    """Gives white space, braces and the literals that may come; TEXT for everything else, which it leaves."""

    def __init__(self, cursor: Cursor, candidate: Candidate, known: Lexicons) -> None:
        self._cursor = cursor
        self._candidate = candidate
        self._known = known

    def lex(self, state: State) -> Token | None:
        cursor, row = self._cursor, self._candidate.row
        # A stray tag is noise where nothing else stands on its line.
        blank = (_SPACES_IN_LINE if state is State.STRAY else SPACES).match(cursor.text, cursor.at)
        if blank is not None and row(state, Terminal.SPACE) is not None:
            return cursor.take(blank.end(), Terminal.SPACE)
        char = cursor.text[cursor.at]
        if char == "\n" and state is State.STRAY:  # alone on its line
            return Token(Terminal.STRAY_NOISE)
        if char in "{}[]," and (state, char) in _BRACES:
            return self._brace(state, char)
        lexicon = self.lexicon(state)
        if lexicon.may_begin(char) or state is State.WRAPPED:
            found, end = lexicon.match(cursor.text, cursor.at)
            if found is Miss.MORE and not cursor.ending:
                return None
            if isinstance(found, Found) and found.terminal is Terminal.NEXT_CALL:
                return Token(Terminal.NEXT_CALL)
            if isinstance(found, Found) and row(state, found.terminal) is not None:
                return cursor.take(end, found.terminal, found.name, found.dialect)
            if state is State.STRAY:
                return self._stray_end()
        return Token(Terminal.TEXT)

    def _stray_end(self) -> Token | None:
        """A stray closing tag right before a call is noise as it is alone on its line."""
        begins, _ = self._known.words.match(self._cursor.text, self._cursor.at)
        if begins is Miss.MORE and not self._cursor.ending:
            return None
        opens = isinstance(begins, Found) and begins.terminal in OPENS_CALL
        return Token(Terminal.STRAY_NOISE if opens else Terminal.TEXT)

    def _brace(self, state: State, char: str) -> Token:
        terminal = _BRACES[state, char]
        if terminal is Terminal.NEXT_CALL:
            return Token(terminal)
        return self._cursor.take(self._cursor.at + 1, terminal, dialect=self._candidate.braced)

    def lexicon(self, state: State) -> Lexicon:
        """The literals that may come in this state."""
        if state is State.WRAPPED:
            return self._known.inner
        if state is State.STRAY:
            return self._known.stray_closes
        if state is State.MARKED:
            return MARKED
        if state in (State.OBJECT, State.OBJECT_END):
            return self._candidate.closers
        if state is State.KEPT:
            return self._known.closes
        assert self._candidate.call is not None
        return self._candidate.call.begun
