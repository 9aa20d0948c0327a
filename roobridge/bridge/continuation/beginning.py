"""Where in the first words of a continuation the new begins."""

from __future__ import annotations

import re
from enum import Enum, auto

import msgspec

from roobridge.bridge.continuation.fence import behind_fence
from roobridge.bridge.continuation.overlap import MisfitError, overlap_with, stands_in
from roobridge.bridge.continuation.preamble import behind_known_words, behind_preamble, behind_thinking
from roobridge.bridge.reply.unfinished import Opening
from roobridge.dialects import DIALECTS

# Characters of a continuation that are looked at, and held so long: its fate is open (law 2). They have room
# for the longest introducing words, a fence's line and an overlap of some lines behind them.
HEAD = 512
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


def find_beginning(opening: Opening, head: str, *, last: bool, thought: bool = False) -> Beginning:
    """What a continuation that begins with `head` does.

    last: it is the whole continuation. thought: thinking stood before it. Raises MisfitError where two
    readings are possible.
    """
    # What can be verified comes before what has to be judged: a call told again is compared value by value.
    anew = _anew(opening, head)
    if anew is not None:
        return Beginning(How.RESTARTS, anew)
    if thought:
        blank = behind_thinking(opening, head)
        found = find_beginning(opening, head[blank:], last=last)
        return msgspec.structs.replace(found, at=found.at + blank)
    known = behind_known_words(opening, head)
    if known:
        return Beginning(How.GOES_ON, known, repairs=("preamble_removed", "overlap_removed"))
    at = behind_preamble(opening, head)
    repairs: list[str] = []
    if at:
        repairs.append("preamble_removed")
    body = behind_fence(opening, head, at)
    if body > at:
        repairs.append("fence_removed")
    # Longer than an overlap, and not at the end of what came: the model has begun somewhere further up.
    if _is_known(opening, head[body:], last=last):
        return Beginning(How.REPEATS, body, body > at, tuple(repairs))
    length = overlap_with(opening, head[body:])
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


def _is_known(opening: Opening, body: str, *, last: bool) -> bool:
    """All of it stands somewhere in what was received, and not at its end."""
    received = opening.text
    enough = _REPEATED if last else HEAD // 2
    if len(body) < enough or received.endswith(body):
        return False
    if body not in received:
        if opening.escaped and stands_in(received, body):
            raise MisfitError("it says again what was received, but spells it otherwise")
        return False
    if received.count(body) > 1:
        raise MisfitError("it may repeat one of several places, or go on")
    return True
