"""Where a continuation begins to say something new.

A model that is asked to go on often says its last words again. What it repeats is told from what it means
by its length or by being whole lines; where both readings fit, nothing is guessed.
"""

from __future__ import annotations

import re

from roobridge.bridge.reply.unfinished import Opening
from roobridge.dialects import PARAMETER_HEADS
from roobridge.spelling.words import speaks

# Characters that do not stand twice in a row by chance. Fewer do in any source file (`}` and its
# indentation), so that less than this counts only as whole lines.
SURE = 16
_SURE_LINE = 3  # the same for the beginning of a line

# Behind these a line of the value begins, whether a newline follows the parameter's tag or not. The second
# one: where the value is a JSON string.
_LINE_START = re.compile(r"\n|<[\w./=-]+>")
_LINE_START_ESCAPED = re.compile(r'\n|(?<!\\)(?:\\\\)*\\n|:\s*"')
# Characters of what was received that are looked at: room for a continuation's head (`HEAD`), each character
# of which may have come as an escape of six.
_TAIL = 4096
_TAG_BEGUN = re.compile(r"<[/\w=.-]*\Z")
_TAG = re.compile("|".join((r"</[A-Za-z_][\w.-]*>", *map(re.escape, PARAMETER_HEADS))))
_INDENT = re.compile(r"[ \t]*")
# RFC 8259, section 7: a character beyond the basic plane is two escapes, and still one character here.
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\[^u]|[^\\]", re.DOTALL
)
_PARTS = 6  # characters at most that half an escape is taken for
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


class MisfitError(Exception):
    """A continuation cannot be joined on without guessing, or contradicts what was already sent."""


def overlap_with(opening: Opening, body: str) -> int:
    """As `overlap`, with what was received. Raises MisfitError only where guessing would do harm."""
    try:
        return overlap(opening.text, body, escaped=opening.escaped)
    except MisfitError:
        if opening.call is None and not opening.begun:
            return 0  # a repeated word in an answer does no harm
        raise


def surely_overlaps(opening: Opening, body: str) -> bool:
    """Whether the beginning of this text repeats the end of what was received, beyond doubt."""
    try:
        return overlap_with(opening, body) > 0
    except MisfitError:
        return False


def overlap(received: str, head: str, *, escaped: bool = False) -> int:
    """How many characters at the beginning of `head` repeat the end of `received`.

    escaped: both are JSON text inside a string. Raises MisfitError where repeating and going on look alike.
    """
    length = _literal(received, head, escaped=escaped)
    if length >= SURE or not escaped:
        return length
    # The same character may be spelled otherwise the second time (RFC 8259, section 7): `é`, then `\u00e9`.
    # What is short and alike by chance does not outweigh more of it.
    said, _ = _decode(received[-_TAIL:])
    again, ends = _decode(head)
    decoded = _literal(said, again, escaped=False)
    return max(length, ends[decoded - 1] if decoded else 0)


def stands_in(received: str, body: str) -> bool:
    """Whether this JSON text says what stands somewhere in what was received, and not at its end, in whatever
    spelling; its last characters may be a part of an escape.
    """
    said, again = _decode(received)[0], _decode(body)[0]
    known = len(again) >= SURE + _PARTS and again[:-_PARTS] in said
    return known and not said.endswith(again)


def _literal(received: str, head: str, *, escaped: bool) -> int:
    tail = received[-_TAIL:]
    newline = "\\n" if escaped else "\n"
    starts = _line_starts(tail, escaped=escaped)
    doubtful = False
    for length in range(min(len(tail), len(head)), 0, -1):
        again = head[:length]
        if not tail.endswith(again):
            continue
        at = len(tail) - length
        if length >= SURE or (at in starts and _is_line(again, newline)):
            # Of several equal lines nobody can say how many are still to come.
            if _repeats(again) or tail[:at].endswith(again):
                raise MisfitError("its first words are those that stand before it several times")
            return length
        doubtful = doubtful or (at in starts and newline in again)
    # A cut within a tag: models write the whole tag again. A lone `<` may be the value's own.
    begun = _TAG_BEGUN.search(tail)
    if begun is not None and head.startswith(begun[0]) and (len(begun[0]) > 1 or _TAG.match(head)):
        return len(begun[0])
    line = tail[max(starts) :]
    if doubtful or (line and head.startswith(line)):
        return _indentation(tail, head, starts)
    return 0


def _indentation(tail: str, head: str, starts: set[int]) -> int:
    """The overlap where both are white space: whichever makes an indentation that other lines have.

    Raises MisfitError where that does not tell, or there is more than white space.
    """
    *earlier, last = sorted(starts)
    line, again = tail[last:], _indent(head, 0)
    known = {_indent(tail, start) for start in earlier}
    if not line.strip(" \t") and again != head:
        goes_on, repeats = line + again in known, again in known
        if goes_on != repeats:
            return 0 if goes_on else len(line)
    raise MisfitError("it may repeat the beginning of the line or go on with it")


def _indent(text: str, start: int) -> str:
    found = _INDENT.match(text, start)
    return found[0] if found else ""


def _line_starts(tail: str, *, escaped: bool) -> set[int]:
    pattern = _LINE_START_ESCAPED if escaped else _LINE_START
    return {0, *(found.end() for found in pattern.finditer(tail))}


def _is_line(text: str, newline: str) -> bool:
    """Whole lines, or the beginning of one that is long enough."""
    return speaks(text.replace(newline, "")) and (newline in text or len(text.strip()) >= _SURE_LINE)


def _repeats(text: str) -> bool:
    """The text is one shorter text several times over, the last time perhaps not to its end."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))


def _decode(raw: str) -> tuple[str, list[int]]:
    """The characters that JSON text stands for, and where each one's spelling ends."""
    chars: list[str] = []
    ends: list[int] = []
    for found in _ESCAPE.finditer(raw):
        chars.append(_character(found[0]))
        ends.append(found.end())
    return "".join(chars), ends


def _character(spelling: str) -> str:
    if len(spelling) == 12:
        high, low = int(spelling[2:6], 16), int(spelling[8:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
    if len(spelling) == 6:
        return chr(int(spelling[2:], 16))
    return _SIMPLE.get(spelling[1], spelling[1]) if len(spelling) == 2 else spelling
