from __future__ import annotations

from roobridge.errors import RoobridgeError
from roobridge.service.conversations.open_turns import OpenTurns

FIRST = (b"1", b"2")
LATER = (b"1", b"2", b"3")


class Open:
    def __init__(self) -> None:
        self.cancelled_with: RoobridgeError | None = None

    def cancel(self, reason: RoobridgeError) -> None:
        self.cancelled_with = reason


def begin(turns: OpenTurns, owner: bytes, digests: tuple[bytes, ...]) -> Open:
    turn = Open()
    turns.supersede(owner, digests)
    turns.add(owner, digests, turn)
    return turn


def test_an_extension_cancels_the_older_turn() -> None:
    turns = OpenTurns()
    old = begin(turns, b"owner", FIRST)
    new = begin(turns, b"owner", LATER)
    assert old.cancelled_with is not None
    assert old.cancelled_with.code == "superseded"
    assert new.cancelled_with is None


def test_identical_older_and_foreign_requests_are_left_alone() -> None:
    turns = OpenTurns()
    begun = [begin(turns, b"owner", digests) for digests in (LATER, LATER, FIRST)]
    begun.append(begin(turns, b"other", (*LATER, b"4")))
    assert all(turn.cancelled_with is None for turn in begun)
    assert len(turns) == 4


def test_a_turn_that_is_over_is_forgotten() -> None:
    turns = OpenTurns()
    old = begin(turns, b"owner", FIRST)
    turns.remove(b"owner", old)
    turns.remove(b"owner", old)
    assert len(turns) == 0
    begin(turns, b"owner", LATER)
    assert old.cancelled_with is None
