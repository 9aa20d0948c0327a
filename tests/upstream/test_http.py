from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from roobridge.bridge.ports import Delta
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.errors import UpstreamError
from roobridge.upstream.http.exchange import (
    BODY_LIMIT,
    STRETCH,
    exchange,
    fetch_json,
    new_client,
    retry_after,
)
from tests.upstream.conftest import Serve
from tests.upstream.loopback import STREAM_HEAD, Answering, Received
from tests.upstream.recorded import ReplayingTransport, cut

STREAM = b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n'


def answered(value: str | None) -> httpx.Response:
    return httpx.Response(429, headers={} if value is None else {"Retry-After": value})


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("2.5", 2.5),
        ("-3", 0.0),
        ("soon", None),
        ("1e999", None),
        ("nan", None),
    ],
)
def test_retry_after_in_seconds(value: str | None, seconds: float | None) -> None:
    assert retry_after(answered(value)) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = retry_after(answered(later))
    assert seconds is not None
    assert 3000 < seconds <= 3600
    assert retry_after(answered("Wed, 21 Oct 2015 07:28:00 GMT")) == 0.0


def refused(response: httpx.Response, body: str, clean: Cleaner) -> UpstreamError:
    return UpstreamError(f"{response.status_code} {len(body)} {clean.head(body, 20)}")


async def read(transport: httpx.AsyncBaseTransport) -> list[Delta]:
    async with httpx.AsyncClient(transport=transport) as client:
        items = exchange(client, client.build_request("GET", "http://x"), OpenAIStream, refused)
        return [delta async for deltas in items for delta in deltas]


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
@pytest.mark.parametrize(
    ("kind", "body"),
    [("identity", STREAM), ("gzip", gzip.compress(STREAM)), ("deflate", zlib.compress(STREAM))],
    ids=["identity", "gzip", "deflate"],  # gzip's bytes hold the time
)
async def test_a_compressed_stream_cut_anywhere(kind: str, body: bytes, size: int) -> None:
    headers = {} if kind == "identity" else {"Content-Encoding": kind}
    transport = ReplayingTransport(cut(body, size), headers=headers)
    assert await read(transport) == [Delta(content="a"), Delta(finish="stop")]
    assert transport.bodies[0].closed


async def test_a_compressed_stream_over_a_connection(serve: Serve) -> None:
    pack = zlib.compressobj(wbits=31)
    first = pack.compress(STREAM[:50]) + pack.flush(zlib.Z_SYNC_FLUSH)
    rest = pack.compress(STREAM[50:]) + pack.flush()
    go_on = asyncio.Event()

    async def script(answer: Answering, _: Received) -> None:
        await answer.raw(STREAM_HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
        await answer.part(first)
        await go_on.wait()
        await answer.part(rest)
        await answer.end()

    url, _ = await serve(script)
    async with aclosing(new_client(5)) as client:
        items = exchange(client, client.build_request("GET", url), OpenAIStream, refused)
        assert await anext(items) == [Delta(content="a")]
        go_on.set()
        assert [delta async for deltas in items for delta in deltas] == [Delta(finish="stop")]


async def test_a_stream_broken_in_its_compression() -> None:
    transport = ReplayingTransport([b"no gzip"], headers={"Content-Encoding": "gzip"})
    with pytest.raises(UpstreamError) as caught:
        await read(transport)
    assert caught.value.code == "bad_response"
    assert transport.bodies[0].closed


async def test_a_stream_that_breaks_off_is_what_the_transport_says() -> None:
    for broken, code in (
        (httpx.ReadError("x"), "broken_off"),
        (httpx.ReadTimeout("x"), "silence"),
        (httpx.RemoteProtocolError("x"), "bad_response"),
    ):
        transport = ReplayingTransport([STREAM[:20], broken])
        with pytest.raises(UpstreamError) as caught:
            await read(transport)
        assert caught.value.code == code
        assert transport.bodies[0].closed


@pytest.mark.parametrize("size", [1000, BODY_LIMIT, 4 * BODY_LIMIT])
async def test_a_refusal_is_read_up_to_a_limit_and_masked(size: int) -> None:
    transport = ReplayingTransport(cut(b"key-0123456789 " + b"x" * 2 * BODY_LIMIT, size), 500)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(UpstreamError) as caught:
            await fetch_json(client, client.build_request("GET", "http://x"), refused, ("key-0123456789",))
    assert caught.value.message.startswith(f"500 {BODY_LIMIT} [redacted] xxx")


async def test_a_small_body_that_unpacks_to_a_large_one_takes_bounded_memory() -> None:
    pack = zlib.compressobj(1, wbits=31)
    packed = b"".join(pack.compress(bytes(BODY_LIMIT)) for _ in range(256)) + pack.flush()
    async with httpx.AsyncClient(
        transport=ReplayingTransport([packed], 500, headers={"Content-Encoding": "gzip"})
    ) as client:
        tracemalloc.start()
        with pytest.raises(UpstreamError, match=f"^500 {BODY_LIMIT} "):
            await fetch_json(client, client.build_request("GET", "http://x"), refused)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 8 * BODY_LIMIT


@pytest.mark.parametrize("ending", [Answering.close, Answering.reset])
async def test_a_kept_connection_that_the_server_closed_costs_nothing(
    serve: Serve, ending: Callable[[Answering], None]
) -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/second") and server.connections == 1:
            ending(answer)
            return
        await answer.whole(request.body)

    url, server = await serve(script)
    client = new_client(5.0)
    for name in ("first", "second"):
        request = client.build_request("POST", f"{url}/{name}", content=f'"{name}"'.encode())
        assert await fetch_json(client, request, refused) == name
    assert [request.target for request in server.requests] == ["/first", "/second", "/second"]
    await client.aclose()


async def test_a_new_connection_that_the_server_closes_is_not_tried_again(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        answer.close()

    url, server = await serve(script)
    client = new_client(5.0)
    with pytest.raises(UpstreamError) as caught:
        await fetch_json(client, client.build_request("POST", url, content=b"{}"), refused)
    assert caught.value.code == "broken_off"
    assert len(server.requests) == 1
    await client.aclose()


async def test_others_get_their_turn_while_a_small_piece_unpacks_to_a_large_one() -> None:
    """Tiny lines, a thousand times as many as the bytes that came."""
    pack = zlib.compressobj(9, wbits=31)
    packed = pack.compress(b":\n" * (8 * STRETCH)) + pack.compress(STREAM) + pack.flush()
    transport = ReplayingTransport([packed], headers={"Content-Encoding": "gzip"})
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    assert await read(transport) == [Delta(content="a"), Delta(finish="stop")]
    task.cancel()
    assert turns >= 8  # of the loop, one behind each stretch
