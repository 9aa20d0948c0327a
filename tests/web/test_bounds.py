"""An upstream that never stops: what is kept of it is bounded, and the client is told."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from roobridge.bridge.wire.bounds import HELD, REPLY, TOO_LARGE
from roobridge.upstream.openai import OpenAIUpstream
from tests.upstream.loopback import STREAM_HEAD, Answering, Loopback, Received
from tests.web.conftest import Serve
from tests.web.requests import ROO, chat, content, data, roo

PART = 1 << 20  # bytes that the upstream sends at a time
BEGIN = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
LONG = b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % (b"a" * (PART // 2))
CALLS = b"".join(
    b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%b"}}]}}]}\n\n'
    % (b"a" * 1000)
    for _ in range(500)
)

Endless = Callable[[Answering], Awaitable[None]]


def sending(first: bytes, part: bytes) -> Endless:
    """Sends the first bytes and then the part for ever."""

    async def endless(answer: Answering) -> None:
        await answer.begin()
        await answer.part(first)
        while True:
            await answer.part(part)

    return endless


async def packed(answer: Answering) -> None:
    """A stream of which each MB is a KB on the wire."""
    await answer.raw(STREAM_HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
    await answer.part(gzip.compress(BEGIN))
    piece = gzip.compress(b"a" * PART)
    while True:
        await answer.part(piece)


@asynccontextmanager
async def upstream_of(endless: Endless) -> AsyncIterator[tuple[OpenAIUpstream, Loopback]]:
    async def script(answer: Answering, _: Received) -> None:
        await endless(answer)

    server = Loopback(script)
    yield OpenAIUpstream(await server.start() + "/v1"), server
    await server.stop()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "endless",
    [
        sending(BEGIN, b"data: " + b"a" * PART),
        sending(BEGIN, b"data: a\n" * (PART // 8)),
        sending(BEGIN, b"stray\n" * (PART // 6)),
        sending(b"<html>\n", b"<p>\n" * (PART // 4)),
        sending(BEGIN, LONG),
        packed,
    ],
    ids=["a line", "an event", "no fields", "no stream", "a reply", "a packed line"],
)
async def test_what_is_kept_is_bounded(
    serve: Serve, http: httpx.AsyncClient, endless: Endless, stream: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    async with upstream_of(endless) as (upstream, server):
        address = await serve(upstream, max_continuations=3)
        tracemalloc.start()
        answer = await http.post(address + "/v1/chat/completions", json=chat(stream=stream))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    error = data(answer.text)[-1]["error"] if answer.status_code == 200 else answer.json()["error"]
    assert "MB" in error["message"]
    assert peak < 8 * (HELD + REPLY)
    assert len(server.requests) == 1  # it is not asked to go on


async def test_arguments_that_never_end(
    serve: Serve, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    arguments = json.dumps('{"path": "a.py", "content": "').encode()
    call = b'{"index":0,"id":"c","function":{"name":"write_to_file","arguments":%b}}' % arguments
    first = b'data: {"choices":[{"index":0,"delta":{"tool_calls":[%b]}}]}\n\n' % call
    async with upstream_of(sending(first, CALLS)) as (upstream, _):
        answer = await http.post(
            await serve(upstream) + "/v1/chat/completions", json=roo("Write it."), headers=ROO
        )
    assert data(answer.text)[-1]["error"]["code"] == TOO_LARGE
    assert "</write_to_file>" not in content(data(answer.text))
