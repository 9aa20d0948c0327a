"""A scripted upstream on loopback: one reply for each request that asks for a completion."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, TypeAlias

from tests.e2e.model import Ending, Said, openai_frames, qwen_web_frames
from tests.upstream.loopback import Answering, Loopback, Received

MODEL = "qwen3-coder-plus"
KEY = "sk-e2e"
_TOKEN_PAUSE = 0.001  # seconds between two tokens: a fast model's, so that deltas are not read all at once


class Wire(Enum):
    """What an upstream speaks; the value is the word of `serve --upstream`."""

    OPENAI = "openai"
    QWEN_WEB = "qwen-web"


class ScriptedUpstream:
    """asked: the bodies of the requests for a completion. busy: set when the first came. hung_up: set when a
    client left in the middle of a reply. over: set when one more came than were scripted."""

    def __init__(self, wire: Wire, replies: Sequence[Reply]) -> None:
        self.asked: list[Any] = []
        self.busy = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.over = asyncio.Event()
        self.address = ""
        self.wire = wire
        self._replies = replies
        self._loopback = Loopback(self._answer)

    @property
    def base_url(self) -> str:
        """As `serve --base-url` and an OpenAI client want it."""
        return self.address + ("/v1" if self.wire is Wire.OPENAI else "")

    async def start(self) -> None:
        self.address = await self._loopback.start()

    async def stop(self) -> None:
        await self._loopback.stop()

    async def _answer(self, answering: Answering, request: Received) -> None:
        path = request.target.partition("?")[0]
        if request.method == "GET" and path.endswith("/models"):
            await answering.whole(_encode({"object": "list", "data": [{"id": MODEL, "object": "model"}]}))
        elif path == "/api/v2/chats/new":
            await answering.whole(_encode({"success": True, "data": {"id": f"chat-{len(self.asked)}"}}))
        elif path.endswith("/chat/completions"):
            await self._complete(answering, request)
        else:
            refused = {"error": {"message": f"nothing at {path}", "type": "invalid_request_error"}}
            await answering.whole(_encode(refused), status=404)

    async def _complete(self, answering: Answering, request: Received) -> None:
        turn = len(self.asked)
        self.asked.append(request.json())
        self.busy.set()
        if turn >= len(self._replies):
            self.over.set()
            await Refusal(400, "The script is over.").answer(answering)
            return
        reply = self._replies[turn]
        if callable(reply):
            reply = reply(self.asked[-1])
        if isinstance(reply, Refusal):
            await reply.answer(answering)
            return
        await answering.begin()
        try:
            for frame in self._frames(reply, turn):
                await answering.part(frame)
                await asyncio.sleep(_TOKEN_PAUSE)
        except ConnectionError:
            self.hung_up.set()
            raise
        if reply.ending is Ending.CUT:
            answering.reset()
        else:
            await answering.end()

    def _frames(self, said: Said, turn: int) -> Iterator[bytes]:
        if self.wire is Wire.QWEN_WEB:
            return qwen_web_frames(said, turn)
        return openai_frames(said, MODEL, turn)


class Refusal:
    """A reply that is an HTTP error in OpenAI's shape."""

    def __init__(self, status: int, message: str, code: str = "", headers: str = "") -> None:
        self._status = status
        self._body = _encode({"error": {"message": message, "type": "invalid_request_error", "code": code}})
        self._headers = headers

    async def answer(self, answering: Answering) -> None:
        await answering.whole(self._body, status=self._status, headers=self._headers)


# The third decides by the request's body.
Reply: TypeAlias = Said | Refusal | Callable[[Any], Said | Refusal]


def _encode(body: object) -> bytes:
    return json.dumps(body).encode()


@asynccontextmanager
async def scripted(wire: Wire, *replies: Reply) -> AsyncIterator[ScriptedUpstream]:
    """A running upstream with these replies."""
    upstream = ScriptedUpstream(wire, replies)
    await upstream.start()
    try:
        yield upstream
    finally:
        await upstream.stop()
