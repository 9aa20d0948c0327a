"""How many requests and tokens a minute a client's key may use."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from roobridge.bridge.ports import Usage
from roobridge.service.limits import RateLimits
from tests.service.scripted import Scripted, end, say
from tests.web.conftest import Serve
from tests.web.requests import chat

URL = "/v1/chat/completions"


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


@pytest.mark.parametrize("stream", [True, False])
async def test_requests_a_minute(serve: Serve, http: httpx.AsyncClient, stream: bool) -> None:
    upstream = Scripted([*say("Hi"), *end()])
    address = await serve(upstream, max_requests_per_minute=2) + URL
    answers = [await http.post(address, json=chat(stream=stream), headers=bearer("sk-a")) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    told = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert told == ["1", "0", "0"]
    refused = answers[2]
    assert refused.headers["x-ratelimit-limit-requests"] == "2"
    assert refused.headers["x-ratelimit-reset-requests"] == refused.headers["retry-after"] + "s"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert "max_requests_per_minute" in error["message"]
    assert len(upstream.requests) == 2
    other = await http.post(address, json=chat(), headers=bearer("sk-b"))
    assert other.status_code == 200


async def test_tokens_a_minute(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted([*say("Hi"), *end(usage=Usage(prompt=90, completion=20))])
    address = await serve(upstream, max_tokens_per_minute=100) + URL
    first = await http.post(address, json=chat(stream=False))
    assert (first.status_code, first.headers["x-ratelimit-remaining-tokens"]) == (200, "100")
    second = await http.post(address, json=chat(stream=False))
    assert (second.status_code, second.headers["x-ratelimit-remaining-tokens"]) == (429, "0")
    assert "x-ratelimit-limit-requests" not in second.headers
    assert len(upstream.requests) == 1


async def test_without_limits_nothing_is_counted_or_told(serve: Serve, http: httpx.AsyncClient) -> None:
    answer = await http.post(await serve(Scripted([*say("Hi"), *end()])) + URL, json=chat(stream=False))
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


async def test_a_refused_request_takes_none_of_the_others() -> None:
    limits = RateLimits(requests=5, tokens=10)
    limits.spend("sk-a", 10)
    await asyncio.sleep(0)
    standing = await limits.take("sk-a")
    assert standing.refusal is not None
    assert standing.headers["x-ratelimit-remaining-requests"] == "5"
    assert (await limits.take("sk-b")).refusal is None
