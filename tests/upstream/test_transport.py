from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import aiohttp
import httpx
import pytest

from roobridge.upstream.http.exchange import new_client
from roobridge.upstream.http.failures import upstream_error
from roobridge.upstream.http.transport import PIECE, AiohttpTransport, TLSError, body_of, transport_error
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received
from tests.upstream.recorded import ReplayingTransport

# what aiohttp raises; httpx's word for it; code and status of the error that a client gets
ERRORS: list[tuple[aiohttp.ClientError | OSError, type[httpx.TransportError], str, int]] = [
    (aiohttp.ConnectionTimeoutError(), httpx.ConnectTimeout, "unreachable", 504),
    (aiohttp.SocketTimeoutError(), httpx.ReadTimeout, "silence", 504),
    (aiohttp.ServerDisconnectedError(), httpx.ReadError, "broken_off", 502),
    (aiohttp.ServerFingerprintMismatch(b"", b"", "x", 1), TLSError, "unreachable", 502),
    (aiohttp.ClientOSError(104, "reset"), httpx.ReadError, "broken_off", 502),
    (aiohttp.ClientConnectionResetError(), httpx.ReadError, "broken_off", 502),
    (aiohttp.ClientPayloadError(), httpx.ReadError, "broken_off", 502),
    (aiohttp.InvalidURL("x"), httpx.UnsupportedProtocol, "unreachable", 502),
    (aiohttp.NonHttpUrlClientError("x"), httpx.UnsupportedProtocol, "unreachable", 502),
    (ssl.SSLError("x"), httpx.ReadError, "broken_off", 502),
    (TimeoutError(110, "the network timed out"), httpx.ReadTimeout, "silence", 504),
]


@pytest.mark.parametrize(
    ("failure", "error", "code", "status"), ERRORS, ids=[type(row[0]).__name__ for row in ERRORS]
)
def test_what_aiohttp_raises_in_httpxs_words(
    failure: aiohttp.ClientError | OSError, error: type[httpx.TransportError], code: str, status: int
) -> None:
    raised = transport_error(failure)
    assert type(raised) is error
    said = upstream_error(raised)
    assert (said.code, said.status_hint) == (code, status)


def test_what_aiohttp_says_itself_counts_before_what_lies_beneath() -> None:
    failure = aiohttp.ClientPayloadError("x")
    failure.__cause__ = TimeoutError(110, "the network timed out")
    raised = transport_error(failure)
    raised.__cause__ = failure
    assert upstream_error(raised).code == "broken_off"


@pytest.fixture
def twin() -> ReplayingTransport:
    return ReplayingTransport([b"one", b"two", b"x" * (PIECE + 1)], 201, {"X-Said": "a", "Content-Type": "b"})


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("pieces", [True, False])
async def test_the_twin_answers_as_the_real_one(
    serve: Serve, twin: ReplayingTransport, recorded: bool, pieces: bool
) -> None:
    go_on = asyncio.Event()

    async def script(answer: Answering, _: Received) -> None:
        await answer.raw(
            b"HTTP/1.1 201 Said\r\nX-Said: a\r\nContent-Type: b\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for part in (b"one", b"two", b"x" * (PIECE + 1)):
            await answer.part(part)
            await go_on.wait()
            go_on.clear()
        await answer.end()

    url, _ = await serve(script)
    async with httpx.AsyncClient(transport=twin) if recorded else new_client(5) as client:
        response = await client.send(client.build_request("GET", url), stream=True)
        assert (response.status_code, response.reason_phrase, response.http_version) == (
            201,
            "Said",
            "HTTP/1.1",
        )
        assert (response.headers["x-said"], response.headers["content-type"]) == ("a", "b")
        body, got = body_of(response), []
        read = aiter(body).__anext__ if pieces else body.read
        for _ in range(2):
            got.append(await read())
            go_on.set()
        while sum(map(len, got)) < 7 + PIECE:
            got.append(await read())
        go_on.set()
        assert got[:2] == [b"one", b"two"]
        assert b"".join(got[2:]) == b"x" * (PIECE + 1)
        assert not pieces or max(map(len, got)) <= PIECE
        assert await body.read() == b""
        await response.aclose()


async def test_what_goes_out_is_the_request(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(b"")

    url, server = await serve(script)
    async with new_client(5) as client:
        for method, content in (("POST", b'{"a": 1}'), ("GET", b"")):
            asked = client.build_request(
                method, f"{url}/a%20b?c=d%20e", content=content, headers={"X-A": "a"}
            )
            assert (await client.send(asked)).text == ""
    assert [(r.method, r.target, r.body, r.headers["x-a"]) for r in server.requests] == [
        ("POST", "/a%20b?c=d%20e", b'{"a": 1}', "a"),
        ("GET", "/a%20b?c=d%20e", b"", "a"),
    ]
    assert server.connections == 1


async def test_a_redirection_is_not_followed(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(b"", status=302, headers="Location: /other\r\n")

    url, server = await serve(script)
    async with new_client(5) as client:
        assert (await client.get(url)).status_code == 302
    assert len(server.requests) == 1


async def test_a_reader_that_does_not_read_holds_the_server_back(serve: Serve) -> None:
    block, whole = b"x" * 65536, 1024
    sent, held = 0, asyncio.Event()

    async def script(answer: Answering, _request: Received) -> None:
        nonlocal sent
        await answer.begin()
        for _ in range(whole):
            writing = asyncio.create_task(answer.part(block))
            done, _ = await asyncio.wait([writing], timeout=0.3)
            if not done:
                held.set()
                await writing
            sent += 1
        held.set()
        await answer.end()

    url, _ = await serve(script)
    async with new_client(5) as client, client.stream("GET", url) as response:
        await held.wait()
        assert sent < whole / 2  # what the system's buffers take
        body, size = body_of(response), 0
        while data := await body.read():
            size += len(data)
    assert (size, sent) == (whole * len(block), whole)


@pytest.mark.parametrize("finished", [True, False])
async def test_closing_a_response_closes_its_connection_unless_it_was_read(
    serve: Serve, finished: bool
) -> None:
    gone = asyncio.Event()

    async def script(answer: Answering, request: Received) -> None:
        if request.target == "/second":
            await answer.whole(b"")
            return
        await answer.begin()
        await answer.part(b"a")
        if finished:
            await answer.end()
        else:
            await answer.gone()
            gone.set()

    url, server = await serve(script)
    async with new_client(5) as client:
        async with client.stream("GET", f"{url}/first") as response:
            assert await body_of(response).read(1) == b"a"
            if finished:
                assert await body_of(response).read() == b""
        if not finished:
            await asyncio.wait_for(gone.wait(), 5)
        await client.get(f"{url}/second")
    assert server.connections == (1 if finished else 2)


async def test_reading_after_closing_is_an_error(serve: Serve) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        await answer.gone()

    url, _ = await serve(script)
    async with new_client(5) as client:
        async with client.stream("GET", url) as response:
            pass
        with pytest.raises(httpx.ReadError):
            await body_of(response).read()


@pytest.mark.parametrize("began", [True, False])
async def test_a_read_that_lasts_too_long(serve: Serve, began: bool) -> None:
    async def script(answer: Answering, _: Received) -> None:
        if began:
            await answer.begin()
        await answer.gone()

    url, _ = await serve(script)
    async with new_client(0.05) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(url)


@pytest.mark.parametrize("ending", [Answering.close, Answering.reset])
async def test_all_kept_connections_that_the_server_closed_cost_nothing(
    serve: Serve, ending: Callable[[Answering], None]
) -> None:
    together = asyncio.Barrier(3)

    async def script(answer: Answering, request: Received) -> None:
        if request.target == "/first":
            await together.wait()
        elif server.connections <= 3:
            ending(answer)
            return
        await answer.whole(request.body)

    url, server = await serve(script)
    async with new_client(5) as client:
        await asyncio.gather(*(client.post(f"{url}/first", content=b"1") for _ in range(3)))
        assert (await client.post(f"{url}/second", content=b"2")).text == "2"
    assert server.connections == 4
    assert [request.target for request in server.requests].count("/second") == 4


async def test_a_transport_that_was_never_used_closes() -> None:
    await AiohttpTransport(ssl.create_default_context()).aclose()
