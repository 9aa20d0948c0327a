"""The lexer of what follows a call's opener or a value's closing tag: does the call go on?"""

from __future__ import annotations

import re

from roobridge.calls.tagged import TagCall
from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexers.chain_closers import ChainClosers
from roobridge.parser.lexers.chain_next import ChainNext
from roobridge.parser.lexers.chain_openers import ChainOpeners
from roobridge.parser.lexicons import MARKED, Lexicons
from roobridge.parser.token import Token
from roobridge.spelling.dialect import Holds
from roobridge.spelling.scanner import SPACES, Found, Miss
from roobridge.spelling.states import BEFORE_VALUE, State, Terminal

_CLOSED = frozenset(
    {
        Terminal.PARAM_CLOSE,
        Terminal.NEAR_CLOSE,
        Terminal.ODD_CLOSE,
        Terminal.INNER_CLOSE,
        Terminal.TOOL_CLOSE,
        Terminal.LATE_CLOSE,
        Terminal.CALL_CLOSE,
    }
)
_IN_WORDS = frozenset({State.AWAITING, State.BETWEEN, State.PARTING, State.CLOSED})
_WORDS_END = re.compile(r"[<\n]")
_AWAITED = 500  # characters of words before a call's first parameter; more are no slip

CHAIN = frozenset(
    {
        *BEFORE_VALUE,
        State.CLOSING,
        State.NEARLY,
        State.ODD,
        State.BETWEEN,
        State.PARTING,
        State.INNER,
        State.DOUBT,
        State.ENDING,
        State.ENDING_BARE,
        State.TAIL,
        State.REST,
        State.CLOSED,
    }
)


class ChainLexer:
    """Gives the tags that go on with the call, the words between them, and TEXT for what does not."""

    def __init__(self, cursor: Cursor, candidate: Candidate, known: Lexicons) -> None:
        self._cursor = cursor
        self._candidate = candidate
        self._known = known
        self._openers = ChainOpeners(cursor, candidate)
        self._tags = (
            self._mark,
            self._openers.read,
            ChainClosers(cursor, candidate).read,
            ChainNext(cursor, candidate, known).read,
        )

    def lex(self, state: State) -> Token | None:
        cursor, call = self._cursor, self._candidate.call
        assert call is not None
        blank = SPACES.match(cursor.text, cursor.at)
        if blank is not None and self._candidate.row(state, Terminal.SPACE) is not None:
            return cursor.take(blank.end(), Terminal.SPACE)
        char = cursor.text[cursor.at]
        if char == ">" and self._candidate.held[-1].terminal in _CLOSED:  # one too many
            return cursor.take(cursor.at + 1, Terminal.SPACE)
        # Openers may lack their `<`, closing tags may not: a bare word would end every file that holds it.
        if char == "<":
            token, more = self._tag(state, call)
        elif char == "{" and self._candidate.row(state, Terminal.BRACE) is not None:
            own = call.dialect if call.dialect.holds is Holds.ARGUMENTS else self._known.braced
            return cursor.take(cursor.at + 1, Terminal.BRACE, dialect=own)
        else:
            token, more = self._openers.read(state, call)
        if token is not None:
            return token
        return None if more and not cursor.ending else self._words(state, call)

    def _tag(self, state: State, call: TagCall) -> tuple[Token | None, bool]:
        """The token of the tag at this point, and whether more text might make it one."""
        more = False
        for read in self._tags:
            token, may_be = read(state, call)
            if token is not None:
                return token, False
            more = more or may_be
        return None, more

    def _mark(self, state: State, call: TagCall) -> tuple[Token | None, bool]:
        if self._candidate.row(state, Terminal.MARK) is None:
            return None, False
        found, end = MARKED.match(self._cursor.text, self._cursor.at)
        if isinstance(found, Found):
            return self._cursor.take(end, Terminal.MARK), False
        return None, found is Miss.MORE

    def _words(self, state: State, call: TagCall) -> Token:
        cursor = self._cursor
        # What waits for a first parameter is bounded, or a tag in prose would hold all that follows (law 2).
        room = _AWAITED - len(self._candidate.words) if state in BEFORE_VALUE else len(cursor.text)
        known = self._candidate.row(state, Terminal.WORDS) is not None
        if not known or room <= 0 or not self._may_be_words(state, call):
            return Token(Terminal.TEXT)
        stop = _WORDS_END.search(cursor.text, cursor.at + 1)
        end = stop.start() if stop is not None else len(cursor.text)
        return cursor.take(min(end, cursor.at + room), Terminal.WORDS)

    def _may_be_words(self, state: State, call: TagCall) -> bool:
        if state in _IN_WORDS:
            return True
        cursor, candidate = self._cursor, self._candidate
        tag = cursor.text[cursor.at] == "<"
        # `<read_file>` within a line is spoken of; at a line's start words below it may be a slip.
        if state is State.OPENED:
            return candidate.opens_line and (tag or "\n" in candidate.behind_opener)
        # In a value that may hold anything, what stands right behind the tag, or begins with a closing tag of
        # its own, goes on with the value.
        if call.tags.verbatim and cursor.text.startswith("</", cursor.at):
            return False
        return tag or candidate.held[-1].terminal not in _CLOSED or state is State.ENDING
