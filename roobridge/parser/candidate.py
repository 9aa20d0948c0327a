"""What may be a call: the tokens held for it, and the call that they opened."""

from __future__ import annotations

import re
from itertools import takewhile

from roobridge.calls.object import JsonCall
from roobridge.calls.tagged import TagCall
from roobridge.parser.json_block import JsonBlock
from roobridge.parser.token import Token
from roobridge.spelling.content_rows import CONTENT_TABLE
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.scanner import Lexicon
from roobridge.spelling.states import OPENS_CALL, State, Step, Terminal

_LINE_BEGUN = re.compile(r"\n[ \t]*\Z")


class Candidate:
    """held: tokens that no event was given for yet. dialect: of the open call, in tags (`call`) or as an
    object (`json`). braced: the dialect of an object in the wrapper that is open. closers: what may close
    the open object. opens_line: its first tag began its line. block: text that may be the reply's last JSON
    call.
    """

    def __init__(self, braced: Dialect, closers: Lexicon) -> None:
        self.held: list[Token] = []
        self.dialect: Dialect | None = None
        self.call: TagCall | None = None
        self.json: JsonCall | None = None
        self.block: JsonBlock | None = None
        self.braced = braced
        self.closers = closers
        self.opens_line = False

    def row(self, state: State, terminal: Terminal) -> Step | None:
        """What the terminal does in this state; None where the state's lexer never gives it."""
        if self.dialect is not None:
            step = self.dialect.table.get((state, terminal))
            if step is not None:
                return step
        return CONTENT_TABLE.get((state, terminal))

    @property
    def open_call(self) -> str:
        """The name of the call that was announced and is not finished, or empty."""
        if self.json is not None:
            return self.json.name if self.json.announced else ""
        return self.call.tool.name if self.call is not None and self.call.announced else ""

    @property
    def text(self) -> str:
        """The source text of what is held."""
        return "".join(token.raw for token in self.held)

    def close_call(self) -> None:
        """The call is finished; what is held stays."""
        self.call = None
        self.json = None
        self.dialect = None

    def forget(self) -> None:
        """There is no candidate any more."""
        self.held.clear()
        self.close_call()
        self.block = None

    # -- what its words and lines say ------------------------------------------------------------------

    @property
    def words(self) -> str:
        """The words in it."""
        return "".join(token.raw for token in self.held if token.terminal in (Terminal.WORDS, Terminal.SPACE))

    @property
    def behind_opener(self) -> str:
        """All behind its last opening tag."""
        behind: list[str] = []
        for token in self.held:
            behind = [] if token.terminal in OPENS_CALL else [*behind, token.raw]
        return "".join(behind)

    @property
    def begins_line(self) -> bool:
        """No words stand before its end on their line: a tag without its `<` may begin there."""
        for token in reversed(self.held):
            if "\n" in token.raw or token.terminal is not Terminal.SPACE:
                return token.terminal is not Terminal.WORDS
        return True

    @property
    def ends_line(self) -> bool:
        """Its words end with a line; only the white space behind them is looked at (law 3)."""
        behind = list(takewhile(lambda token: token.terminal is not Terminal.WORDS, reversed(self.held)))
        blank = (token.raw for token in reversed(behind) if token.terminal is Terminal.SPACE)
        return _LINE_BEGUN.search("".join(blank)) is not None
