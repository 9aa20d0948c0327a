"""To a client that gets no calls made for it: what the upstream said, as it said it."""

from __future__ import annotations

from collections.abc import Sequence

from roobridge.bridge.ports import Delta, broke_off
from roobridge.events import CallStart, Content, Fail, Finish, Length, Piece, Thought
from roobridge.policy.endings import broken_off


class PlainReply:
    """Channels in, the same channels out, byte for byte. Nothing of it is continued or asked for again."""

    def __init__(self) -> None:
        self.repairs: list[str] = []
        self.calls: Sequence[CallStart] = ()
        self.wrapped = False
        self.done = False
        self.length = Length()
        self.examined = 0
        self.said = ""
        self.tried = ""

    def feed(self, delta: Delta) -> list[Piece]:
        pieces: list[Piece] = []
        if delta.reasoning:
            self.length.thought += len(delta.reasoning)
            pieces.append(Thought(delta.reasoning))
        if delta.content:
            self.length.said += len(delta.content)
            pieces.append(Content(delta.content))
        for call in delta.tool_calls:
            self.length.said += len(call.name) + len(call.arguments)
            pieces.append(call)
        return pieces

    def close(self, finish: str) -> list[Piece]:
        self.done = True
        # "length" is an end that the client knows.
        if broke_off(finish) and finish != "length":
            return [Fail("broken_off", broken_off(finish))]
        return [Finish(finish)]

    def resumption(self, finish: str) -> None:
        return None

    def lone_text(self, finish: str) -> str:
        return ""

    def note(self, repair: str) -> None:
        self.repairs.append(repair)
