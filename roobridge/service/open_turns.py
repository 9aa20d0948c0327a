"""Turns that are still running, so that a conversation which has gone on ends its older turn.

Roo 3.36 and 3.52 leave the connection open after a cancel: that the client has gone shows only in its next
request. Identical requests never touch each other, since two windows may ask the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from roobridge.bridge.conversation import is_extension
from roobridge.errors import ReplyError, RoobridgeError


class Cancellable(Protocol):
    def cancel(self, reason: RoobridgeError) -> None: ...


class _Open(msgspec.Struct, frozen=True):
    digests: Sequence[bytes]
    turn: Cancellable


class OpenTurns:
    """The open turns of agents, by the client's key."""

    def __init__(self) -> None:
        self._open: dict[str, dict[int, _Open]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def add(self, key: str, digests: Sequence[bytes], turn: Cancellable) -> None:
        """A turn begins; those of the same key whose messages it goes on from are cancelled."""
        of_key = self._open.setdefault(key, {})
        for older in [entry for entry in of_key.values() if is_extension(entry.digests, digests)]:
            older.turn.cancel(_superseded())
        of_key[id(turn)] = _Open(digests, turn)

    def remove(self, key: str, turn: Cancellable) -> None:
        """A turn is over."""
        of_key = self._open.get(key, {})
        of_key.pop(id(turn), None)
        if not of_key:
            self._open.pop(key, None)


def _superseded() -> ReplyError:
    return ReplyError(
        "A newer request of the same conversation took this one's place.", code="superseded", status_hint=409
    )
