from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from roobridge.bridge.ports import Delta
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.errors import SettingsError, UpstreamError
from roobridge.upstream.http import (
    BODY_LIMIT,
    checked_base_url,
    exchange,
    fetch_json,
    new_client,
    retry_after,
)
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received


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


def test_base_url() -> None:
    assert checked_base_url("http://127.0.0.1:1234/v1/") == "http://127.0.0.1:1234/v1"
    for url in (
        "ftp://127.0.0.1",
        "127.0.0.1:1",
        "http://[::1",
        "http://",
        "",
        "http://me:secret@127.0.0.1/v1",
        "http://127.0.0.1/v1?key=x",
        "http://127.0.0.1/v1#x",
    ):
        with pytest.raises(SettingsError, match="base_url"):
            checked_base_url(url)


def refused(response: httpx.Response, body: str) -> UpstreamError:
    return UpstreamError(f"{response.status_code} {len(body)} {body[:20]}")


async def test_a_compressed_stream(serve: Serve) -> None:
    body = gzip.compress(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n')

    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(body, kind="text/event-stream", headers="Content-Encoding: gzip\r\n")

    url, _ = await serve(script)
    async with aclosing(new_client(5)) as client:
        items = exchange(client, client.build_request("GET", url), OpenAIStream(), refused)
        deltas = [delta async for deltas in items for delta in deltas]
    assert deltas == [Delta(content="a"), Delta(finish="stop")]


async def test_a_stream_broken_in_its_compression(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(b"no gzip", kind="text/event-stream", headers="Content-Encoding: gzip\r\n")

    url, _ = await serve(script)
    async with aclosing(new_client(5)) as client:
        with pytest.raises(UpstreamError) as caught:
            await anext(exchange(client, client.build_request("GET", url), OpenAIStream(), refused))
    assert caught.value.code == "bad_response"


async def test_a_refusal_is_read_up_to_a_limit_and_masked(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(b"key-1 " + b"x" * 2 * BODY_LIMIT, status=500)

    url, _ = await serve(script)
    async with aclosing(new_client(5)) as client:
        with pytest.raises(UpstreamError) as caught:
            await fetch_json(client, client.build_request("GET", url), refused, ("key-1",))
    assert caught.value.message.startswith(f"500 {BODY_LIMIT} *** xxx")


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
