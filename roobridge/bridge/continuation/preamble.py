"""What models put before a continuation: thinking, and a sentence that introduces it.

All that treats such words otherwise stands here; a fence that may follow them is in `fence.py`.
"""

from __future__ import annotations

import re

from roobridge.bridge.continuation.fence import fence
from roobridge.bridge.continuation.overlap import MisfitError, surely_overlaps
from roobridge.bridge.reply.unfinished import Opening

# English only, in which models answer the English request to go on (`ask.py`). A sentence in another language
# is taken for the text's own, as is any that these do not know: to drop a line of a file would be worse.
_ASSENT = re.compile(r"(?:sure|certainly|of course|okay|ok|understood|apologies|sorry|my apologies)\b", re.I)
_INTRODUCES = re.compile(
    r"(?:here|continuing|continuation|continued|resuming|let me|i(?:['\u2019]ll|['\u2019]m| will| am)"
    r"|the (?:rest|continuation|remain\w*))\b",
    re.I,
)
_OF_THE_REST = re.compile(r"continu|\brest\b|remain|left off|stopped|cut off|broke off", re.I)
_THINKING = re.compile(r"\s*<(think|thinking)>")
_ENDS = (":", ".", "!", ",", "\u2026")
_TOLD = 6  # characters of a tag that are known again; fewer stand in prose
_LONGEST = 240  # characters of introducing words: two long sentences, less than `HEAD` has


def thinking(head: str) -> tuple[str, str, bool] | None:
    """The thinking that a continuation begins with, all behind it, and whether the thinking is closed. None
    where it begins otherwise.
    """
    opened = _THINKING.match(head)
    if opened is None:
        return None
    thought, found, rest = head[opened.end() :].partition(f"</{opened[1]}>")
    return thought, rest, bool(found)


def behind_thinking(opening: Opening, head: str) -> int:
    """Where a text that stood behind thinking begins: Qwen3's chat template parts the two by an empty line.

    Raises MisfitError where other empty lines may be the first of what is missing.
    """
    body = head.lstrip("\r\n")
    blank = head[: len(head) - len(body)]
    if blank.replace("\r", "") == "\n\n":
        return len(blank)
    if not blank or (opening.call is None and not opening.begun):
        return 0  # in an answer an empty line more does no harm
    if fence(body) or surely_overlaps(opening, body):
        return len(blank)
    raise MisfitError("after its thinking, it may begin with an empty line or not")


def behind_known_words(opening: Opening, head: str) -> int:
    """Behind the beginning of a call that was not announced yet, where words about it precede it."""
    begun = opening.begun
    at = head.find(begun) if len(begun) >= _TOLD else -1
    if at <= 0 or head[at - 1] != "\n" or not introduces(head[:at]):
        return 0
    return at + len(begun)


def behind_preamble(opening: Opening, head: str) -> int:
    """Behind a line that introduces the continuation; 0 where none does.

    Raises MisfitError where an empty line behind it may be the first of what is missing.
    """
    at = preamble(head)
    if not at:
        return 0
    # Markdown parts a sentence from what follows by an empty line, and a file may go on with one.
    body = head[at:].lstrip("\r\n")
    behind = len(head) - len(body)
    if behind == at or fence(body) or surely_overlaps(opening, body):
        return behind
    raise MisfitError("after the words before it, it may begin with an empty line or not")


def preamble(head: str) -> int:
    """Where the text after a line that only introduces it begins; 0 where there is no such line."""
    blank = len(head) - len(head.lstrip())
    line, newline, _ = head[blank:].partition("\n")
    assent, rest = _parts(line)
    if not newline or line.strip()[-1:] not in _ENDS:
        return 0
    introduced = _OF_THE_REST.search(rest) is not None if rest else assent
    introduced = introduced and (assent or _INTRODUCES.match(rest) is not None)
    return blank + len(line) + 1 if introduced else 0


def introduces(text: str) -> bool:
    """Whether a text before the beginning of a call that was not announced yet can be words about it."""
    said = text.strip()
    assent, rest = _parts(said)
    return not said or (len(said) <= _LONGEST and (assent or _INTRODUCES.match(rest) is not None))


def _parts(said: str) -> tuple[bool, str]:
    """Whether it begins with a word of assent, and what follows that."""
    said = said.strip()
    if len(said) > _LONGEST:
        return False, ""
    assent = _ASSENT.match(said)
    return assent is not None, said[assent.end() :].lstrip(" ,.!:\n") if assent else said
