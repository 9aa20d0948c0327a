"""The lexer of a call's JSON object."""

from __future__ import annotations

from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.output import Output
from roobridge.parser.token import Token
from roobridge.spelling.scanner import Found, Miss
from roobridge.spelling.states import Terminal


class ObjectLexer:
    """Gives the object's members as events, and a terminal at its end."""

    def __init__(self, cursor: Cursor, candidate: Candidate, output: Output) -> None:
        self._cursor = cursor
        self._candidate = candidate
        self._output = output

    def lex(self) -> Token | None:
        cursor, json = self._cursor, self._candidate.json
        assert json is not None
        start = cursor.at
        json.ending = cursor.ending
        cursor.at = json.read(cursor.text, start, self._output.sink)
        # Until the tool is known it may be any JSON, which goes out as the text that it was.
        if not json.announced:
            self._candidate.held.append(Token(Terminal.TEXT, cursor.text[start : cursor.at]))
        if json.alien:
            return Token(Terminal.OBJECT_ALIEN)
        if json.broken:
            return self._brace_missing() if json.lacks_brace else Token(Terminal.OBJECT_BROKEN)
        if not json.done:
            return None
        # A call without what its tool requires would only cost the client a turn to refuse.
        return Token(Terminal.OBJECT_DONE if json.whole else Terminal.OBJECT_BROKEN)

    def _brace_missing(self) -> Token | None:
        """The object's end is missing: the wrapper's closing tag stands for it."""
        cursor, json = self._cursor, self._candidate.json
        assert json is not None
        found, end = self._candidate.closers.match(cursor.text, cursor.at)
        if found is Miss.MORE and not cursor.ending:
            return None
        if not isinstance(found, Found) or not json.whole:
            return Token(Terminal.OBJECT_BROKEN)
        return cursor.take(end, found.terminal)
