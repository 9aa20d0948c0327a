"""Streams, hang-ups, deaths and bodies through the balancers' own files in deploy/."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.balanced import KEYS, Balancer, Fleet, fleet
from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.requests import chat, content, data

_HEAD = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
_TAIL = b'data: {"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
_OWN_ID = {Balancer.NGINX: r"[0-9a-f]{32}", Balancer.HAPROXY: r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"}
_TIME = 20.0  # seconds for what waits for an event; comments that would also show a hang-up take 15

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("balancer", Balancer, ids=lambda balancer: balancer.value),
]


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        yield client


class Upstream:
    """Answers at once; a conversation that begins with "wait", after `go`; one with "silent", its first words
    alone; one with "mute", nothing.

    asked: the key of the bridge that sends each request for a completion. waiting: the same of those that are
    held. hung_up: set when the bridge closed its side of a silent one.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waiting: asyncio.Queue[str] = asyncio.Queue()
        self.go = asyncio.Event()
        self.hung_up = asyncio.Event()

    async def answer(self, answering: Answering, request: Received) -> None:
        if not request.target.endswith("/chat/completions"):
            await answering.whole(b'{"data": []}')
            return
        word = request.json()["messages"][0]["content"].partition(" ")[0]
        key = request.headers["authorization"].removeprefix("Bearer ")
        self.asked.append(key)
        if word != "mute":
            await answering.begin()
            await answering.part(_HEAD)
        if word == "wait":
            self.waiting.put_nowait(key)
            await self.go.wait()
        elif word in ("silent", "mute"):
            self.waiting.put_nowait(key)
            await answering.gone()
            self.hung_up.set()
            return
        await answering.part(_TAIL)
        await answering.end()

    async def held(self) -> str:
        return await asyncio.wait_for(self.waiting.get(), _TIME)


@asynccontextmanager
async def balanced(balancer: Balancer, folder: Path) -> AsyncIterator[tuple[Upstream, Fleet]]:
    upstream = Upstream()
    server = Loopback(upstream.answer)
    try:
        async with fleet(balancer, folder, await server.start()) as running:
            yield upstream, running
    finally:
        await server.stop()


async def ask(http: httpx.AsyncClient, address: str, said: str = "Hello", **headers: str) -> httpx.Response:
    return await http.post(address + "/chat/completions", json=chat(said, stream=True), headers=headers)


async def test_the_first_piece_is_there_while_the_upstream_is_held(
    balancer: Balancer, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    async with balanced(balancer, tmp_path) as (upstream, running):
        url = running.address + "/chat/completions"
        async with http.stream("POST", url, json=chat("wait", stream=True)) as response:
            texts = response.aiter_text()
            read = ""
            while "Hel" not in read:
                read += await anext(texts)
            assert "[DONE]" not in read
            upstream.go.set()
            read += "".join([text async for text in texts])
    assert content(data(read)) == "Hello"
    assert data(read)[-1] == "[DONE]"


@pytest.mark.parametrize("word", ["silent", "mute"], ids=["in mid-stream", "before the first word"])
async def test_a_client_that_leaves_is_seen_by_the_upstream(
    balancer: Balancer, word: str, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    async with balanced(balancer, tmp_path) as (upstream, running):
        asking = asyncio.create_task(ask(http, running.address, word))
        await upstream.held()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await asyncio.wait_for(upstream.hung_up.wait(), 10)


async def test_requests_go_where_fewer_are_open_and_to_the_other_when_one_is_killed(
    balancer: Balancer, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    async with balanced(balancer, tmp_path) as (upstream, running):
        open_one = asyncio.create_task(ask(http, running.address, "wait"))
        busy = await upstream.held()
        (free,) = set(KEYS) - {busy}
        for _ in range(3):
            await ask(http, running.address)
        assert upstream.asked == [busy, free, free, free]
        upstream.go.set()
        await open_one

        await running.bridges[free].kill()
        answers = [await ask(http, running.address) for _ in range(4)]
        assert [content(data(answer.text)) for answer in answers] == ["Hello"] * 4
        assert upstream.asked[4:] == [busy] * 4


async def test_a_request_that_was_sent_is_never_sent_again(
    balancer: Balancer, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    async with balanced(balancer, tmp_path) as (upstream, running):
        asking = asyncio.create_task(ask(http, running.address, "mute"))
        busy = await upstream.held()
        await running.bridges[busy].kill()
        assert (await asking).status_code == 502
        assert upstream.asked == [busy]


async def test_names_and_ids_go_through(balancer: Balancer, tmp_path: Path, http: httpx.AsyncClient) -> None:
    async with balanced(balancer, tmp_path) as (_, running):
        strange = await ask(http, running.address, host="bridge.example")
        assert (strange.status_code, strange.json()["error"]["code"]) == (403, "host_not_allowed")
        assert "'bridge.example'" in strange.json()["error"]["message"]
        known = await ask(http, running.address, **{"x-request-id": "the-clients-own"})
        assert (known.status_code, known.headers["x-request-id"]) == (200, "the-clients-own")
        unnamed = await ask(http, running.address)
        assert re.fullmatch(_OWN_ID[balancer], unnamed.headers["x-request-id"])


async def test_a_long_conversation_goes_through(
    balancer: Balancer, tmp_path: Path, http: httpx.AsyncClient
) -> None:
    async with balanced(balancer, tmp_path) as (_, running):
        answer = await ask(http, running.address, "long " + "x" * 2_000_000)  # over nginx's own limit of 1 MB
        assert content(data(answer.text)) == "Hello"
