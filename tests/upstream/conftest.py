"""Fixtures for upstreams that are asked over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.upstream.loopback import Loopback, Script

Serve = Callable[[Script], Awaitable[tuple[str, Loopback]]]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server with a script; it gives the base URL and the server, and is stopped after the test."""
    servers: list[Loopback] = []

    async def start(script: Script) -> tuple[str, Loopback]:
        server = Loopback(script)
        servers.append(server)
        return await server.start(), server

    yield start
    for server in servers:
        await server.stop()
