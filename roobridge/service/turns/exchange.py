"""All that is asked of an upstream for one reply: the request, and what continues a reply that broke off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from roobridge.bridge.continuation.ask import continuation
from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.continuation.stitch import Stitch
from roobridge.bridge.ports import Upstream, UpstreamRequest, Usage
from roobridge.bridge.reply.reply import Reply
from roobridge.bridge.wire.bounds import REPLY, TOO_LARGE, reply_too_large
from roobridge.errors import UpstreamError
from roobridge.events import Fail, Piece
from roobridge.service.turns.attempts import Attempt, Patience
from roobridge.service.turns.usage import added

# Refusals that another request would meet as well.
_LASTING = frozenset({400, 401, 402, 403, 404, 413, 422})

# Ends that no usage follows.
_NO_USAGE = frozenset({"error", "cut", "silence"})


class Effort(msgspec.Struct, frozen=True):
    """How much is done for one reply.

    patience: with each attempt. continuations: how many times a reply that broke off is gone on with.
    usage_wait: seconds for the usage of an attempt that is over.
    """

    patience: Patience
    continuations: int
    usage_wait: float


class Exchange:
    """Feeds one reply from as many attempts as it takes, one after the other.

    deliver: takes the pieces; gives the Fail that stands at their end. on_accept: an attempt was accepted.
    `listen` leaves the last attempt open, since its usage may follow; `aclose` closes it.

    attempt: the one that runs or ran last; request: what it asks. failure: what cannot be delivered.
    continuations: how many were asked for. spoke: when the first content came, as `time.monotonic` has it, 0
    before.
    """

    def __init__(
        self,
        upstream: Upstream,
        effort: Effort,
        reply: Reply,
        deliver: Callable[[list[Piece]], Awaitable[Fail | None]],
        on_accept: Callable[[], None],
    ) -> None:
        self.reply = reply
        self.request: UpstreamRequest | None = None
        self.attempt: Attempt | None = None
        self.failure: Fail | None = None
        self.continuations = 0
        self.spoke = 0.0
        self._upstream = upstream
        self._effort = effort
        self.deliver = deliver
        self._on_accept = on_accept
        self._spent: Usage | None = None
        self._deltas = 0  # of the attempts before
        self._ending: list[Piece] = []  # of the closed reply, not delivered yet

    @property
    def over(self) -> bool:
        """The reply needs nothing more of the upstream."""
        return self.failure is not None or self.reply.done

    @property
    def finish(self) -> str:
        """How the last attempt ended, as `Reply.close` takes it; empty where the reply was done before."""
        return self.attempt.finish if self.attempt is not None else ""

    @property
    def error(self) -> UpstreamError | None:
        """What broke the last attempt off."""
        return self.attempt.error if self.attempt is not None else None

    @property
    def usage(self) -> Usage | None:
        """Of all attempts together, as far as the upstream counted them."""
        return added(self._spent, self.attempt.usage if self.attempt is not None else None)

    @property
    def deltas(self) -> int:
        """How many came in all attempts together."""
        return self._deltas + (self.attempt.deltas if self.attempt is not None else 0)

    async def listen(self, request: UpstreamRequest) -> None:
        """Until the reply is done, or its upstream has ended and nothing can be gone on with.

        Raises UpstreamError where the request is refused; a refusal to go on is an end by error.
        """
        await self._hear(request)
        exact = self._upstream.capabilities.partial
        for left in range(self._effort.continuations, 0, -1):
            resumption = None if self.over or self._in_vain() else self.reply.resumption(self.finish)
            if resumption is None:
                return
            finish = self.finish
            await self._let_go()
            self.continuations += 1
            stitch = Stitch(resumption, exact=exact)
            try:
                await self._hear(continuation(request, resumption.opening, partial=exact), stitch)
            except MisfitError as misfit:
                if left == 1:
                    self.failure = await self.deliver(resumption.give_up(str(misfit)))
            if self.attempt is not None and not stitch.added:
                self.attempt.finish = finish  # what was unfinished before still is

    def close(self) -> Fail | None:
        """The upstream has said all: close the reply. Gives what cannot be delivered; what can waits for
        `conclude`."""
        if not self.over:
            self._ending = self.reply.close(self.finish)
            if self._ending and isinstance(self._ending[-1], Fail):
                return self._ending[-1]
        return self.failure

    async def conclude(self) -> Fail | None:
        """Deliver the end of the reply, closed or not; gives what cannot be delivered."""
        failure = self.close()
        ending, self._ending = self._ending, []
        if ending:
            self.failure = await self.deliver(ending)
        return self.failure or failure

    async def aclose(self) -> None:
        if self.attempt is not None:
            await self.attempt.aclose()

    async def _hear(self, request: UpstreamRequest, stitch: Stitch | None = None) -> None:
        """One attempt to its end. Raises MisfitError where a continuation does not fit."""
        self.request = request
        self.attempt = attempt = Attempt(self._upstream, request, self._effort.patience, self._on_accept)
        try:
            await self._relay(attempt, self.reply if stitch is None else stitch)
        except UpstreamError as refusal:
            if stitch is None:
                raise
            attempt.finish, attempt.error = "error", refusal
        if stitch is not None and not self.over:
            self.failure = await self.deliver(stitch.close())

    async def _relay(self, attempt: Attempt, listener: Reply | Stitch) -> None:
        async for deltas in attempt:
            pieces: list[Piece] = []
            for delta in deltas:
                if not self.spoke and delta.content:
                    self.spoke = time.monotonic()
                pieces += listener.feed(delta)
            if pieces:
                self.failure = await self.deliver(pieces)
            if self.reply.length.said + self.reply.length.thought > REPLY:
                attempt.finish, attempt.error = "error", reply_too_large()
                return
            if self.over or attempt.finish:
                return

    def _in_vain(self) -> bool:
        # An upstream that fell silent may still be at work on the first request: a second one would wait
        # behind it (LM Studio and llama.cpp with one slot) or take half its speed.
        if self.finish == "silence":
            return True
        error = self.error
        return error is not None and (error.status_hint in _LASTING or error.code == TOO_LARGE)

    async def settle(self) -> None:
        """Wait for the usage of the last attempt, though not for long."""
        attempt = self.attempt
        assert attempt is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(self._effort.usage_wait):
                while attempt.usage is None and await anext(attempt, None) is not None:
                    pass

    async def _let_go(self) -> None:
        """Close the attempt that broke off; the usage that follows a finish is waited for."""
        if self.finish not in _NO_USAGE:
            await self.settle()
        self._spent, self._deltas = self.usage, self.deltas
        attempt, self.attempt = self.attempt, None
        assert attempt is not None
        await attempt.aclose()
