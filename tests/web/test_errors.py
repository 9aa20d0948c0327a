from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from roobridge.bridge.ports import Capabilities
from roobridge.errors import ClientError, ReplyError, RoobridgeError, UpstreamError
from roobridge.web import body as bodies
from roobridge.web.errors import error_response
from tests.service.scripted import Scripted, end, say
from tests.web.conftest import Serve
from tests.web.requests import chat

URL = "/v1/chat/completions"
JSON = {"content-type": "application/json"}


def scripted() -> Scripted:
    return Scripted([*say("Hi"), *end()], capabilities=Capabilities(closed_list=True))


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b"[" * 100_000, 400, None),
        (b"[]", 400, None),
        (b'{"model": "qwen"}', 400, "messages"),
        (b'{"model": "qwen", "messages": []}', 400, "messages"),
        (b'{"model": "qwen", "messages": [{"role": "boss", "content": "x"}]}', 400, "messages[0].role"),
        (b'{"model": 3, "messages": [{"role": "user", "content": "x"}]}', 400, "model"),
        (b'{"messages": [{"role": "user", "content": "x"}]}', 400, "model"),
        (b'{"model": "absent", "messages": [{"role": "user", "content": "x"}]}', 404, "model"),
    ],
)
async def test_bad_input(
    serve: Serve, http: httpx.AsyncClient, body: bytes, status: int, param: str | None
) -> None:
    address = await serve(scripted())
    response = await http.post(address + URL, content=body, headers=JSON)
    error = response.json()["error"]
    assert response.status_code == status
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert "Traceback" not in response.text


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content-encoding": "gzip"}, 415, "unsupported_encoding"),
        ({"authorization": b"Bearer caf\xc3\xa9"}, 401, "invalid_api_key"),
    ],
)
async def test_headers_that_cannot_be_followed(
    serve: Serve, http: httpx.AsyncClient, headers: dict[str, str], status: int, code: str
) -> None:
    upstream = scripted()
    response = await http.post(await serve(upstream) + URL, json=chat(), headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert not upstream.requests


async def test_a_body_over_the_limit(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(scripted(), body_limit=1024 * 1024)
    response = await http.post(address + URL, json=chat("x" * 1_500_000))
    assert response.status_code == 413
    assert "1 MB" in response.json()["error"]["message"]
    assert (await http.post(address + URL, json=chat("x" * 500_000))).status_code == 200


async def test_a_body_of_untold_length_over_the_limit(serve: Serve, http: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    response = await http.post(
        await serve(scripted(), body_limit=1024 * 1024) + URL, content=body(), headers=JSON
    )
    assert response.status_code == 413


async def test_a_body_without_an_end_is_not_read_for_ever(serve: Serve, http: httpx.AsyncClient) -> None:
    async def body() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 100_000

    address = await serve(scripted(), body_limit=1024 * 1024)
    with suppress(httpx.TransportError):  # who still sends may miss the answer
        assert (await http.post(address + URL, content=body(), headers=JSON)).status_code == 413
    assert (await http.post(address + URL, json=chat())).status_code == 200


async def test_a_body_that_does_not_arrive(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_TIME", 0.01)
    address = await serve(scripted())
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        b"content-type: application/json\r\ncontent-length: 9\r\n\r\n{"
    )
    assert (await reader.readline()).split()[1] == b"408"
    writer.close()


async def test_a_doubled_slash_leads_to_the_address_meant(serve: Serve, http: httpx.AsyncClient) -> None:
    response = await http.get(await serve(scripted()) + "/v1//models", follow_redirects=True)
    assert response.status_code == 200
    assert [model["id"] for model in response.json()["data"]] == ["qwen"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/chat/completions", 405), ("POST", "/v2/none", 404), ("GET", "/", 404)],
)
async def test_wrong_addresses(
    serve: Serve, http: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    address = await serve(scripted())
    response = await http.request(method, address + path)
    assert response.status_code == status
    assert response.json()["error"]["message"]


async def test_a_failure_of_the_bridge_shows_no_traceback(serve: Serve, http: httpx.AsyncClient) -> None:
    class Broken(Scripted):
        async def models(self) -> Any:
            raise ZeroDivisionError

    address = await serve(Broken())
    response = await http.get(address + "/v1/models")
    assert response.status_code == 500
    assert "ZeroDivision" not in response.text


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        (ClientError("Wrong."), {}),
        (ReplyError("Nothing.", code="degenerate"), {"x-should-retry": "false"}),
        (UpstreamError("Wait.", status_hint=429, retry_after=1.2), {"retry-after": "2"}),
        (
            UpstreamError("Paid out.", kind="insufficient_quota", status_hint=429),
            {"x-should-retry": "false"},
        ),
        (UpstreamError("Down."), {}),
    ],
)
def test_headers(error: RoobridgeError, headers: dict[str, str]) -> None:
    response = error_response(error)
    assert response.status_code == error.status_hint
    told = {name: response.headers.get(name) for name in ("x-should-retry", "retry-after")}
    assert {name: value for name, value in told.items() if value is not None} == headers
