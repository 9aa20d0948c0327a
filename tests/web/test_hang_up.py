"""A client that leaves is seen by the upstream's server, through every layer between."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from roobridge.upstream.openai import OpenAIUpstream
from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.conftest import Serve
from tests.web.requests import chat

CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'


@pytest.mark.parametrize("speaks", [True, False], ids=["in mid-stream", "before the first word"])
async def test_the_upstreams_server_sees_its_connection_closed(serve: Serve, speaks: bool) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(answer: Answering, request: Received) -> None:
        if not request.target.endswith("/chat/completions"):
            await answer.whole(b'{"data": []}')
            return
        if speaks:
            await answer.begin()
            await answer.part(CHUNK)
        asked.set()
        await answer.gone()
        gone.set()

    server = Loopback(script)
    address = await serve(OpenAIUpstream(await server.start()))
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        asking = asyncio.create_task(_read(client, address))
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    await asyncio.wait_for(gone.wait(), 5)
    await server.stop()


async def _read(client: httpx.AsyncClient, address: str) -> None:
    async with client.stream("POST", address + "/v1/chat/completions", json=chat(stream=True)) as response:
        async for _ in response.aiter_text():
            pass
