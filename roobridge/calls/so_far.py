"""What an open value holds so far, as far as its end is decided by it."""

from __future__ import annotations

from roobridge.calls.value_tags import ValueTags

_TAIL = 48  # characters, where a closing tag that lost its `<` may stand
_LINE_HEAD = 12  # characters of a line, in which a fence begins


class SoFar:
    """Text that flows is only kept (`flowed`), and is looked at once somebody asks: each character once.

    tags: of the value, which are told the text too.
    """

    def __init__(self, tags: ValueTags) -> None:
        self.flowed: list[str] = []
        self._tags = tags
        self._tail = ""
        self._said = False
        self._lines = False
        self._fenced = False
        self._line = ""  # how its last line begins
        self._quotes = dict.fromkeys("\"'`", 0)  # on its last line

    @property
    def tail(self) -> str:
        """Its last characters."""
        self._look()
        return self._tail

    @property
    def said(self) -> bool:
        """It has more than white space."""
        self._look()
        return self._said

    @property
    def lines(self) -> bool:
        """It holds a line's end, behind what is more than white space."""
        self._look()
        return self._lines

    @property
    def fenced(self) -> bool:
        """Its end stands in a code fence of its own."""
        self._look()
        return self._fenced

    @property
    def quoted(self) -> bool:
        """Its last character is a quote that opens on the last line: what follows is spoken of."""
        self._look()
        quote = self._tail[-1:]
        return quote in self._quotes and self._quotes[quote] % 2 == 1

    @property
    def garbled(self) -> bool:
        """It has swallowed markup of the call."""
        self._look()
        return self._tags.garbled

    def _look(self) -> None:
        if not self.flowed:
            return
        raw = "".join(self.flowed)
        self.flowed.clear()
        self._lines = self._lines or "\n" in (raw if self._said else raw.lstrip())
        self._said = self._said or not raw.isspace()
        self._tail = (self._tail + raw)[-_TAIL:]
        self._walk_fences(raw)
        self._count_quotes(raw)
        self._tags.add(raw)

    def _walk_fences(self, raw: str) -> None:
        text = self._line + raw
        *lines, last = text.split("\n")
        if "```" in text or "~~~" in text:
            self._fenced ^= sum(line.lstrip().startswith(("```", "~~~")) for line in lines) % 2 == 1
        self._line = last[:_LINE_HEAD]

    def _count_quotes(self, raw: str) -> None:
        _, newline, last = raw.rpartition("\n")
        for quote, known in self._quotes.items():
            self._quotes[quote] = last.count(quote) + (0 if newline else known)
