"""Closing tags where a call may end: which of its tags each one closes, and whether it may be believed."""

from __future__ import annotations

from roobridge.calls.tagged import TagCall
from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.token import Token
from roobridge.spelling.closers import CLOSES, Level, Tag, close_end, tag_at
from roobridge.spelling.scanner import Miss
from roobridge.spelling.states import BEFORE_VALUE, Action, State, Terminal
from roobridge.spelling.words import is_prose


class ChainClosers:
    """As `ChainOpeners`."""

    def __init__(self, cursor: Cursor, candidate: Candidate) -> None:
        self._cursor = cursor
        self._candidate = candidate

    def read(self, state: State, call: TagCall) -> tuple[Token | None, bool]:
        cursor = self._cursor
        found = tag_at(cursor.text, cursor.at)
        if not isinstance(found, Tag) or not found.closing:
            return None, found is Miss.MORE
        end = close_end(cursor.text, found.end)
        level = self._level(state, call, found.word)
        if level is None or end is None or end < 0:
            return None, level is not None and end is None
        if state is State.INNER and call.tags.holds(found.word):
            return self._inner(call, found.word, level, end), False
        return self._outer(state, call, level, end), False

    def _inner(self, call: TagCall, word: str, level: Level, end: int) -> Token:
        """Its opener stands in the value."""
        if level is Level.PARAM:
            return Token(Terminal.TEXT)
        call.tags.closed(word)
        return self._cursor.take(end, Terminal.INNER_CLOSE, level.name)

    def _outer(self, state: State, call: TagCall, level: Level, end: int) -> Token | None:
        """It closes something of the call's own, if the state has a row for it; None for words there."""
        cursor, row = self._cursor, self._candidate.row
        terminal = CLOSES[level]
        exact = cursor.text[cursor.at : end] == call.tags.exact(level)
        if terminal is Terminal.TOOL_CLOSE and self._is_late(state, exact=exact):
            terminal = Terminal.LATE_CLOSE
        step = row(state, terminal)
        if step is None:
            return None if state is State.CLOSED else Token(Terminal.TEXT)
        if step.action is Action.COMMIT and self._is_doubted(call):
            if row(state, Terminal.DOUBTED_CLOSE) is None:
                return Token(Terminal.TEXT)
            terminal = Terminal.DOUBTED_CLOSE
        # Half of a call's parameters must not pass for all of them (law 9).
        if terminal is not Terminal.PARAM_CLOSE and self._is_lost(state, call):
            return Token(Terminal.GARBLED)
        return cursor.take(end, terminal)

    def _is_doubted(self, call: TagCall) -> bool:
        """A value that may hold anything may only speak of the chain of closing tags: in quotes, in a fence,
        or with words between them on their line.
        """
        # A path or a number speaks of no tags.
        if not call.tags.free:
            return False
        words = self._candidate.words.lstrip(" \t")
        spoken = words.strip() != "" and words[0] not in "\r\n"
        return spoken or call.so_far.quoted or call.so_far.fenced

    def _is_lost(self, state: State, call: TagCall) -> bool:
        """What the call lacks may well stand in the words between its tags, or under another name."""
        mangled = call.mangled or any(token.terminal is Terminal.WORDS for token in self._candidate.held)
        return mangled and not call.complete() and self._candidate.row(state, Terminal.GARBLED) is not None

    def _is_late(self, state: State, *, exact: bool) -> bool:
        """Whether the tool's closing tag leaves it open that the value ended before it."""
        if state is State.BETWEEN:
            return is_prose(self._candidate.words)
        return state in (State.NEARLY, State.ODD) and not exact

    def _level(self, state: State, call: TagCall, word: str) -> Level | None:
        """Before the first parameter there is no value whose closing tags could be near."""
        if state in BEFORE_VALUE:
            return Level.TOOL if call.dialect.tool_close.format(call.tool.name) == f"</{word}>" else None
        return call.tags.level(word)
