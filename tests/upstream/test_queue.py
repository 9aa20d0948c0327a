from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from roobridge.bridge.ports import UpstreamRequest
from roobridge.errors import UpstreamError
from roobridge.upstream.around import queue
from roobridge.upstream.around.queue import Queued, Slots
from tests.service.scripted import Scripted, end, say


def request(name: str) -> UpstreamRequest:
    return UpstreamRequest({"model": name})


async def ask(upstream: Queued, name: str) -> str:
    async with aclosing(upstream.stream(request(name))) as deltas:
        return "".join([delta.content async for each in deltas for delta in each])


async def turns() -> None:
    """Let every task go as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_requests_wait_in_order() -> None:
    go = asyncio.Event()
    inner = Scripted([go, *say("Hi"), *end()])
    upstream = Queued(inner, Slots(2), 0)
    asking = [asyncio.create_task(ask(upstream, name)) for name in "abcd"]
    await turns()
    assert [asked.body["model"] for asked in inner.requests] == ["a", "b"]
    go.set()
    assert [await task for task in asking] == ["Hi"] * 4
    assert [asked.body["model"] for asked in inner.requests] == ["a", "b", "c", "d"]


async def test_one_that_leaves_gives_its_place_and_its_slot_free() -> None:
    go = asyncio.Event()
    upstream = Queued(Scripted([go, *say("Hi"), *end()]), Slots(1), 0)
    first, waiting, last = (asyncio.create_task(ask(upstream, name)) for name in "abc")
    await turns()
    for task in (waiting, first):
        task.cancel()
    await turns()
    go.set()
    assert await last == "Hi"


async def test_the_refusal_of_one_lets_the_next_in() -> None:
    upstream = Queued(Scripted([UpstreamError("no")], [*say("Hi"), *end()]), Slots(1), 0)
    with pytest.raises(UpstreamError):
        await ask(upstream, "a")
    assert await ask(upstream, "b") == "Hi"


@pytest.mark.parametrize(("wait", "room", "code"), [(0.02, 64, "queue_timeout"), (0, 0, "queue_full")])
async def test_one_that_waits_too_long_is_told_when_to_come_again(
    wait: float, room: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "WAITING", 1)
    upstream = Queued(Scripted([asyncio.Event()]), Slots(1), wait)
    first = asyncio.create_task(ask(upstream, "a"))
    await turns()
    monkeypatch.setattr(queue, "WAITING", room)
    with pytest.raises(UpstreamError, match="max_concurrent") as caught:
        await ask(upstream, "b")
    assert (caught.value.code, caught.value.status_hint) == (code, 429)
    assert caught.value.retry_after == queue.ASK_AGAIN
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
