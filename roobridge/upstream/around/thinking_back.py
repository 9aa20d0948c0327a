"""An upstream whose models are shown again what they thought in earlier turns, which clients do not send."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest
from roobridge.bridge.shaping.thoughts import Asked, Thoughts
from roobridge.upstream.around.base import Around


class ThinkingBack(Around):
    """Another upstream, asked with the reasoning of the turns in the request's history.

    Only requests that ask for it (`thinking_back`) are. What is kept is this process's own, gone with it, and
    bounded; a turn that is not known goes without. What the bridge itself asks in between, a continuation or
    a second chance, has a place of its own that no client's history has: the turn goes back with what was
    thought before it. Stands around `ToolsAsText`, so that it sees calls as the client sends them.
    """

    def __init__(self, inner: Upstream) -> None:
        super().__init__(inner)
        self._thoughts = Thoughts()

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        return self._hearing(request) if request.thinking_back else self._inner.stream(request)

    async def _hearing(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        asked = Asked(request, self._thoughts)
        try:
            async with aclosing(self._inner.stream(_with_body(request, asked))) as deltas:
                async for each in deltas:
                    for delta in each:
                        asked.hear(delta)
                    yield each
        finally:
            asked.over()


def _with_body(request: UpstreamRequest, asked: Asked) -> UpstreamRequest:
    return msgspec.structs.replace(request, body=asked.body)
