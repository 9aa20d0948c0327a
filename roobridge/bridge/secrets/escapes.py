"""Escapes in a text, taken off to look behind them: a secret stands in a text however that text writes it.

Known are those of JSON and of most programming languages (`\\u0073`, `\\x73`, `\\/`, `\\n`), of URLs (`%73`)
and of HTML (`&#115;`, `&#x73;`, `&amp;`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

LAYERS = 3  # that are taken off: JSON in a JSON string in a URL

_ESCAPE = re.compile(
    r"\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([\"'\\/nrtbf]))"
    r"|%([0-9A-Fa-f]{2})"
    r"|&(?:#[xX]([0-9A-Fa-f]{1,5})|#([0-9]{1,6})|(amp|lt|gt|quot|apos));"
)
_HEXADECIMAL = frozenset({1, 2, 4, 5})
_DECIMAL = 6
_NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_NAMED |= {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}


class Unescaped:
    """A text with one layer of its escapes taken off; each leaves one character.

    text: what is left; None where there was none to take off.
    """

    def __init__(self, escaped: str) -> None:
        pieces: list[str] = []
        self._here, self._there = [0], [0]  # where the runs between escapes begin: in `text`, in `escaped`
        length = end = 0
        for found in _ESCAPE.finditer(escaped):
            start = found.start()
            pieces += escaped[end:start], _char(found)
            length += start - end
            end = found.end()
            self._here += length, length + 1
            self._there += start, end
            length += 1
        self.text = "".join([*pieces, escaped[end:]]) if pieces else None

    def origin(self, index: int) -> int:
        """Where the character at this index of `text` stands in the escaped text; of its end, the end."""
        run = bisect_right(self._here, index) - 1
        return self._there[run] + index - self._here[run]


def unescaped(text: str) -> Iterator[str]:
    """The text, and what it is with one layer of escapes less, and another: a secret that holds what looks
    like an escape loses it together with the escapes around it.
    """
    yield text
    for _ in range(LAYERS):
        inner = Unescaped(text).text
        if inner is None:
            return
        text = inner
        yield text


def _char(found: re.Match[str]) -> str:
    kind = found.lastindex
    assert kind is not None
    said = found[kind]
    if kind in _HEXADECIMAL or kind == _DECIMAL:
        code = int(said, 10 if kind == _DECIMAL else 16)
        return chr(code) if code <= 0x10FFFF else "\ufffd"
    return _NAMED.get(said, said)
