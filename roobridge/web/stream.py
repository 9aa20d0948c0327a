"""A turn as the bytes of its response, streamed or whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from hypercorn.typing import ASGISendCallable

from roobridge.bridge.wire.overflow import CODE, IN_STREAM
from roobridge.bridge.wire.sse import ChunkWriter, usage_body
from roobridge.events import Content, Finish, Piece, Thought, ToolDelta
from roobridge.service.turns.turn import Turn


class EventStream:
    """Iterates over the writes of a streamed reply. A turn whose stream is dropped unread is stopped.

    send: ASGI's, of the request. Between the first batch and the end the turn writes with it itself, while
    whoever iterates waits; both write whole frames only.
    """

    def __init__(self, turn: Turn, send: ASGISendCallable) -> None:
        chat, plan = turn.ask.chat, turn.ask.plan
        self._turn = turn
        self._send = send
        self._writer = ChunkWriter(f"chatcmpl-{turn.id}", chat.model, turn.created)
        self._tells_usage = chat.include_usage or plan.agent
        self._begun = False
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._over:
            raise StopAsyncIteration
        batch = await self._turn.next()
        if batch is None:
            self._over = True
            return self._last_words()
        if not batch:
            return self._writer.comment()
        frames = self._frames(batch)
        if self._begun:
            return frames
        self._begun = True
        self._turn.write_through(self._write)
        return self._writer.role() + frames

    async def aclose(self) -> None:
        await self._turn.aclose()

    async def _write(self, batch: Sequence[Piece]) -> None:
        try:
            await self._send({"type": "http.response.body", "body": self._frames(batch), "more_body": True})
        except OSError:  # the client has gone, in a way that the server does not know
            self._turn.stop()

    def _frames(self, batch: Sequence[Piece]) -> bytes:
        return b"".join(map(self._writer.piece, batch))

    def __del__(self) -> None:
        self._turn.stop()

    def _last_words(self) -> bytes:
        error = self._turn.error
        if error is not None:
            # Without [DONE]: nothing may look like an ordinary end.
            kind, code = (CODE, IN_STREAM) if error.code == CODE else (error.kind, error.code)
            return self._writer.error(error.message, kind=kind, code=code, param=error.param)
        usage = self._writer.usage(self._turn.usage) if self._tells_usage else b""
        return usage + self._writer.done()


def completion(turn: Turn, pieces: Sequence[Piece]) -> dict[str, Any]:
    """A whole reply as a `chat.completion` object."""
    message: dict[str, Any] = {"role": "assistant"}
    content = "".join(piece.text for piece in pieces if isinstance(piece, Content))
    calls = _calls(pieces)
    message["content"] = content if content or not calls else None
    reasoning = "".join(piece.text for piece in pieces if isinstance(piece, Thought) and not piece.preview)
    if reasoning:
        message["reasoning_content"] = reasoning
    if calls:
        message["tool_calls"] = calls
    reason = next((piece.reason for piece in reversed(pieces) if isinstance(piece, Finish)), "stop")
    return {
        "id": f"chatcmpl-{turn.id}",
        "object": "chat.completion",
        "created": turn.created,
        "model": turn.ask.chat.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": usage_body(turn.usage),
    }


def _calls(pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    by_index: dict[int, list[ToolDelta]] = {}
    for piece in pieces:
        if isinstance(piece, ToolDelta):
            by_index.setdefault(piece.index, []).append(piece)
    return [
        {
            "id": deltas[0].id,
            "type": "function",
            "function": {"name": deltas[0].name, "arguments": "".join(delta.arguments for delta in deltas)},
        }
        for _, deltas in sorted(by_index.items())
    ]
