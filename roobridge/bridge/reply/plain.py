"""To a client that gets no calls made for it: what the upstream said, as it said it."""

from __future__ import annotations

from collections.abc import Iterable

from roobridge.events import Content, Fail, Finish, Length, Piece, Thought, ToolDelta

_WHY = {
    "error": "the upstream reported an error",
    "silence": "the upstream fell silent",
    "cut": "the upstream's connection broke off",
}


class PlainReply:
    """Channels in, the same channels out, byte for byte."""

    def __init__(self) -> None:
        self.length = Length()

    def feed(self, reasoning: str, content: str, tool_calls: Iterable[ToolDelta]) -> list[Piece]:
        pieces: list[Piece] = []
        if reasoning:
            self.length.thought += len(reasoning)
            pieces.append(Thought(reasoning))
        if content:
            self.length.said += len(content)
            pieces.append(Content(content))
        for call in tool_calls:
            self.length.said += len(call.name) + len(call.arguments)
            pieces.append(call)
        return pieces

    def close(self, finish: str) -> list[Piece]:
        why = _WHY.get(finish)
        if why is not None:
            return [Fail("broken_off", f"The model's reply broke off: {why}.")]
        return [Finish(finish)]
