"""A proxy of the bridge's own stack (Quart, Hypercorn, httpx over aiohttp) that reads nothing.

    python -m tests.bench.passthrough raw|json PORT UPSTREAM_URL

raw: bytes as they come. json: every chunk decoded, changed and encoded again; what one read gave is one
write.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import httpx
import msgspec
from hypercorn.asyncio import serve
from hypercorn.config import Config
from quart import Quart, Response, request

from roobridge.cli.serve import loop_factory
from roobridge.upstream.http.exchange import new_client
from roobridge.web.serving import BACKLOG


def app(url: str, rewritten: bool) -> Quart:
    quart = Quart("passthrough", static_folder=None)
    client = new_client(60.0)

    @quart.post("/v1/chat/completions")
    async def chat() -> Response:
        body = await request.get_data()
        headers = {"content-type": "application/json"}
        asked = client.build_request("POST", f"{url}/chat/completions", content=body, headers=headers)
        answer = await client.send(asked, stream=True)
        reply = Response(
            _rewritten(answer) if rewritten else answer.aiter_raw(), content_type="text/event-stream"
        )
        reply.timeout = None
        return reply

    @quart.get("/v1/models")
    async def models() -> dict[str, list[str]]:
        return {"data": []}

    return quart


async def _rewritten(answer: httpx.Response) -> AsyncIterator[bytes]:
    rest = b""
    async for data in answer.aiter_raw():
        *frames, rest = (rest + data).split(b"\n\n")
        if frames:
            yield b"".join(map(_rewrite, frames))


def _rewrite(frame: bytes) -> bytes:
    data = frame[6:]
    if data == b"[DONE]":
        return frame + b"\n\n"
    chunk = msgspec.json.decode(data)
    chunk["id"] = "rewritten"
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


async def main(mode: str, port: str, url: str) -> None:
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.backlog = BACKLOG
    await serve(app(url, mode == "json"), config)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(*sys.argv[1:]))
