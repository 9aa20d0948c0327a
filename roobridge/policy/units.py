"""Lengths in UTF-16 units, as clients count them."""

from __future__ import annotations

from roobridge.spelling.words import speaks


def units(text: str) -> int:
    """UTF-16 units."""
    # A JavaScript string counts a character beyond U+FFFF twice (ECMA-262, String.length).
    return len(text) + sum(map("\uffff".__lt__, text)) if not text.isascii() else len(text)


def head_units(text: str, room: int) -> str:
    """The longest beginning with at most that many UTF-16 units."""
    head = text[:room]
    while units(head) > room:
        head = head[: len(head) - max(1, (units(head) - room) // 2)]
    return head


def split_units(text: str, limit: int) -> tuple[str, str]:
    """The text cut in two so that the second part has at most `limit` UTF-16 units; 0 is no limit.

    The cut falls behind a line's end where one is near, and never leaves the second part without a
    letter or digit.
    """
    if not limit or len(text) <= limit // 2 or units(text) <= limit:
        return "", text
    tail = text[-limit:]
    over = units(tail) - limit
    while over > 0:
        tail = tail[over // 2 + over % 2 :]
        over = units(tail) - limit
    newline = tail.find("\n", 0, limit // 10)
    if newline >= 0 and speaks(tail[newline:]):
        tail = tail[newline + 1 :]
    if not speaks(tail):
        return "", text
    return text[: len(text) - len(tail)], tail
