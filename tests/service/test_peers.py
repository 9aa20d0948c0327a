from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from roobridge.service.conversations.peers import Link, Peers, links
from roobridge.service.conversations.words import Began, Broke, Held, Word


@pytest.fixture
async def three() -> AsyncIterator[list[Link]]:
    with ExitStack() as stack:
        joined = links(3)
        for link in joined:
            for end in (link.inbox, *link.others):
                stack.callback(end.close)
        yield joined


async def test_the_others_hear_every_word_in_order(three: list[Link]) -> None:
    words: list[Word] = [Began(b"owner", (b"1", b"2")), Broke(b"mark"), Held(b"mark")]
    peers = [Peers(link) for link in three]
    heard: list[asyncio.Queue[Word]] = [asyncio.Queue() for _ in peers]
    for peer, queue in zip(peers, heard, strict=True):
        peer.listen(queue.put_nowait)
    for word in words:
        peers[0].tell(word)
    for queue in heard[1:]:
        assert [await asyncio.wait_for(queue.get(), 5) for _ in words] == words
    assert heard[0].empty()
    for peer in peers:
        await peer.aclose()


async def test_a_word_that_cannot_be_told_is_named_in_the_log(
    three: list[Link], caplog: pytest.LogCaptureFixture
) -> None:
    peer = Peers(three[0])
    for _ in range(100_000):
        peer.tell(Broke(b"mark"))
        if caplog.records:
            break
    assert "was not told that a turn Broke" in caplog.text


def test_a_platform_without_such_sockets_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(OSError, match="no Unix sockets"):
        links(2)


def test_a_platform_without_sequenced_packets_has_datagrams(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.socketpair

    def pair(family: int, kind: int) -> tuple[socket.socket, socket.socket]:
        if kind == socket.SOCK_SEQPACKET:
            raise OSError
        return real(family, kind)

    monkeypatch.setattr(socket, "socketpair", pair)
    for link in links(2):
        assert link.inbox.type == socket.SOCK_DGRAM
        for end in (link.inbox, *link.others):
            end.close()
