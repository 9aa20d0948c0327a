"""Where in the reply's text the machine stands."""

from __future__ import annotations

from roobridge.parser.token import Token
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.states import Terminal

_REREAD = 4  # times the reply's length that may be read again in all


class Cursor:
    """The text that came and is not read yet.

    text: all of it. at: where reading stands in it. ending: no more text will come. examined: characters
    that a lexer was given so far, each time anew (law 3 counts them).
    """

    def __init__(self) -> None:
        self.text = ""
        self.at = 0
        self.ending = False
        self.examined = 0
        self._second = 0  # of those, characters that had been examined before
        self._reread = 0  # characters that were read again as text

    def add(self, text: str) -> None:
        """More text came; what was kept back of the earlier is looked at again with it."""
        self.examined += len(text)
        self.examine_again(len(self.text))
        self.text += text

    def examine_again(self, count: int) -> None:
        self.examined += count
        self._second += count

    @property
    def passed(self) -> int:
        """Characters of the reply in front of this point."""
        return self.examined - self._second - len(self.text) + self.at

    def let_go(self) -> None:
        """Forget what is read."""
        self.text = self.text[self.at :]
        self.at = 0

    # -- forward ---------------------------------------------------------------------------------------

    def take(self, end: int, terminal: Terminal, name: str = "", dialect: Dialect | None = None) -> Token:
        """The text up to `end` is this terminal."""
        raw, self.at = self.text[self.at : end], end
        return Token(terminal, raw, name, dialect)

    def text_to(self, start: int, end: int) -> Token | None:
        """The characters from `start` to `end` are text; None where there are none."""
        self.at = end
        return Token(Terminal.TEXT, self.text[start:end]) if end > start else None

    def rest(self) -> Token | None:
        """All that came is text."""
        return self.text_to(self.at, len(self.text))

    # -- back ------------------------------------------------------------------------------------------

    def rewind(self, rest: str) -> None:
        """Stand before the text that was read last."""
        self.examine_again(len(rest))
        if len(rest) <= self.at:
            self.at -= len(rest)
        else:  # it began in an earlier feed
            self.text = rest + self.text[self.at :]
            self.at = 0

    def may_rewind(self, rest: str) -> bool:
        """Whether this much more may be read again without growing faster than the reply (law 3); if so, it
        is counted.
        """
        if self._reread + len(rest) > _REREAD * self.passed:
            return False
        self._reread += len(rest)
        return True
