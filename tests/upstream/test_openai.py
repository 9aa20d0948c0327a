from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from roobridge.bridge.ports import Capabilities, Delta, Model, Upstream, UpstreamRequest, Usage
from roobridge.errors import UpstreamError
from roobridge.upstream.openai import OpenAIUpstream
from tests.upstream.asking import (
    BODY,
    DONE,
    REQUEST,
    STOP,
    A,
    answering,
    collect,
    frame,
    refused,
    streaming,
    text_of,
)
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received


async def test_request_and_reply(serve: Serve) -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}}\n\n'
    url, server = await serve(streaming(A, STOP, usage, DONE))
    upstream = OpenAIUpstream(f"{url}/v1/", "sk-own", model_map={"coder": "qwen3-coder-plus"})
    deltas = await collect(upstream, UpstreamRequest(BODY, key="sk-client"))
    assert deltas == [Delta(content="aé"), Delta(usage=Usage(5, 1)), Delta(finish="stop")]
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-own"
    assert request.json() == {
        **BODY,
        "model": "qwen3-coder-plus",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_the_clients_key_and_stream_options_are_passed_on(serve: Serve) -> None:
    url, server = await serve(streaming(A, DONE))
    request = UpstreamRequest({**BODY, "stream_options": {"extra": 1}}, key="sk-client")
    await collect(OpenAIUpstream(url), request)
    assert server.requests[0].headers["authorization"] == "Bearer sk-client"
    assert server.requests[0].json()["stream_options"] == {"extra": 1, "include_usage": True}


async def test_no_key_no_header(serve: Serve) -> None:
    url, server = await serve(streaming(A, DONE))
    await collect(OpenAIUpstream(url))
    assert "authorization" not in server.requests[0].headers


async def test_one_item_a_read_and_the_first_at_once(serve: Serve) -> None:
    go_on = asyncio.Event()

    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        await answer.part(frame(role="assistant", content=""))
        await go_on.wait()
        await answer.part(A + A)
        await answer.part(STOP + DONE)
        await answer.end()

    url, _ = await serve(script)
    upstream = OpenAIUpstream(url)
    items = upstream.stream(REQUEST)
    assert await anext(items) == []
    go_on.set()
    rest = [delta async for deltas in items for delta in deltas]
    assert rest == [Delta(content="aé"), Delta(content="aé"), Delta(finish="stop")]
    await upstream.aclose()


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_bytes_cut_anywhere(serve: Serve, size: int) -> None:
    # Only the first mark is the body's own: the second one is the model's first character.
    body = b"\xef\xbb\xbf" + frame(content="\ufeffaé") + frame(content="\U0001f600") + STOP + DONE
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    url, _ = await serve(streaming(*parts))
    deltas = await collect(OpenAIUpstream(url))
    assert text_of(deltas) == "\ufeffaé\U0001f600"
    assert deltas[-1] == Delta(finish="stop")


async def test_closing_the_iterator_closes_the_connection(serve: Serve) -> None:
    gone = asyncio.Event()

    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        await answer.part(A)
        await answer.gone()
        gone.set()

    url, _ = await serve(script)
    upstream = OpenAIUpstream(url)
    items = upstream.stream(REQUEST)
    assert text_of(await anext(items)) == "aé"
    await items.aclose()
    await asyncio.wait_for(gone.wait(), 5)
    await upstream.aclose()


async def test_cancelling_the_reader_closes_the_connection(serve: Serve) -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def script(answer: Answering, _: Received) -> None:
        asked.set()
        await answer.gone()
        gone.set()

    url, _ = await serve(script)
    upstream = OpenAIUpstream(url)
    task = asyncio.create_task(collect(upstream))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(gone.wait(), 5)


async def test_a_finished_connection_is_used_again(serve: Serve) -> None:
    url, server = await serve(streaming(A + STOP + DONE))
    upstream = OpenAIUpstream(url)
    for _ in range(2):
        assert [delta async for deltas in upstream.stream(REQUEST) for delta in deltas][-1].finish == "stop"
    await upstream.aclose()
    assert len(server.requests) == 2


async def test_more_streams_at_once_than_a_pool_would_hold(serve: Serve) -> None:
    everyone = asyncio.Event()
    count = 120

    async def script(answer: Answering, _: Received) -> None:
        await answer.begin()
        await answer.part(A)
        if len(server.requests) == count:
            everyone.set()
        await everyone.wait()
        await answer.part(DONE)
        await answer.end()

    url, server = await serve(script)
    upstream = OpenAIUpstream(url)

    async def one() -> str:
        return text_of([delta async for deltas in upstream.stream(REQUEST) for delta in deltas])

    assert await asyncio.wait_for(asyncio.gather(*(one() for _ in range(count))), 20) == ["aé"] * count
    await upstream.aclose()


async def test_cookies_are_not_kept(serve: Serve) -> None:
    url, server = await serve(answering(b'{"data":[]}', headers="Set-Cookie: a=b; Path=/\r\n"))
    upstream = OpenAIUpstream(url)
    await upstream.models()
    await upstream.models()
    await upstream.aclose()
    assert ["cookie" in request.headers for request in server.requests] == [False, False]


# status, code, further headers; kind, code and status for the client, seconds to wait
REFUSALS: list[tuple[int, str, str, tuple[str, str, int, float | None]]] = [
    (400, "invalid_parameter_error", "", ("invalid_request_error", "invalid_parameter_error", 400, None)),
    (401, "invalid_api_key", "", ("authentication_error", "invalid_api_key", 401, None)),
    (403, "access_denied", "", ("permission_error", "access_denied", 403, None)),
    (404, "model_not_found", "", ("invalid_request_error", "model_not_found", 404, None)),
    (429, "limit_requests", "Retry-After: 7\r\n", ("rate_limit_error", "limit_requests", 429, 7)),
    (500, "internal", "", ("api_error", "internal", 500, None)),
    (502, "gateway", "", ("api_error", "gateway", 502, None)),
    (503, "busy", "", ("api_error", "busy", 503, None)),
    (507, "full", "", ("api_error", "full", 502, None)),
    (503, "busy", "Retry-After: 2.5\r\n", ("api_error", "busy", 503, 2.5)),
]


@pytest.mark.parametrize(("status", "code", "headers", "expected"), REFUSALS)
async def test_refusals_come_before_the_first_item(
    serve: Serve, status: int, code: str, headers: str, expected: tuple[str, str, int, float | None]
) -> None:
    body = json.dumps({"error": {"code": code, "message": "No, key-7777 is wrong; key-8888 too"}}).encode()
    url, _ = await serve(answering(body, status, headers))
    said = await refused(OpenAIUpstream(url, "key-7777"))
    assert (said.kind, said.code, said.status_hint, said.retry_after) == expected
    assert "key-7777" not in said.message
    assert "key-8888" in said.message


async def test_the_clients_key_is_masked_in_errors_of_the_stream(serve: Serve) -> None:
    url, _ = await serve(streaming(A, b'data: {"error":"bad key-9999"}\n\n'))
    async with aclosing(OpenAIUpstream(url)) as upstream:
        items = upstream.stream(UpstreamRequest(BODY, key="key-9999"))
        assert text_of(await anext(items)) == "aé"
        with pytest.raises(UpstreamError, match=r"bad \[redacted\]"):
            await anext(items)


async def test_an_error_beside_content_comes_after_it(serve: Serve) -> None:
    url, _ = await serve(streaming(A + b'data: {"error":"boom"}\n\n'))
    async with aclosing(OpenAIUpstream(url)) as upstream:
        items = upstream.stream(REQUEST)
        assert text_of(await anext(items)) == "aé"
        with pytest.raises(UpstreamError, match="boom"):
            await anext(items)


@pytest.mark.parametrize(
    "body", [b'data: {"error":{"message":"x","code":"limit_requests"}}\n\n', b'{"error":"x"}']
)
async def test_an_error_in_place_of_a_reply_is_a_refusal(serve: Serve, body: bytes) -> None:
    url, _ = await serve(streaming(body))
    assert (await refused(OpenAIUpstream(url))).message.endswith("x")


async def test_a_whole_completion_in_answer_to_a_stream_request(serve: Serve) -> None:
    url, _ = await serve(answering(b'{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}'))
    assert await collect(OpenAIUpstream(url)) == [Delta(content="a"), Delta(finish="stop")]


async def test_models(serve: Serve) -> None:
    m, n = {"id": "m", "owned_by": "vllm", "max_model_len": 32768}, {"id": "n", "root": "sk-own-and-only"}
    body = {"data": [m, n, {"name": "no id"}]}
    url, server = await serve(answering(json.dumps(body).encode()))
    names = {"alias": "m", "n": "m", "z": "absent"}
    upstream = OpenAIUpstream(f"{url}/v1", "sk-own-and-only", model_map=names)
    assert await upstream.models() == [
        Model("m", "vllm", 32768, said=m),
        Model("n", said={"id": "n", "root": "[redacted]"}),
        Model("alias", "vllm", 32768, said=m),
    ]
    assert (server.requests[0].method, server.requests[0].target) == ("GET", "/v1/models")
    assert server.requests[0].headers["authorization"] == "Bearer sk-own-and-only"
    assert (await upstream.health()).detail == "The upstream lists 3 models."
    await upstream.aclose()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"models":[]}', 200, "bad_response"),
        (b"<html>", 200, "upstream_error"),
        (b"{}", 401, "invalid_api_key"),
        (b"[" * 100_000, 200, "upstream_error"),
    ],
)
async def test_no_models(serve: Serve, body: bytes, status: int, code: str) -> None:
    url, _ = await serve(answering(body, status))
    upstream = OpenAIUpstream(url, "sk-own")
    with pytest.raises(UpstreamError) as caught:
        await upstream.models()
    assert caught.value.code == code
    health = await upstream.health()
    assert (health.ok, health.detail) == (False, caught.value.message)
    await upstream.aclose()


@pytest.mark.parametrize(("key", "ok"), [("", True), ("sk-1", False)])
async def test_health_without_a_key_of_its_own(serve: Serve, key: str, ok: bool) -> None:
    url, _ = await serve(answering(b'{"error":{"message":"no key"}}', 401))
    async with aclosing(OpenAIUpstream(url, key)) as upstream:
        assert (await upstream.health()).ok is ok


def test_capabilities() -> None:
    assert OpenAIUpstream("http://x").capabilities == Capabilities()
    upstream: Upstream = OpenAIUpstream("http://x", partial=True)
    assert upstream.capabilities == Capabilities(partial=True)


async def test_an_entry_nested_deep_is_a_model_all_the_same(serve: Serve) -> None:
    deep = b"[" * 700 + b"]" * 700
    url, _ = await serve(answering(b'{"data": [{"id": "m", "x": %b}]}' % deep))
    async with aclosing(OpenAIUpstream(url)) as upstream:
        assert [model.id for model in await upstream.models()] == ["m"]
