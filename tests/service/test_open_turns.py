from __future__ import annotations

from roobridge.errors import RoobridgeError
from roobridge.service.open_turns import OpenTurns

FIRST = (b"1", b"2")
LATER = (b"1", b"2", b"3")


class Open:
    def __init__(self) -> None:
        self.cancelled_with: RoobridgeError | None = None

    def cancel(self, reason: RoobridgeError) -> None:
        self.cancelled_with = reason


def test_an_extension_cancels_the_older_turn() -> None:
    turns, old, new = OpenTurns(), Open(), Open()
    turns.add("key", FIRST, old)
    turns.add("key", LATER, new)
    assert old.cancelled_with is not None
    assert old.cancelled_with.code == "superseded"
    assert new.cancelled_with is None


def test_identical_older_and_foreign_requests_are_left_alone() -> None:
    turns, turn, same, shorter, foreign = OpenTurns(), Open(), Open(), Open(), Open()
    turns.add("key", LATER, turn)
    turns.add("key", LATER, same)
    turns.add("key", FIRST, shorter)
    turns.add("other", (*LATER, b"4"), foreign)
    assert turn.cancelled_with is None
    assert same.cancelled_with is None


def test_a_turn_that_is_over_is_forgotten() -> None:
    turns, old = OpenTurns(), Open()
    turns.add("key", FIRST, old)
    turns.remove("key", old)
    turns.remove("key", old)
    assert len(turns) == 0
    turns.add("key", LATER, Open())
    assert old.cancelled_with is None
