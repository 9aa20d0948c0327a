"""Where in the first words of a continuation the new begins."""

from __future__ import annotations

import re
from enum import Enum, auto

import msgspec

from roobridge.bridge.continuation.overlap import MisfitError, overlap
from roobridge.bridge.continuation.preamble import fence, introduces, preamble
from roobridge.bridge.reply.unfinished import Opening
from roobridge.dialects import DIALECTS

HEAD = 512  # characters of a continuation that are looked at
_TOLD = 6  # characters of a tag that are known again
_REPEATED = 64  # characters that stand in a text twice only because they were repeated


class How(Enum):
    """What a continuation does."""

    GOES_ON = auto()
    REPEATS = auto()  # it says again what stands somewhere in what was received
    RESTARTS = auto()  # it tells the open call again


class Beginning(msgspec.Struct, frozen=True):
    """at: where in the head. fenced: a code fence is around it. repairs: for what is left out."""

    how: How
    at: int = 0
    fenced: bool = False
    repairs: tuple[str, ...] = ()


def find_beginning(opening: Opening, head: str, *, last: bool) -> Beginning:
    """What a continuation that begins with `head` does.

    last: it is the whole continuation. Raises MisfitError where two readings are possible.
    """
    anew = _anew(opening, head)
    if anew is not None:
        return Beginning(How.RESTARTS, anew)
    known = _behind_known_words(opening, head)
    if known:
        return Beginning(How.GOES_ON, known, repairs=("preamble_removed", "overlap_removed"))
    at, repairs = 0, []
    if preamble(head):
        at = _behind_preamble(opening, head)
        repairs.append("preamble_removed")
    body = _behind_fence(opening, head, at)
    if body > at:
        repairs.append("fence_removed")
    if _is_known(opening, head[body:], last=last):
        return Beginning(How.REPEATS, body, body > at, tuple(repairs))
    length = _overlap(opening, head[body:])
    if length:
        repairs.append("overlap_removed")
    return Beginning(How.GOES_ON, body + length, body > at, tuple(repairs))


def _anew(opening: Opening, head: str) -> int | None:
    """Where the open call begins anew: at once, or at the beginning of a later line.

    Whatever precedes it: told again it must agree with what was sent, so nothing is taken on trust.
    """
    if opening.call is None:
        return None
    name = opening.call.name
    opener = "|".join(dict.fromkeys(dialect.reopening(name) for dialect in DIALECTS))
    found = re.search(rf"(?:\A|\n)\s*({opener})", head)
    return found.start(1) if found else None


def _behind_known_words(opening: Opening, head: str) -> int:
    """Behind the beginning of a call that was not announced yet, where words about it precede it."""
    begun = opening.begun
    at = head.find(begun) if len(begun) >= _TOLD else -1
    if at <= 0 or head[at - 1] != "\n" or not introduces(head[:at]):
        return 0
    return at + len(begun)


def _behind_preamble(opening: Opening, head: str) -> int:
    at = preamble(head)
    body = head[at:].lstrip("\r\n")
    behind = len(head) - len(body)
    if behind == at or fence(body) or _surely_overlaps(opening, body):
        return behind
    raise MisfitError("after the words before it, it may begin with an empty line or not")


def _behind_fence(opening: Opening, head: str, at: int) -> int:
    """Behind a fence that was opened around the continuation; `at` where none was."""
    body = fence(head[at:])
    if not body or (opening.call is None and not opening.begun):
        return at
    if at:
        return at + body
    fits = _may_hold_fence(opening)
    at_once = head[0] in "`~"
    inside_line = opening.text[-1:] not in ("\n", "`", "~", ">")
    if at_once and (inside_line or not fits):
        return body
    if not at_once and fits:
        return 0
    raise MisfitError("it begins with a code fence, which may be part of it")


def _may_hold_fence(opening: Opening) -> bool:
    """The value that is open may itself have a code fence here."""
    call = opening.call
    if call is None or call.param is None or opening.escaped:
        return False
    text = call.param.text
    markdown = any(given.text.strip().endswith((".md", ".mdx")) for given in call.params if given.closed)
    return markdown or "```" in text or not text.strip()


def _is_known(opening: Opening, body: str, *, last: bool) -> bool:
    """All of it stands somewhere in what was received, and not at its end."""
    received = opening.text
    enough = _REPEATED if last else HEAD // 2
    if len(body) < enough or body not in received or received.endswith(body):
        return False
    if received.count(body) > 1:
        raise MisfitError("it may repeat one of several places, or go on")
    return True


def _surely_overlaps(opening: Opening, body: str) -> bool:
    try:
        return _overlap(opening, body) > 0
    except MisfitError:
        return False


def _overlap(opening: Opening, body: str) -> int:
    try:
        return overlap(opening.text, body, escaped=opening.escaped)
    except MisfitError:
        if opening.call is None and not opening.begun:
            return 0  # a repeated word in an answer does no harm
        raise
