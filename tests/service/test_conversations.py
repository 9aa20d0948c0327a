from __future__ import annotations

import asyncio

from roobridge.errors import RoobridgeError
from roobridge.service.conversations.conversations import Conversations
from roobridge.service.conversations.peers import Peers, links

MARK = b"mark"


class Open:
    def __init__(self) -> None:
        self.cancelled: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def cancel(self, reason: RoobridgeError) -> None:
        self.cancelled.set_result(reason.code)


async def _heard(conversations: Conversations) -> None:
    """Return once a turn that is begun elsewhere is known, and with it all that was told before."""
    turn = Open()
    conversations.begin(b"marker", [b"1"], turn)
    await asyncio.wait_for(turn.cancelled, 5)
    conversations.end(b"marker", turn)


async def test_one_process_alone() -> None:
    alone = Conversations()
    old, new = Open(), Open()
    alone.begin(b"owner", [b"1"], old)
    alone.begin(b"owner", [b"1", b"2"], new)
    assert await old.cancelled == "superseded"
    alone.end(b"owner", old)
    assert len(alone) == 1
    alone.broke(MARK)
    assert alone.is_repeat(MARK)
    alone.held(MARK)
    assert not alone.is_repeat(MARK)
    await alone.aclose()


async def test_what_one_process_knows_the_other_knows() -> None:
    one, other = (Conversations(Peers(link)) for link in links(2))
    turn, alike = Open(), Open()
    one.begin(b"owner", [b"1"], turn)
    other.begin(b"owner", [b"1"], alike)
    other.begin(b"owner", [b"1", b"2"], Open())
    assert await asyncio.wait_for(turn.cancelled, 5) == "superseded"
    one.broke(MARK)
    one.begin(b"marker", [b"1", b"2"], Open())
    await _heard(other)
    assert other.is_repeat(MARK)
    other.held(MARK)
    other.begin(b"marker", [b"1", b"2"], Open())
    await _heard(one)
    assert not one.is_repeat(MARK)
    await one.aclose()
    await other.aclose()
