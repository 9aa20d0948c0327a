"""What the serving processes of one service tell one another, on one host or on several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Protocol, TypeAlias

import msgspec

LONGEST = 1 << 20  # bytes of a word; a conversation of 50,000 messages

Digest: TypeAlias = Annotated[bytes, msgspec.Meta(max_length=16)]


class Broke(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """The reply to a request of this fingerprint broke off."""

    fingerprint: Digest


class Held(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """One that had broken off came whole."""

    fingerprint: Digest


class Began(msgspec.Struct, frozen=True, tag=True, forbid_unknown_fields=True):
    """A turn of this owner began, with messages of these digests."""

    owner: Digest
    digests: tuple[Digest, ...]


Word: TypeAlias = Broke | Held | Began


class Others(Protocol):
    """The other processes, as one of them sees them. A word only spares work: none is waited for."""

    def listen(self, hear: Callable[[Word], None]) -> None:
        """From now on the running loop calls `hear` with each word of the others."""

    def tell(self, word: Word) -> None:
        """Tell all others, or say in the log that they were not told; returns at once."""

    async def aclose(self) -> None:
        """Hear and tell no more; in the loop that listens."""
