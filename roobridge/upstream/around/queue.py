"""An upstream that works at few requests at once: further ones wait in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, aclosing, asynccontextmanager, nullcontext
from typing import TypeAlias

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest, Waiting
from roobridge.errors import UpstreamError
from roobridge.upstream.around.base import Around

WAITING = 64  # requests that wait at most
ASK_AGAIN = 30.0  # seconds after which a request that found no room may come again

# Makes what is entered where a request begins to wait, and left where it waits no more.
Watch: TypeAlias = Callable[[], AbstractContextManager[None]]


class Slots:
    """How many requests may be at work at once; the others wait, first come, first served.

    watch: told of each that waits.
    """

    def __init__(self, number: int, watch: Watch = nullcontext) -> None:
        self._free = asyncio.Semaphore(number)
        self._watch = watch
        self._waiting = 0

    @asynccontextmanager
    async def one(self, waiting: Waiting, within: float) -> AsyncIterator[None]:
        """A slot, held while the block runs. waiting: the request's. within: seconds, 0 for ever. Raises
        UpstreamError where none came free."""
        await self._enter(waiting, within)
        try:
            yield
        finally:
            self._free.release()

    async def _enter(self, waiting: Waiting, within: float) -> None:
        if self._waiting >= WAITING:
            raise _no_room("queue_full", f"{WAITING} requests wait for the upstream already")
        self._waiting += 1
        waiting.now = True
        try:
            with self._watch():
                async with asyncio.timeout(within or None):
                    await self._free.acquire()
        except TimeoutError:
            raise _no_room(
                "queue_timeout", f"no slot of the upstream came free within {within:g} seconds"
            ) from None
        finally:
            self._waiting -= 1
            waiting.now, waiting.over = False, asyncio.get_running_loop().time()


class Queued(Around):
    """Another upstream, asked by as many requests as there are slots.

    A server that takes one request at a time (a llama.cpp started with `--parallel 1`) makes the second one
    wait as well, but in no order that it promises. wait: seconds that one waits at most, 0 for ever.
    """

    def __init__(self, inner: Upstream, slots: Slots, wait: float) -> None:
        super().__init__(inner)
        self._slots = slots
        self._wait = wait

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        async with (
            self._slots.one(request.waiting, self._wait),
            aclosing(self._inner.stream(request)) as deltas,
        ):
            async for each in deltas:
                yield each


def _no_room(code: str, why: str) -> UpstreamError:
    return UpstreamError(
        f"The request had to wait too long: {why} (max_concurrent, queue_timeout). Send it again later.",
        kind="rate_limit_error",
        code=code,
        status_hint=429,
        retry_after=ASK_AGAIN,
    )
