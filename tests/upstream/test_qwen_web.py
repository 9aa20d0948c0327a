from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from roobridge.bridge.ports import Delta, Model, UpstreamRequest, Usage
from roobridge.errors import ClientError
from roobridge.upstream.qwen_web import Capture, QwenWebUpstream
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received
from tests.upstream.qwen_site import (
    CAPTURE,
    CREATED,
    FINISHED,
    REQUEST,
    A,
    chatting,
    collect,
    frame,
    refused,
    site,
)


async def test_a_new_chat_then_one_folded_message(serve: Serve) -> None:
    url, server = await serve(site(CREATED, A, FINISHED))
    deltas = await collect(QwenWebUpstream(CAPTURE, base_url=f"{url}/"))
    assert deltas == [Delta(content="a", usage=Usage(9, 1)), Delta(finish="stop")]
    new, completion = server.requests
    assert (new.method, new.json()["models"]) == ("POST", ["qwen3-max"])
    assert completion.target == "/api/v2/chat/completions?chat_id=chat-1"
    body = completion.json()
    assert (body["chat_id"], body["chatId"], body["parent_id"]) == ("chat-1", "chat-1", None)
    assert [message["content"] for message in body["messages"]] == ["S\n\né"]


async def test_headers_are_the_captured_ones_and_the_pages_own(serve: Serve) -> None:
    url, server = await serve(site(CREATED, A, FINISHED))
    await collect(QwenWebUpstream(CAPTURE, base_url=url))
    headers = server.requests[1].headers
    sent = {
        "authorization": "Bearer tok-0123456789",
        "cookie": "cna=x; token=tok-0123456789",
        "user-agent": "UA/1",
        "bx-ua": "231!ua",
        "bx-umidtoken": "umid-0123456789",
        "bx-v": "2.5.37",
        "origin": url,
        "referer": f"{url}/c/chat-1",
        "source": "web",
        "version": "0.2.0",
        "content-type": "application/json; charset=UTF-8",
    }
    assert {name: headers.get(name) for name in sent} == sent
    assert re.fullmatch(r"\w{3} \w{3} \d\d \d{4} [\d:]{8} GMT\+0000 \(.+\)", headers["timezone"])
    assert headers["x-request-id"] != server.requests[0].headers["x-request-id"]


async def test_nothing_stands_in_for_what_was_not_captured(serve: Serve) -> None:
    url, server = await serve(site(CREATED, A, FINISHED))
    await collect(QwenWebUpstream(Capture(), base_url=url), UpstreamRequest(REQUEST.body, key="tok-2"))
    headers = server.requests[0].headers
    assert (headers["authorization"], headers["cookie"]) == ("Bearer tok-2", "token=tok-2")
    assert not {"bx-ua", "bx-umidtoken", "bx-v"} & headers.keys()
    assert not any(name.startswith("sec-ch-ua") for name in headers)


@pytest.mark.parametrize("cookies", ["cna=x", "refresh_token=y"])
async def test_the_token_joins_the_cookies(serve: Serve, cookies: str) -> None:
    url, server = await serve(site(CREATED, A, FINISHED))
    await collect(QwenWebUpstream(Capture(token="tok-0123456789", cookies=cookies), base_url=url))
    assert server.requests[0].headers["cookie"] == f"{cookies}; token=tok-0123456789"


async def test_the_first_item_comes_with_the_created_frame(serve: Serve) -> None:
    go_on = asyncio.Event()

    async def slowly(answer: Answering) -> None:
        await answer.part(CREATED)
        await go_on.wait()
        await answer.part(A + FINISHED)
        await answer.end()

    url, _ = await serve(chatting(slowly))
    async with aclosing(QwenWebUpstream(CAPTURE, base_url=url)) as upstream:
        items = upstream.stream(REQUEST)
        assert await anext(items) == []
        go_on.set()
        assert [delta.content for deltas in [await anext(items)] for delta in deltas] == ["a", ""]
        await items.aclose()


async def test_closing_the_iterator_closes_the_connection(serve: Serve) -> None:
    gone = asyncio.Event()

    async def until_gone(answer: Answering) -> None:
        await answer.part(CREATED + A)
        await answer.gone()
        gone.set()

    url, _ = await serve(chatting(until_gone))
    async with aclosing(QwenWebUpstream(CAPTURE, base_url=url)) as upstream:
        items = upstream.stream(REQUEST)
        await anext(items)
        await items.aclose()
        await asyncio.wait_for(gone.wait(), 5)


@pytest.mark.parametrize(
    ("body", "code", "status", "wait"),
    [
        (b'{"ret":["FAIL_SYS_USER_VALIDATE","RGV587_ERROR::SM::x"],"data":{"url":"x"}}', "waf_busy", 503, 30),
        (b'data: {"ret":["FAIL_SYS_USER_VALIDATE","RGV587_ERROR"]}\n\n', "waf_busy", 503, 30),
        (b"<html><script>aliyun_waf</script></html>", "waf_captcha", 503, 30),
        (
            b'{"success":false,"data":{"code":"RateLimited","details":"x","num":2}}',
            "insufficient_quota",
            429,
            7200,
        ),
        (
            b'{"success":false,"data":{"code":"Unauthorized","details":"x tok-0123456789"}}',
            "token_expired",
            401,
            None,
        ),
        (
            b'{"success":false,"data":{"code":"E","details":"x tok-0123456789 umid-0123456789"}}',
            "E",
            502,
            None,
        ),
        (b'{"success":false,"data":{"code":"E tok-0123456789","details":"x"}}', "E [redacted]", 502, None),
        (b'data: {"error":"x","code":"umid-0123456789"}\n\n', "[redacted]", 502, None),
        (b"", "empty_stream", 502, None),
    ],
)
async def test_refusals_that_come_with_200(
    serve: Serve, body: bytes, code: str, status: int, wait: float | None
) -> None:
    url, _ = await serve(site(body=body))
    error = await refused(QwenWebUpstream(CAPTURE, base_url=url))
    assert (error.code, error.status_hint, error.retry_after) == (code, status, wait)
    assert "tok-0123456789" not in error.message
    assert "umid-0123456789" not in error.message


@pytest.mark.parametrize("target", ["new", "completions?chat_id=chat-1", "models"])
async def test_the_true_status_stands_in_a_header(serve: Serve, target: str) -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith(target):
            await answer.whole(b'{"data":{"id":"x"}}', headers="x-actual-status-code: 401\r\n")
        else:
            await site()(answer, request)

    url, _ = await serve(script)
    upstream = QwenWebUpstream(CAPTURE, base_url=url)
    if target == "models":
        async with aclosing(upstream):
            assert "expired" in (await upstream.health()).detail
    else:
        assert (await refused(upstream)).code == "token_expired"


async def test_a_refusal_says_how_long_to_wait(serve: Serve) -> None:
    url, _ = await serve(site(headers="x-actual-status-code: 429\r\nretry-after: 7\r\n"))
    assert (await refused(QwenWebUpstream(CAPTURE, base_url=url))).retry_after == 7


async def test_a_status_that_is_none_is_passed_over(serve: Serve) -> None:
    async def script(answer: Answering, request: Received) -> None:
        await answer.whole(b'{"error":"no"}', headers="x-actual-status-code: 9²9\r\n")

    url, _ = await serve(script)
    assert (await refused(QwenWebUpstream(CAPTURE, base_url=url))).code == "upstream_error"


async def test_no_single_cookie_is_repeated(serve: Serve) -> None:
    url, _ = await serve(
        site(body=b'{"success":false,"data":{"code":"E","details":"bad ssx-0123456789, lang en"}}')
    )
    capture = Capture(cookies="lang=en; ssxmod_itna=ssx-0123456789")
    message = (await refused(QwenWebUpstream(capture, base_url=url))).message
    assert "bad [redacted], lang en" in message


async def test_a_chat_that_is_refused(serve: Serve) -> None:
    url, server = await serve(site(new_chat=b'{"success":false,"data":{"code":"Unauthorized","details":""}}'))
    assert (await refused(QwenWebUpstream(CAPTURE, base_url=url))).code == "token_expired"
    assert len(server.requests) == 1


async def test_a_reply_that_ends_without_its_last_frame_is_cut(serve: Serve) -> None:
    url, _ = await serve(site(CREATED, A))
    assert (await collect(QwenWebUpstream(CAPTURE, base_url=url)))[-1] == Delta(finish="cut")


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([{"role": "user", "content": "x" * 92160}], "context_length_exceeded"),
        ([{"role": "user", "content": [{"type": "image_url"}]}], "unsupported_content"),
    ],
)
async def test_what_cannot_be_sent_is_refused_before_anything_is(
    serve: Serve, messages: Sequence[dict[str, object]], code: str
) -> None:
    url, server = await serve(site())
    async with aclosing(QwenWebUpstream(CAPTURE, base_url=url)) as upstream:
        with pytest.raises(ClientError) as caught:
            await anext(upstream.stream(UpstreamRequest({"model": "m", "messages": list(messages)})))
    assert caught.value.code == code
    assert server.requests == []


def listed(output: dict[str, int]) -> bytes:
    meta = {"max_context_length": 1000, "capabilities": {"vision": True, "thinking": True}, **output}
    return json.dumps(
        {
            "data": [
                {"id": "new", "owned_by": "qwen", "info": {"user_id": "u-1", "meta": meta}},
                {"id": "bare"},
            ]
        }
    ).encode()


@pytest.mark.parametrize("field", ["max_generation_length", "max_summary_generation_length"])
async def test_the_listed_output_limit_stands_for_a_length_signal(serve: Serve, field: str) -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target == "/api/models":
            await answer.whole(listed({field: 7}))
        else:
            await site(CREATED, frame("a", output=7), FINISHED)(answer, request)

    url, _ = await serve(script)
    upstream = QwenWebUpstream(CAPTURE, base_url=url)
    assert await upstream.models() == [
        Model("new", context=1000, output=7, vision=False, thinking=True),
        Model("bare", vision=False),
    ]
    deltas = await collect(upstream, UpstreamRequest({**REQUEST.body, "model": "new"}))
    assert deltas[-1] == Delta(finish="length")


async def test_given_models_are_believed_until_the_list_is_read(serve: Serve) -> None:
    url, _ = await serve(site(CREATED, frame("a", output=7), FINISHED))
    upstream = QwenWebUpstream(CAPTURE, base_url=url, models=[Model("qwen3-max", output=7)])
    assert (await collect(upstream))[-1] == Delta(finish="length")


@pytest.mark.parametrize(
    ("body", "ok", "word"),
    [
        (listed({}), True, "2 models"),
        (b"<html>aliyun_waf</html>", False, "browser"),
        (b"{}", False, "refused"),
        (b"[" * 100_000, False, "refused"),
    ],
)
async def test_health(serve: Serve, body: bytes, ok: bool, word: str) -> None:
    url, server = await serve(site(body=body))
    async with aclosing(QwenWebUpstream(CAPTURE, base_url=url)) as upstream:
        health = await upstream.health()
    assert health.ok is ok
    assert word in health.detail
    assert server.requests[0].target == "/api/models"
