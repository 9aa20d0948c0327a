"""The turn writes by itself while whoever serves the response waits: nothing is lost, doubled or held up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import httpx
import pytest

from roobridge.bridge.ports import Delta, UpstreamRequest
from roobridge.web.stream import EventStream
from tests.service.scripted import RULES, Scripted, ask, say, silence, turn_of
from tests.web.conftest import Serve
from tests.web.requests import chat, content, data, unread

URL = "/v1/chat/completions"
_TURNS = 500  # of the loop, which the service shares with the test


class Talking(Scripted):
    """Says so many numbered words, each in a read of its own, and lets others run in between."""

    def __init__(self, words: int, size: int = 8) -> None:
        super().__init__([])
        self.said = 0
        self._words = words
        self._size = size

    def text(self) -> str:
        return "".join(map(self._word, range(self._words)))

    def _word(self, number: int) -> str:
        return f"{number} ".ljust(self._size, "x")

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        self.closed.append(asyncio.Event())
        try:
            for number in range(self._words):
                await asyncio.sleep(0)
                self.said = number
                yield [Delta(content=self._word(number))]
            yield [Delta(finish="stop")]
        finally:
            self.closed[-1].set()


async def standstill(upstream: Talking) -> None:
    """Return once the upstream is not asked for more, since the way to the client is full."""
    before = -1
    while before != upstream.said:
        before = upstream.said
        for _ in range(_TURNS):
            await asyncio.sleep(0)


@pytest.mark.parametrize("pace", [0, 1])
async def test_every_word_arrives_once_and_in_order(serve: Serve, http: httpx.AsyncClient, pace: int) -> None:
    upstream = Talking(3000)
    address = await serve(upstream, pace_ms=pace)
    response = await http.post(address + URL, json=chat(stream=True))
    events = data(response.text)
    assert content(events) == upstream.text()
    assert events[-1] == "[DONE]"


async def test_a_client_that_reads_late_gets_everything(serve: Serve) -> None:
    upstream = Talking(2000, size=4096)
    reader, writer = await unread(await serve(upstream))
    await standstill(upstream)
    words = b""
    while part := await reader.read(65536):
        words += part
    writer.close()
    frames = b"".join(words.split(b"\r\n")[1::2])  # every second line is a chunk's length
    assert content(data(frames.decode())) == upstream.text()


async def test_a_client_that_leaves_without_reading_closes_the_upstream(serve: Serve) -> None:
    upstream = Talking(100_000, size=4096)
    _, writer = await unread(await serve(upstream))
    await standstill(upstream)
    assert not upstream.closed[0].is_set()
    writer.transport.abort()
    await asyncio.wait_for(upstream.closed[0].wait(), 5)


async def test_a_network_that_is_lost_is_a_client_that_has_gone() -> None:
    """What servers do not know as a client's leaving (ETIMEDOUT, EHOSTUNREACH) they raise."""

    async def send(message: object) -> None:
        raise TimeoutError(110, "Connection timed out")

    go = asyncio.Event()
    upstream = Scripted([*say("a"), go, *say("b"), silence()])
    turn = turn_of(ask(), upstream, RULES)
    await turn.begin()
    stream = EventStream(turn, send)
    assert b'"a"' in await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    go.set()
    await asyncio.wait_for(waiting, 5)
    await asyncio.wait_for(turn.over(), 5)
    assert upstream.closed[0].is_set()
    assert turn.withdrawn
