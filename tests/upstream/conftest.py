"""Fixtures for upstreams that are asked over loopback."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from tests.upstream.loopback import Loopback, Script


class Serve(Protocol):
    async def __call__(self, script: Script, tls: ssl.SSLContext | None = None) -> tuple[str, Loopback]: ...


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server with a script; it gives the base URL and the server, and is stopped after the test."""
    servers: list[Loopback] = []

    async def start(script: Script, tls: ssl.SSLContext | None = None) -> tuple[str, Loopback]:
        server = Loopback(script, tls)
        servers.append(server)
        return await server.start(), server

    yield start
    for server in servers:
        await server.stop()
