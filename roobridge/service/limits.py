"""How many requests and tokens a minute each client may use, told apart by its key."""

from __future__ import annotations

import asyncio
import math
import time

import msgspec
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from roobridge.bridge.request.identity import owner_of
from roobridge.errors import UpstreamError


class Standing(msgspec.Struct, frozen=True):
    """Where a client stands. headers: what its answer tells of it, in OpenAI's names. refusal: the error for
    a request that is one too many."""

    headers: dict[str, str] = {}
    refusal: UpstreamError | None = None


class RateLimits:
    """Counts in windows of a minute, for this process. requests, tokens: a minute, 0 for any number.

    What a request will take is known at its end: it is admitted while its client has tokens left, and takes
    what it takes.
    """

    def __init__(self, requests: int = 0, tokens: int = 0) -> None:
        self._windows = FixedWindowRateLimiter(MemoryStorage())
        self._requests = RateLimitItemPerMinute(requests, namespace="requests") if requests else None
        self._tokens = RateLimitItemPerMinute(tokens, namespace="tokens") if tokens else None
        self._spending: set[asyncio.Task[bool]] = set()

    async def take(self, key: str) -> Standing:
        """One request of the client with this key."""
        if self._requests is None and self._tokens is None:
            return Standing()
        owner = owner_of(key).hex()
        headers: dict[str, str] = {}
        refusal = None
        if self._tokens is not None and not await self._windows.test(self._tokens, owner):
            refusal = await self._refusal("tokens", self._tokens, owner)
        if (
            self._requests is not None
            and refusal is None
            and not await self._windows.hit(self._requests, owner)
        ):
            refusal = await self._refusal("requests", self._requests, owner)
        for unit, item in (("requests", self._requests), ("tokens", self._tokens)):
            if item is not None:
                headers |= await self._told(unit, item, owner)
        return Standing(headers, refusal)

    def spend(self, key: str, tokens: int) -> None:
        """The client's request has taken so many; soon, and without waiting for it."""
        if self._tokens is None or tokens <= 0:
            return
        task = asyncio.ensure_future(self._windows.hit(self._tokens, owner_of(key).hex(), cost=tokens))
        self._spending.add(task)
        task.add_done_callback(self._spending.discard)

    async def _told(self, unit: str, item: RateLimitItem, owner: str) -> dict[str, str]:
        reset, remaining = await self._windows.get_window_stats(item, owner)
        return {
            f"x-ratelimit-limit-{unit}": str(item.amount),
            f"x-ratelimit-remaining-{unit}": str(max(remaining, 0)),
            f"x-ratelimit-reset-{unit}": f"{_seconds(reset)}s",
        }

    async def _refusal(self, unit: str, item: RateLimitItem, owner: str) -> UpstreamError:
        reset, _ = await self._windows.get_window_stats(item, owner)
        return UpstreamError(
            f"This key may use {item.amount} {unit} a minute here, and has: try again in {_seconds(reset)} "
            f"seconds, or ask the operator for more (max_{unit}_per_minute).",
            kind="rate_limit_error",
            code="rate_limit_exceeded",
            status_hint=429,
            retry_after=float(_seconds(reset)),
        )


def _seconds(reset: float) -> int:
    """Until a moment of the clock, at least one."""
    return max(1, math.ceil(reset - time.time()))
