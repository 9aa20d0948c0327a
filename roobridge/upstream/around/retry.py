"""An upstream asked again where it refused for a moment only, and nothing of its reply has come."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from roobridge.bridge.ports import Delta, Try, Upstream, UpstreamRequest
from roobridge.bridge.wire.bounds import TOO_LARGE
from roobridge.errors import UpstreamError
from roobridge.upstream.around.base import Around
from roobridge.upstream.http.transport import TLSError

_FIRST_WAIT = 0.5  # seconds; doubled at every try, and drawn at random below that
_LONGEST_WAIT = 8.0
_PASSING = frozenset({429, 502, 503, 504})  # statuses that say nothing about the request
# Statuses of the bridge's own for what would come again: a reply that is none, silence, no room left to wait.
_LASTING = frozenset(
    {
        "bad_response",
        "bad_frame",
        "empty_stream",
        "silence",
        "queue_full",
        "queue_timeout",
        TOO_LARGE,
    }
)

_backoff = wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT)


class Retrying(Around):
    """Another upstream, tried again for so many seconds.

    within: from the first try to the last, 0 for one try. A `Retry-After` is waited for where it ends within
    that time; else the refusal stands, and the client is told how long to wait. Every try that failed is
    noted in the request's `tries`.
    """

    def __init__(self, inner: Upstream, within: float) -> None:
        super().__init__(inner)
        self._within = within

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        return self._stream(request) if self._within else self._inner.stream(request)

    async def _stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        def note(state: RetryCallState) -> None:
            failure = _failure(state)
            request.tries.append(Try(failure.code, failure.kind))

        tries = AsyncRetrying(
            retry=retry_if_exception(is_passing),
            wait=_wait,
            stop=stop_before_delay(self._within),
            before_sleep=note,
            reraise=True,
        )
        async for attempt in tries:
            with attempt:
                deltas = self._inner.stream(request)
                first = await anext(deltas, None)
        if first is None:
            return
        async with aclosing(deltas):
            yield first
            async for each in deltas:
                yield each


def is_passing(error: BaseException) -> bool:
    """Whether the same request may well be taken a moment later."""
    if not isinstance(error, UpstreamError) or error.code in _LASTING or error.kind == "insufficient_quota":
        return False
    cause = error.__cause__
    if isinstance(cause, httpx.TransportError):
        # No server, or one that closed the connection; a certificate stays wrong.
        return isinstance(cause, httpx.NetworkError) and not isinstance(cause, TLSError)
    return (error.answered or error.status_hint) in _PASSING


def _wait(state: RetryCallState) -> float:
    return max(_backoff(state), _failure(state).retry_after or 0.0)


def _failure(state: RetryCallState) -> UpstreamError:
    error = state.outcome.exception() if state.outcome is not None else None
    assert isinstance(error, UpstreamError)
    return error
