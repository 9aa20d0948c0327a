"""What the requests of agents have to do with one another, over all processes of a service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import assert_never

from roobridge.service.conversations.open_turns import Cancellable, OpenTurns
from roobridge.service.conversations.storm import Storm
from roobridge.service.conversations.words import Began, Broke, Held, Others, Word


class Conversations:
    """Open turns and broken requests. others: the other processes that serve, None where there are none."""

    def __init__(self, others: Others | None = None) -> None:
        self._open = OpenTurns()
        self._storm = Storm()
        self._others = others
        if others is not None:
            others.listen(self._hear)

    def __len__(self) -> int:
        """The turns that are open in this process."""
        return len(self._open)

    def is_repeat(self, fingerprint: bytes) -> bool:
        """Whether this request repeats one whose reply has just broken off."""
        return self._storm.is_repeat(fingerprint, time.monotonic())

    def begin(self, owner: bytes, digests: Sequence[bytes], turn: Cancellable) -> None:
        """A turn begins; the owner's turns whose messages it goes on from are cancelled."""
        self._open.supersede(owner, digests)
        self._open.add(owner, digests, turn)
        self._tell(Began(owner, tuple(digests)))

    def end(self, owner: bytes, turn: Cancellable) -> None:
        """A turn is over."""
        self._open.remove(owner, turn)

    def broke(self, fingerprint: bytes) -> None:
        """The reply to this request broke off after some of it had gone out, or did so again."""
        self._storm.broke(fingerprint, time.monotonic())
        self._tell(Broke(fingerprint))

    def held(self, fingerprint: bytes) -> None:
        """A reply to this request came whole."""
        if self.is_repeat(fingerprint):
            self._storm.held(fingerprint)
            self._tell(Held(fingerprint))

    async def aclose(self) -> None:
        if self._others is not None:
            await self._others.aclose()

    def _tell(self, word: Word) -> None:
        if self._others is not None:
            self._others.tell(word)

    def _hear(self, word: Word) -> None:
        match word:
            case Began(owner, digests):
                self._open.supersede(owner, digests)
            case Broke(fingerprint):
                self._storm.broke(fingerprint, time.monotonic())
            case Held(fingerprint):
                self._storm.held(fingerprint)
            case _:
                assert_never(word)
