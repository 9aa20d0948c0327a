"""The serving processes of one host.

Each has a socket that all the others write to, so nothing stands between them that could fail or wait. A
word that finds a full socket is dropped, with a line in the log: it only spares work.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

import msgspec

from roobridge.service.conversations.words import LONGEST, Word

log = logging.getLogger("roobridge.peers")

_words = msgspec.msgpack.Decoder[Word](Word)


class Link(msgspec.Struct, frozen=True):
    """One process's sockets; they can be handed to a process that is started."""

    inbox: socket.socket
    others: tuple[socket.socket, ...]


def links(count: int) -> list[Link]:
    """Links that join so many processes. Raises OSError where the platform has no such sockets."""
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("this platform has no Unix sockets")
    ends = [_pair() for _ in range(count)]
    return [
        Link(inbox, tuple(outbox for _, outbox in ends[:at] + ends[at + 1 :]))
        for at, (inbox, _) in enumerate(ends)
    ]


def _pair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep a word in one piece."""
    try:
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    except OSError:  # macOS; Linux queues only ten datagrams
        return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)


class Peers:
    """The other processes, as one of them sees them. Implements Others."""

    def __init__(self, link: Link) -> None:
        self._link = link
        for end in (link.inbox, *link.others):
            end.setblocking(False)

    def listen(self, hear: Callable[[Word], None]) -> None:
        """From now on the running loop calls `hear` with each word of the others."""
        asyncio.get_running_loop().add_reader(self._link.inbox, self._read, hear)

    def tell(self, word: Word) -> None:
        data = msgspec.msgpack.encode(word)
        for other in self._link.others:
            try:
                other.send(data)
            except OSError as reason:
                log.warning("another process was not told that a turn %s: %s", type(word).__name__, reason)

    async def aclose(self) -> None:
        asyncio.get_running_loop().remove_reader(self._link.inbox)
        for end in (self._link.inbox, *self._link.others):
            end.close()

    def _read(self, hear: Callable[[Word], None]) -> None:
        while True:
            try:
                data = self._link.inbox.recv(LONGEST)
            except BlockingIOError:
                return
            if not data:  # all others are gone
                asyncio.get_running_loop().remove_reader(self._link.inbox)
                return
            hear(_words.decode(data))
