"""How a reply of an OpenAI-compatible server may end, other than well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from roobridge.bridge.ports import Delta
from roobridge.errors import UpstreamError
from roobridge.upstream.openai import OpenAIUpstream
from tests.upstream.asking import DONE, REQUEST, STOP, A, collect, refused, streaming, text_of
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received


async def reset(answer: Answering) -> None:
    answer.reset()


async def close(answer: Answering) -> None:
    answer.close()


async def garbage(answer: Answering) -> None:
    await answer.raw(b"nonsense\r\n")


async def half_a_chunk(answer: Answering) -> None:
    await answer.raw(b"ff\r\ndata: ")
    answer.close()


Ending = Callable[[Answering], Awaitable[None]]


@asynccontextmanager
async def after_the_first(
    serve: Serve, said: bytes, ending: Ending
) -> AsyncIterator[AsyncIterator[list[Delta]]]:
    """What follows the first item of a reply that says this and then ends so."""
    go_on = asyncio.Event()

    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        await answer.part(said)
        await go_on.wait()
        await ending(answer)

    url, _ = await serve(script)
    async with aclosing(OpenAIUpstream(url)) as upstream:
        items = upstream.stream(REQUEST)
        assert text_of(await anext(items)) == "aé"
        go_on.set()
        yield items


@pytest.mark.parametrize("ending", [reset, close, half_a_chunk])
async def test_a_connection_that_breaks_off_in_the_reply(serve: Serve, ending: Ending) -> None:
    async with after_the_first(serve, A, ending) as items:
        with pytest.raises(UpstreamError) as caught:
            assert [delta async for deltas in items for delta in deltas] == []
    assert (caught.value.code, caught.value.status_hint) == ("broken_off", 502)


@pytest.mark.parametrize("ending", [reset, close])
async def test_a_connection_that_breaks_off_after_the_finish_reason(serve: Serve, ending: Ending) -> None:
    async with after_the_first(serve, A + STOP, ending) as items:
        assert [delta async for deltas in items for delta in deltas] == [Delta(finish="stop")]


@pytest.mark.parametrize(
    ("ending", "code"), [(reset, "broken_off"), (close, "broken_off"), (garbage, "bad_response")]
)
async def test_a_connection_that_breaks_off_before_the_reply(serve: Serve, ending: Ending, code: str) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await ending(answer)

    url, _ = await serve(script)
    assert (await refused(OpenAIUpstream(url))).code == code


@pytest.mark.parametrize("began", [False, True])
async def test_silence(serve: Serve, began: bool) -> None:
    async def script(answer: Answering, _: Received) -> None:
        if began:
            await answer.begin()
            await answer.part(A)
        await answer.gone()

    url, _ = await serve(script)
    upstream = OpenAIUpstream(url, idle=0.05)
    with pytest.raises(UpstreamError) as caught:
        await collect(upstream)
    assert (caught.value.code, caught.value.status_hint) == ("silence", 504)


async def test_slow_bytes_are_no_silence(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        for byte in A + DONE:
            await answer.part(bytes([byte]))
            await asyncio.sleep(0.005)  # the pace is the case: each byte in time, the whole beyond `idle`
        await answer.end()

    url, _ = await serve(script)
    assert text_of(await collect(OpenAIUpstream(url, idle=0.25))) == "aé"


async def test_nobody_listens(serve: Serve) -> None:
    url, server = await serve(streaming())
    await server.stop()
    said = await refused(OpenAIUpstream(url))
    assert (said.code, said.status_hint) == ("unreachable", 502)


async def test_a_comment_and_an_empty_delta_are_signs_of_life(serve: Serve) -> None:
    go_on = asyncio.Event()
    silent = b'data: {"choices":[{"index":0,"delta":{"content":""}}]}\n\n'
    words = iter((b": ping\n\n", silent, STOP))

    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        await answer.part(A)
        for word in words:
            await go_on.wait()
            go_on.clear()
            await answer.part(word)
        await answer.end()

    url, _ = await serve(script)
    async with aclosing(OpenAIUpstream(url)) as upstream, aclosing(upstream.stream(REQUEST)) as items:
        assert text_of(await anext(items)) == "aé"
        for _ in range(2):
            go_on.set()
            assert await anext(items) == []
