"""A reply of the bridge's own: one call, for which no upstream is asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from roobridge.bridge.ports import Capabilities, Delta, Upstream, UpstreamRequest
from roobridge.events import ToolDelta
from roobridge.upstream.around.base import Around


class Question(Around):
    """Any upstream, whose every reply is this call. call: a whole one."""

    def __init__(self, inner: Upstream, call: ToolDelta) -> None:
        super().__init__(inner)
        self.capabilities = Capabilities()
        self._call = call

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        yield [Delta(tool_calls=(self._call,), finish="tool_calls")]
