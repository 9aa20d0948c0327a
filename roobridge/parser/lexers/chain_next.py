"""Another call's opener where a closing tag of the open one should stand."""

from __future__ import annotations

from roobridge.calls.tagged import TagCall
from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import Lexicons
from roobridge.parser.token import Token
from roobridge.spelling.closers import Level
from roobridge.spelling.scanner import SPACES, Found, Miss
from roobridge.spelling.states import BEFORE_VALUE, OPENS_CALL, State, Terminal


class ChainNext:
    """As `ChainOpeners`."""

    def __init__(self, cursor: Cursor, candidate: Candidate, known: Lexicons) -> None:
        self._cursor = cursor
        self._candidate = candidate
        self._known = known

    def read(self, state: State, call: TagCall) -> tuple[Token | None, bool]:
        found, end = self._known.words.match(self._cursor.text, self._cursor.at)
        # Before the first parameter any opener ends the waiting, so that no text is waited for twice (law 3).
        if isinstance(found, Found) and found.terminal in OPENS_CALL and state not in BEFORE_VALUE:
            found = self._goes_on(found, end)
        if not isinstance(found, Found) or found.terminal not in OPENS_CALL:
            return None, found is Miss.MORE
        spoken = self._is_spoken_of(state, call)
        if spoken and state is State.CLOSED:
            return None, False
        if spoken or self._is_weak(state, call) or self._candidate.row(state, Terminal.NEXT_CALL) is None:
            return Token(Terminal.TEXT), False
        if call.complete() or self._candidate.row(state, Terminal.GARBLED) is None:
            return Token(Terminal.NEXT_CALL), False
        return Token(Terminal.TEXT if call.tags.verbatim else Terminal.GARBLED), False

    def _is_weak(self, state: State, call: TagCall) -> bool:
        """The closing tags before it do not suffice to end the value."""
        # A file may end with a mark or a wrapper's closing tag of its own; a path does not.
        if state is State.REST:
            return call.tags.verbatim
        right = call.tags.exact(Level.TOOL)
        closed = any(
            token.terminal is Terminal.TOOL_CLOSE and token.raw == right for token in self._candidate.held
        )
        return state is State.TAIL and not (call.complete() and closed)

    def _is_spoken_of(self, state: State, call: TagCall) -> bool:
        """A file that speaks of closing tags speaks of opening ones, too: unless the closing tag and the
        opening one begin lines.
        """
        ends_line = self._candidate.ends_line
        if state is State.BETWEEN and call.tags.verbatim:
            return not (call.so_far.tail[-1:] in ("", "\n") and ends_line)
        parted = state in (State.PARTING, State.CLOSED) or (state is State.ODD and call.tags.free)
        return parted and not ends_line

    def _goes_on(self, found: Found, at: int) -> Found | Miss:
        """An opener opens a call where the grammar goes on: in a wrapper with a call of a declared tool or an
        object, in a tool with a tag.
        """
        text = self._cursor.text
        blank = SPACES.match(text, at)
        at = blank.end() if blank is not None else at
        if at == len(text):
            return Miss.MORE
        if text[at] == "{" or (text[at] == "[" and found.terminal is Terminal.CALL_OPEN):
            return found
        if found.terminal is not Terminal.CALL_OPEN:
            return found if text[at] == "<" else Miss.NONE
        return self._known.inner.match(text, at)[0]
