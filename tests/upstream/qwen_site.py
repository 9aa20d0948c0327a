"""chat.qwen.ai on loopback, and an upstream that asks it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest
from roobridge.errors import UpstreamError
from roobridge.upstream.qwen_web import Capture
from tests.upstream.loopback import Answering, Received, Script

CAPTURE = Capture(
    token="tok-0123456789",
    cookies="cna=x; token=tok-0123456789",
    bx_ua="231!ua",
    bx_umidtoken="umid-0123456789",
    bx_v="2.5.37",
    user_agent="UA/1",
)
REQUEST = UpstreamRequest(
    {"model": "qwen3-max", "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "é"}]}
)
CREATED = b'data: {"response.created":{"chat_id":"chat-1","parent_id":"p","response_id":"r"}} \n\n'


def frame(content: str, status: str = "typing", output: int = 0) -> bytes:
    said: dict[str, Any] = {"choices": [{"delta": {"content": content, "phase": "answer", "status": status}}]}
    if output:
        said["usage"] = {"input_tokens": 9, "output_tokens": output}
    return f"data: {json.dumps(said)}\n\n".encode()


A = frame("a", output=1)
FINISHED = frame("", "finished")


def site(
    *parts: bytes, headers: str = "", body: bytes | None = None, new_chat: bytes | None = None
) -> Script:
    """The site: a new chat, then the given stream, or the given body in its place."""

    async def script(answer: Answering, request: Received) -> None:
        if request.target == "/api/v2/chats/new":
            await answer.whole(new_chat or b'{"success":true,"data":{"id":"chat-1"}}', headers=headers)
        elif body is not None:
            await answer.whole(body, headers=headers)
        else:
            await answer.stream(*parts)

    return script


def chatting(said: Callable[[Answering], Awaitable[None]]) -> Script:
    """The site: a new chat, then a stream in which this is said."""

    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/new"):
            await answer.whole(b'{"data":{"id":"chat-1"}}')
            return
        await answer.begin()
        await said(answer)

    return script


async def collect(upstream: Upstream, request: UpstreamRequest = REQUEST) -> list[Delta]:
    async with aclosing(upstream):
        return [delta async for deltas in upstream.stream(request) for delta in deltas]


async def refused(upstream: Upstream, request: UpstreamRequest = REQUEST) -> UpstreamError:
    async with aclosing(upstream):
        with pytest.raises(UpstreamError) as caught:
            await anext(aiter(upstream.stream(request)))
    return caught.value
