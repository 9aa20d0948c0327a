"""The transport's twin: it answers from recorded chunks, each of which is what one read gives."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import httpx

from roobridge.upstream.http.transport import Body, response_of


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


class RecordedBody(Body):
    """parts: what each read gives, or raises. closed: whether the reader has closed it."""

    def __init__(self, parts: Iterable[bytes | httpx.TransportError]) -> None:
        self.closed = False
        self._parts = deque(parts)

    async def read(self, limit: int = 0) -> bytes:
        part = self._parts.popleft() if self._parts else b""
        if isinstance(part, Exception):
            raise part
        if limit and len(part) > limit:
            self._parts.appendleft(part[limit:])
            return part[:limit]
        return part

    async def aclose(self) -> None:
        self.closed = True


class ReplayingTransport(httpx.AsyncBaseTransport):
    """Gives every request the same answer. bodies: of the answers given."""

    def __init__(
        self,
        parts: Sequence[bytes | httpx.TransportError],
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.bodies: list[RecordedBody] = []
        self._parts = parts
        self._status = status
        self._headers = httpx.Headers(headers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(RecordedBody(self._parts))
        return response_of(request, self._status, "Said", self._headers, self.bodies[-1])
