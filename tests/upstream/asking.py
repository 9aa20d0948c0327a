"""What tests of the OpenAI-compatible upstream ask, and what a server answers them."""

from __future__ import annotations

import json

import pytest

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest
from roobridge.errors import UpstreamError
from tests.upstream.loopback import Answering, Received, Script

BODY = {"model": "coder", "messages": [{"role": "user", "content": "é"}], "temperature": 0, "top_k": 3}
REQUEST = UpstreamRequest(BODY)
DONE = b"data: [DONE]\n\n"


def frame(finish: str | None = None, **delta: object) -> bytes:
    said = {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(said, ensure_ascii=False)}\n\n".encode()


A = frame(content="aé")
STOP = frame("stop")


def streaming(*parts: bytes) -> Script:
    async def script(answer: Answering, _: Received) -> None:
        await answer.stream(*parts)

    return script


def answering(body: bytes, status: int = 200, headers: str = "", kind: str = "application/json") -> Script:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(body, status=status, headers=headers, kind=kind)

    return script


async def collect(upstream: Upstream, request: UpstreamRequest = REQUEST) -> list[Delta]:
    try:
        return [delta async for deltas in upstream.stream(request) for delta in deltas]
    finally:
        await upstream.aclose()


async def refused(upstream: Upstream, request: UpstreamRequest = REQUEST) -> UpstreamError:
    """The error of a request that gives nothing before it."""
    with pytest.raises(UpstreamError) as caught:
        await anext(aiter(upstream.stream(request)))
    await upstream.aclose()
    return caught.value


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.content for delta in deltas)
