"""One attempt at the upstream: a reply, or as much of one as came.

A turn makes one attempt; it makes another where the first gave no answer at all, or broke off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Self

import msgspec

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest, Usage, Waiting
from roobridge.bridge.wire.coalesce import join_deltas
from roobridge.errors import UpstreamError


class Patience(msgspec.Struct, frozen=True):
    """Seconds that an upstream may be silent, 0 for ever. start: before it accepts, without the time that a
    request waits for its turn. idle: in its reply.
    """

    start: float
    idle: float


class Attempt:
    """Iterates over what each read of one upstream reply gave, joined, and remembers how it ended.

    deltas: how many came. usage: the last seen. finish: as `Reply.close` takes it, once the iteration is
    over. error: what broke the reply off, where `finish` is "error".

    on_accept is called when the first item has come. Iterating raises UpstreamError where the request was
    refused; after the first item nothing is raised.
    One task iterates; `aclose` closes the upstream's connection and may be called at any time in that task.
    """

    def __init__(
        self,
        upstream: Upstream,
        request: UpstreamRequest,
        patience: Patience,
        on_accept: Callable[[], None] = lambda: None,
    ) -> None:
        self.deltas = 0
        self.usage: Usage | None = None
        self.finish = ""
        self.error: UpstreamError | None = None
        self.accepted = False
        self._stream = upstream.stream(request)
        self._silence = _Silence(patience.start, request.waiting)
        self._idle = patience.idle
        self._on_accept = on_accept

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Sequence[Delta]:
        silence = self._silence
        silence.begin()
        try:
            deltas = await self._stream.__anext__()
        except StopAsyncIteration:
            self.finish = self.finish or "cut"
            raise
        except asyncio.CancelledError:
            if not silence.struck():
                raise
            self._fell_silent()
            raise StopAsyncIteration from None
        except UpstreamError as error:
            if not self.accepted:
                raise
            self.finish, self.error = "error", error
            raise StopAsyncIteration from None
        finally:
            silence.end()
        if not self.accepted:
            self._accept()
        self.deltas += len(deltas)
        for delta in deltas:
            if delta.usage is not None:
                self.usage = delta.usage
            if delta.finish:
                self.finish = delta.finish
        return join_deltas(deltas)

    async def aclose(self) -> None:
        self._silence.stop()
        await self._stream.aclose()

    def _accept(self) -> None:
        self.accepted = True
        self._silence.stop()
        self._silence.limit = self._idle
        self._on_accept()

    def _fell_silent(self) -> None:
        if not self.accepted:
            raise UpstreamError(
                f"The upstream did not answer within {self._silence.limit:g} seconds (start_timeout).",
                code="upstream_timeout",
                status_hint=504,
            )
        self.finish = "silence"


class _Silence:
    """Cancels the task that has waited for a read for `limit` seconds, 0 for never.

    Like asyncio.timeout, but made for many reads: one timer serves them all, and a read only notes when its
    wait began. A request that is waiting in a queue is not waiting for its upstream.
    """

    def __init__(self, limit: float, queue: Waiting) -> None:
        self.limit = limit
        self._queue = queue
        self._waiting = False
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._since = 0.0
        self._struck = False

    def begin(self) -> None:
        """A wait begins, in the task that made all the others."""
        self._waiting = True
        self._since = self._loop.time()
        if self._timer is None and self.limit:
            self._task = asyncio.current_task()
            self._timer = self._loop.call_at(self._since + self.limit, self._look)

    def end(self) -> None:
        """The wait is over, however it ended: a cancellation that came to nothing is taken back."""
        self._waiting = False
        if self._struck:
            self.struck()

    def struck(self) -> bool:
        """Whether a cancellation of the wait is this one's. As asyncio.timeout has it, one from elsewhere in
        the same moment wins."""
        struck, self._struck = self._struck, False
        return struck and self._task is not None and self._task.uncancel() <= 0

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if not self._waiting or self._task is None:
            return
        now = self._loop.time()
        since = now if self._queue.now else max(self._since, self._queue.over)
        due = since + self.limit
        if now < due:
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._struck = True
            self._task.cancel()
