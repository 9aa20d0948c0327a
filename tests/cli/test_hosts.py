"""Two services behind addresses of their own, as on two hosts, with one Redis between them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import msgspec
import pytest

from tests.cli.test_serve import LOOPBACK, address_of, program
from tests.service.redis_server import DEADLINE, RedisServer, redis_server
from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.requests import ROO, chat, content, data, roo

_HEARD, _AWAY = "is heard through Redis", "Redis is not reachable, and"
_OPEN, _GOES_ON = ("Stay open",), ("Stay open", "Done", "Stay open")


def _said(text: str) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return b"data: %b\n\n" % msgspec.json.encode(chunk)


_ERROR = b'data: {"error":{"message":"The model broke.","type":"server_error"}}\n\n'
_END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
_PIECES = ["  Größe ", "\u200b<read_file>\r\n", "\U0001f600\tend \n"]


class Model:
    """An upstream: what it is told to stay open for stays open, the word Slowly is answered in pieces with
    `go_on` before the last, anything else breaks.
    """

    def __init__(self) -> None:
        self.asked: asyncio.Queue[None] = asyncio.Queue()
        self.go_on = asyncio.Event()

    async def __call__(self, answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data": []}')
            return
        last = request.json()["messages"][-1]["content"]
        await answer.begin()
        await answer.part(_said(_PIECES[0]))
        self.asked.put_nowait(None)
        if last == "Slowly":
            await self._slowly(answer)
        elif last == "Stay open":
            await answer.gone()
        else:
            await answer.part(_ERROR)
            await answer.end()

    async def _slowly(self, answer: Answering) -> None:
        await answer.part(_said(_PIECES[1]))
        await self.go_on.wait()
        await answer.part(_said(_PIECES[2]) + _END)
        await answer.end()


class Host:
    """One service. address: its own."""

    def __init__(self, process: subprocess.Popen[str], model: Model) -> None:
        self._process = process
        self._model = model
        self.address = ""

    async def start(self) -> None:
        self.address = await asyncio.to_thread(address_of, self._process)

    async def said(self, words: str) -> None:
        """Return once the log has these words in a further line."""
        errors = self._process.stderr
        assert errors is not None
        found = asyncio.to_thread(lambda: any(words in line for line in errors))
        assert await asyncio.wait_for(found, DEADLINE), f"never said: {words}"

    async def ask(self, *turns: str) -> httpx.Response:
        return await _post(self.address, roo(*turns))

    async def begin(self, *turns: str) -> asyncio.Task[httpx.Response]:
        """A turn whose upstream has said something."""
        task = asyncio.create_task(self.ask(*turns))
        await asyncio.wait_for(self._model.asked.get(), DEADLINE)
        return task


async def _post(address: str, body: object) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE) as client:
        return await client.post(address + "/chat/completions", json=body, headers=ROO)


async def _goes_on(here: Host, there: Host) -> None:
    """A conversation that began at one host goes on at the other: the older turn ends, and all that the other
    host told before is heard.
    """
    older = await here.begin(*_OPEN)
    newer = await there.begin(*_GOES_ON)
    ended = await asyncio.wait_for(older, DEADLINE)
    assert "superseded" in ended.text
    assert not newer.done()
    newer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await newer


@asynccontextmanager
async def hosts(redis: RedisServer, model: Model, *options: str) -> AsyncIterator[list[Host]]:
    upstream = Loopback(model)
    where = (
        "--upstream",
        "openai",
        "--base-url",
        await upstream.start(),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(upstream.stop)
        every = []
        for _ in range(2):
            process = stack.enter_context(program(*where, *options, ROOBRIDGE_REDIS_URL=redis.url))
            every.append(Host(process, model))
        for host in every:
            await host.start()
        yield every


async def test_a_retry_storm_and_an_older_turn_are_known_at_both_hosts() -> None:
    async with redis_server() as redis:
        await redis.start()
        async with hosts(redis, Model()) as (first, second):
            for host in (first, second):
                await host.said(_HEARD)
            for here, there in ((first, second), (second, first)):
                words = f"Do it at {here.address}"
                assert (await here.ask(words)).status_code == 200
                await _goes_on(there, here)
                assert (await there.ask(words)).status_code == 503
                assert (await here.ask(words)).status_code == 503


async def test_the_workers_of_a_host_hear_one_another_the_same_way() -> None:
    async with redis_server() as redis:
        await redis.start()
        async with hosts(redis, Model(), "--workers", "2") as (first, second):
            for host in (first, second) * 2:
                await host.said(_HEARD)
            for _ in range(8):  # of connections of their own: both processes take some
                await _goes_on(first, first)


async def test_both_hosts_serve_on_without_redis_and_words_flow_again_once_it_is_back() -> None:
    model = Model()
    async with redis_server() as redis:
        await redis.start()
        async with hosts(redis, model) as both:
            for host in both:
                await host.said(_HEARD)
            asked = [asyncio.create_task(_post(host.address, chat("Slowly", stream=True))) for host in both]
            for _ in both:
                await asyncio.wait_for(model.asked.get(), DEADLINE)
            await redis.kill()
            for host in both:
                await host.said(_AWAY)
            asked += [asyncio.create_task(_post(host.address, chat("Slowly", stream=True))) for host in both]
            for _ in both:
                await asyncio.wait_for(model.asked.get(), DEADLINE)
            model.go_on.set()
            for response in await asyncio.gather(*asked):
                assert content(data(response.text)) == "".join(_PIECES)
            assert [(await host.ask("Do it")).status_code for host in both] == [200, 200]
            assert [(await host.ask("Do it")).status_code for host in both] == [503, 503]
            await redis.start()
            for host in both:
                await host.said(_HEARD)
            await _goes_on(*both)


def test_an_unusable_url_ends_the_start_and_is_not_repeated() -> None:
    url = "redis://:made-up/password-1@127.0.0.1"
    with program(*LOOPBACK, "--port", "0", ROOBRIDGE_REDIS_URL=url) as process:
        said = "".join(process.communicate(timeout=DEADLINE))
    assert process.returncode == 2
    assert "'redis_url'" in said
    assert "%2F" in said
    assert "made-up" not in said
    assert "password-1" not in said
