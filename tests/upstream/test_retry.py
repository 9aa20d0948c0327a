from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing

import pytest

from roobridge.bridge.ports import Delta, Try, UpstreamRequest
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai_errors import refusal
from roobridge.errors import ClientError, UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import build_upstream
from roobridge.upstream.around import retry
from roobridge.upstream.around.retry import Retrying, is_passing
from tests.service.scripted import Scripted, Step, end, say
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received

HI: Sequence[Step] = [*say("Hi"), *end()]
BUSY = UpstreamError("The upstream failed.", status_hint=503)
LIMITED = UpstreamError("Too many.", kind="rate_limit_error", code="limit", status_hint=429, retry_after=0.01)


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_backoff", lambda state: 0.0)


async def said(upstream: Retrying, request: UpstreamRequest) -> str:
    async with aclosing(upstream.stream(request)) as deltas:
        return "".join([delta.content async for each in deltas for delta in each])


async def test_a_refusal_that_passes_is_tried_again() -> None:
    inner = Scripted([BUSY], [LIMITED], HI)
    request = UpstreamRequest({"model": "m"})
    assert await said(Retrying(inner, 30), request) == "Hi"
    assert len(inner.requests) == 3
    assert request.tries == [Try("upstream_error"), Try("limit", "rate_limit_error")]


@pytest.mark.parametrize(
    ("within", "script"),
    [
        (30, [*say("a"), BUSY]),  # content went out
        (0, [BUSY]),
        (30, [UpstreamError("The request is wrong.", status_hint=400)]),
        (30, [UpstreamError("No credit.", kind="insufficient_quota", status_hint=429)]),
        (30, [UpstreamError("Later.", code="limit", status_hint=429, retry_after=31)]),
        (30, [UpstreamError("Silent.", code="silence", status_hint=504)]),
    ],
    ids=["late", "off", "wrong", "quota", "long", "silent"],
)
async def test_one_that_does_not_stands(within: float, script: Sequence[Step]) -> None:
    inner = Scripted(script)
    request = UpstreamRequest({"model": "m"})
    with pytest.raises(UpstreamError) as caught:
        await said(Retrying(inner, within), request)
    assert caught.value is script[-1]
    assert len(inner.requests) == 1
    assert request.tries == []


async def test_the_last_refusal_stands_when_the_time_is_over() -> None:
    inner = Scripted([UpstreamError("Wait.", code="limit", status_hint=429, retry_after=0.03)])
    with pytest.raises(UpstreamError, match="Wait"):
        await said(Retrying(inner, 0.05), UpstreamRequest({"model": "m"}))
    assert len(inner.requests) == 2


async def test_a_reply_of_nothing_is_one() -> None:
    inner = Scripted([])
    assert await said(Retrying(inner, 30), UpstreamRequest({"model": "m"})) == ""
    assert len(inner.requests) == 1


@pytest.mark.parametrize("status", [300, 301, 405, 408, 409, 418, 451, 500, 501, 505, 520])
def test_other_statuses_would_come_again(status: int) -> None:
    """Though clients are told of some of them as 502 or 504."""
    assert not is_passing(refusal(status, "", Cleaner()))
    assert is_passing(refusal(503, "", Cleaner()))


def test_other_errors_never_pass() -> None:
    assert not is_passing(ClientError("no"))
    assert not is_passing(ValueError("no"))


async def test_a_connection_that_closes_unanswered_is_tried_again(serve: Serve) -> None:
    calls = 0

    async def script(answer: Answering, request: Received) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            answer.close()
            return
        await answer.stream(b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n', b"data: [DONE]\n\n")

    url, _ = await serve(script)
    upstream = build_upstream(Settings(upstream="openai", base_url=f"{url}/v1"))
    request = UpstreamRequest({"model": "m", "messages": []})
    async with aclosing(upstream):
        deltas = [delta async for each in upstream.stream(request) for delta in each]
    assert deltas == [Delta(content="Hi"), Delta(finish="stop")]
    assert request.tries == [Try("broken_off")]
