"""What is only measured: comments, and JSON values that are not strings."""

from __future__ import annotations

import re

_STOP = re.compile(r"""["'{}\[\](),/#<\s]""")
_STRING_STOP = {'"': re.compile(r'["\\]'), "'": re.compile(r"['\\]")}


class Comment:
    """One comment after another: `#` or `//` up to the line's end, `/*` up to `*/`."""

    def __init__(self) -> None:
        self.broken = False  # a lone slash
        self._begun = ""

    @property
    def open(self) -> bool:
        return bool(self._begun)

    def start(self, char: str) -> None:
        """A `/` or `#` was read."""
        self._begun = char

    def read(self, text: str, i: int) -> int:
        """Read on at text[i]; gives where it stopped."""
        if self._begun == "/":
            self.broken = text[i] not in "/*"
            self._begun = "" if self.broken else "/" + text[i]
            return i if self.broken else i + 1
        if self._begun in ("/*", "/**"):
            return self._read_block(text, i)
        at = text.find("\n", i)
        if at < 0:
            return len(text)
        self._begun = ""
        return at + 1

    def _read_block(self, text: str, i: int) -> int:
        if self._begun == "/**" and text[i] == "/":
            self._begun = ""
            return i + 1
        at = text.find("*/", i)
        if at < 0:
            self._begun = "/**" if text.endswith("*") else "/*"
            return len(text)
        self._begun = ""
        return at + 2


class RawValue:
    """Finds where a value ends: at what follows it outside its own brackets and strings.

    A number has no end of its own (RFC 8259, section 6): it is whole once something else follows.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._depth = 0
        self._quote = ""  # of the open string
        self._escape = False
        self._comment = Comment()

    @property
    def closed(self) -> bool:
        """No bracket and no string is open."""
        return not self._depth and not self._quote

    def take(self) -> str:
        """The value's source text; the next value may begin."""
        text = "".join(self._parts)
        self._parts.clear()
        return text

    def read(self, text: str, i: int) -> tuple[int, bool]:
        """Read on at text[i]; gives where it stopped and whether the value is whole."""
        begin, whole = i, False
        while i < len(text) and not whole:
            if self._quote:
                i = self._skip_string(text, i)
            elif self._comment.open:
                i = self._comment.read(text, i)
            else:
                i, whole = self._read_between(text, i)
        self._parts.append(text[begin:i])
        return i, whole

    def _read_between(self, text: str, i: int) -> tuple[int, bool]:
        found = _STOP.search(text, i)
        if found is None:
            return len(text), False
        char, i = found[0], found.start()
        if char in "{[(":
            self._depth += 1
        elif char in "\"'":
            self._quote = char
        elif not self._depth:
            return i, True
        elif char in "}])":
            self._depth -= 1
        elif char in "/#":
            self._comment.start(char)
        return i + 1, False

    def _skip_string(self, text: str, i: int) -> int:
        if self._escape:
            self._escape = False
            return i + 1
        found = _STRING_STOP[self._quote].search(text, i)
        if found is None:
            return len(text)
        if found[0] == "\\":
            self._escape = True
        else:
            self._quote = ""
        return found.end()
