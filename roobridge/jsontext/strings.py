"""The characters of JSON strings, escapes decoded as soon as they are complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from json.encoder import encode_basestring
from string import hexdigits

import msgspec

# Characters and the escapes of one letter, as many as stand together.
_RUNS = {
    '"': re.compile(r"""(?:[^"\\]++|\\["\\/bfnrt])++"""),
    "'": re.compile(r"""(?:[^'\\]++|\\["\\/bfnrt'])++"""),
}
_ESCAPES = re.compile(r"\\(.)")
# The escapes of RFC 8259, section 7, and the quote that Python escapes within its own.
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'"}
_LOST = "\ufffd"
_SURROGATES = re.compile("[\ud800-\udfff]")


class StringDecoder:
    """Reads one string after another, each cut anywhere; `repaired` is told the repairs.

    An escape that JSON does not know stays as it is written, the repair `json_unknown_escape`. Half a
    surrogate pair becomes U+FFFD, the repair `lone_surrogate`.
    """

    def __init__(self, repaired: Callable[[str], None]) -> None:
        self._repaired = repaired
        self.lines = False  # the open string holds a line's end as it is, unescaped
        self._quote = '"'
        self._escape = ""  # the begun escape
        self._high = 0  # the first half of a pair

    def start(self, quote: str) -> None:
        """A string opened with this quote begins."""
        self._quote = quote
        self.lines = False

    def flow(self, text: str) -> str:
        """The characters of text that stays within the string and cuts no escape; otherwise nothing, and
        nothing is taken.
        """
        if self._escape or self._high:
            return ""
        if "\n" in text:
            return ""  # `read` marks the line's end, by which a value of one line is told from a broken one
        if "\\" not in text:
            return text if self._quote not in text else ""
        if _RUNS[self._quote].fullmatch(text) is None:
            return ""
        return _ESCAPES.sub(_simple, text)

    def read(self, text: str, i: int) -> tuple[str, int, bool]:
        """The next characters from text[i] on, where they end, and whether the string ended with them."""
        if self._escape:
            chars, i = self._read_escape(text, i)
            return chars, i, False
        found = _RUNS[self._quote].match(text, i)
        if found is not None:
            run = found[0]
            self.lines = self.lines or "\n" in run
            if "\\" in run:
                run = _ESCAPES.sub(_simple, run)
            return self._lone() + run, found.end(), False
        if text[i] == "\\":
            self._escape = "\\"
            return "", i + 1, False
        return self._lone(), i + 1, True

    def _read_escape(self, text: str, i: int) -> tuple[str, int]:
        char, escape = text[i], self._escape
        if escape == "\\" and char != "u":
            self._escape = ""
            if char not in _SIMPLE:
                self._repaired("json_unknown_escape")
            elif char == "'" and self._quote == '"':
                self._repaired("python_literal")
            return self._lone() + _SIMPLE.get(char, "\\" + char), i + 1
        if escape != "\\" and char not in hexdigits:
            self._escape = ""
            self._repaired("json_unknown_escape")
            return self._lone() + escape, i
        self._escape += char
        if len(self._escape) < len(r"\uFFFF"):
            return "", i + 1
        code = int(self._escape[2:], 16)
        self._escape = ""
        return self._character(code), i + 1

    def _character(self, code: int) -> str:
        if self._high and 0xDC00 <= code < 0xE000:
            high, self._high = self._high, 0
            return chr(0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00))
        before = self._lone()
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return before
        if 0xDC00 <= code < 0xE000:
            self._repaired("lone_surrogate")
            return before + _LOST
        return before + chr(code)

    def _lone(self) -> str:
        """What stands for the first half of a pair whose second half does not come.

        RFC 8259, section 8.2 leaves it open; UTF-8, in which every client is written to, has no such half.
        """
        if not self._high:
            return ""
        self._high = 0
        self._repaired("lone_surrogate")
        return _LOST


def _simple(escape: re.Match[str]) -> str:
    return _SIMPLE[escape[1]]


def quoted(text: str) -> str:
    """The text as a JSON string; lone surrogates, which UTF-8 cannot carry, as U+FFFD."""
    json = encode_basestring(text)
    return _SURROGATES.sub("\ufffd", json) if not json.isascii() else json


def one_line(value: object) -> str:
    """JSON on one line with a space after each comma and colon, as chat templates write it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
