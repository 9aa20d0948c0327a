"""Turns that are still running, so that a conversation which has gone on ends its older turn.

Roo 3.36 and 3.52 leave the connection open after a cancel: that the client has gone shows only in its next
request. Identical requests never touch each other, since two windows may ask the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from roobridge.bridge.request.identity import is_extension
from roobridge.errors import ReplyError, RoobridgeError


class Cancellable(Protocol):
    def cancel(self, reason: RoobridgeError) -> None: ...


class _Open(msgspec.Struct, frozen=True):
    digests: Sequence[bytes]
    turn: Cancellable


class OpenTurns:
    """The open turns of agents, by their owner."""

    def __init__(self) -> None:
        self._open: dict[bytes, dict[int, _Open]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def supersede(self, owner: bytes, digests: Sequence[bytes]) -> None:
        """A turn with these messages begins: the owner's turns that it goes on from are cancelled."""
        turns = self._open.get(owner, {}).values()
        for older in [entry for entry in turns if is_extension(entry.digests, digests)]:
            older.turn.cancel(_superseded())

    def add(self, owner: bytes, digests: Sequence[bytes], turn: Cancellable) -> None:
        """A turn is open."""
        self._open.setdefault(owner, {})[id(turn)] = _Open(digests, turn)

    def remove(self, owner: bytes, turn: Cancellable) -> None:
        """A turn is over."""
        turns = self._open.get(owner, {})
        turns.pop(id(turn), None)
        if not turns:
            self._open.pop(owner, None)


def _superseded() -> ReplyError:
    return ReplyError(
        "A newer request of the same conversation took this one's place.", code="superseded", status_hint=409
    )
