from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from roobridge.bridge.ports import Upstream
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from roobridge.web.serving import listen, serve_on

# Starts a service around an upstream, with these settings, and returns its address.
Serve = Callable[..., Awaitable[str]]


@asynccontextmanager
async def _serving(upstream: Upstream, /, **settings: Any) -> AsyncIterator[str]:
    sock = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{sock.getsockname()[1]}"
    stop = asyncio.Event()
    services = assemble(Settings(**{"pace_ms": 0, "usage_wait_ms": 50, **settings}), {"scripted": upstream})
    server = asyncio.create_task(serve_on(sock, services, stop.wait, grace=0.2))
    try:
        yield address
    finally:
        stop.set()
        await server


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(upstream: Upstream, /, **settings: Any) -> str:
            return await stack.enter_async_context(_serving(upstream, **settings))

        yield start


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
        yield client
