"""One turn: the upstream is asked, its reply goes through the machine, the client reads what comes out.

Two tasks share a turn. Its own reads the upstream and feeds the machine, and writes what that makes due; the
client's takes from the outbox what falls due later, comments and the end.

    begin() ──> next() … the last batch with a Finish ──> None, with `usage` or `error` told
       └──> raises what broke the reply before anything went out
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from enum import Enum

import msgspec

from roobridge.bridge.plan import Plan, Wrap
from roobridge.bridge.ports import Usage
from roobridge.bridge.reply.reply import Reply
from roobridge.bridge.request.chat import ChatRequest
from roobridge.errors import ReplyError, RoobridgeError
from roobridge.events import Content, Fail, Piece, ToolDelta
from roobridge.service.conversations.storm import broken_again
from roobridge.service.turns.asking import Asking, Way
from roobridge.service.turns.attempts import Attempt
from roobridge.service.turns.exchange import Exchange
from roobridge.service.turns.pacing import Outbox, Pacing, Write
from roobridge.service.turns.rules import OF_A_CALL, Rules
from roobridge.service.turns.second_chance import calls_now, second_request, thoughts
from roobridge.service.turns.usage import estimate

log = logging.getLogger("roobridge.turns")

DEGENERATE = "degenerate"


class Ask(msgspec.Struct, frozen=True):
    """What a turn answers. buffered: nothing goes out before the reply is whole."""

    chat: ChatRequest
    plan: Plan
    buffered: bool = False


class Stage(Enum):
    """How far a turn is."""

    RUNNING = "running"  # the client's reply is not over
    SETTLING = "settling"  # it is; the upstream's usage is awaited
    DRAINING = "draining"  # it is; the upstream is read to its end, whatever the client does


class Turn:
    """The answer to one request.

    Either `begin` and then `next` until it gives None, or `whole`. `aclose` when the client has gone or has
    everything. What goes wrong is raised by `begin` and `whole`, or stands in `error` at the end. The batches
    hold no Fail; an empty one stands for a comment.

    asking: all that was asked. reply: the one that was delivered, or failed to be; None before. began,
    answered, sent: when the turn was made, when the machine knew what became of the reply's beginning, and
    when the first batch of a streamed reply went out, as `time.monotonic` has it; 0 before.

    ways: see Asking. on_reply is called when the machine is through with a reply, before its upstream is let
    go; on_end once the turn is over.
    """

    def __init__(
        self,
        ask: Ask,
        ways: Iterator[Way],
        rules: Rules,
        *,
        on_reply: Callable[[Turn], None] = lambda turn: None,
        on_end: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        self.id = secrets.token_hex(12)
        self.created = int(time.time())
        self.began = time.monotonic()
        self.answered = self.sent = 0.0
        self.ask = ask
        self.pieces = 0
        self.reply: Reply | None = None
        self.said = False  # content or reasoning went out
        self.withdrawn = False  # ended by the client or by a newer request
        self._rules = rules
        self._on_reply = on_reply
        self._on_end = on_end
        self.asking = Asking(ways, rules, f"call_{self.id}", self._deliver, self._accepted)
        self.request = self.way.request  # what the upstream was asked last
        self._answered = False  # content or a call came out of the machine
        self._asked_again = False  # once a request, whatever for
        self._cause: RoobridgeError | None = None
        self._settles = False  # a call that has partly gone out is taken back
        self._stage = Stage.RUNNING
        self._first: list[Piece] | None = None
        self._begun = False
        self._task: asyncio.Task[None] | None = None
        self._whole = ask.buffered or not ask.chat.stream  # nothing goes out before the end
        self._outbox = Outbox(Pacing(rules.pace, whole=self._whole))

    @property
    def way(self) -> Way:
        """The upstream that answers, or that was asked last."""
        return self.asking.way

    @property
    def error(self) -> RoobridgeError | None:
        """What broke the reply."""
        return self._outbox.error

    @property
    def repairs(self) -> list[str]:
        """Of the reply, by name."""
        return self.reply.repairs if self.reply is not None else []

    @property
    def usage(self) -> Usage:
        """The upstream's count for all that it was asked, else an estimate."""
        asking = self.asking
        return asking.usage or estimate(self.ask.chat, [each.reply.length for each in asking.exchanges])

    async def begin(self) -> None:
        """Ask, and wait until something is to go out. Raises RoobridgeError where nothing may."""
        self._outbox.comment_every(self._rules.commit)
        self._start()
        self._first = await self._outbox.next()
        if self.error is not None:
            raise self.error
        self._begun = True
        self._went_out(self._first)
        if not self._first:  # the 200 went out with a comment
            self._outbox.comment_every(self._rules.keepalive)

    async def next(self) -> list[Piece] | None:
        """The next batch; None once the reply is over, for better or worse."""
        if self._first is not None:
            first, self._first = self._first, None
            return first
        batch = await self._outbox.next()
        self._went_out(batch)
        return batch

    def write_through(self, write: Write) -> None:
        """Once the first batch is out: hand what is due while `next` waits to `write` instead."""
        self._outbox.write_through(write)

    async def whole(self) -> list[Piece]:
        """The whole reply at once. Raises RoobridgeError."""
        self._start()
        pieces: list[Piece] = []
        while (batch := await self._outbox.next()) is not None:
            pieces += batch
        if self.error is not None:
            raise self.error
        return pieces

    def cancel(self, reason: RoobridgeError) -> None:
        """End the reply with an error, unless it is already over, and close the upstream."""
        self._outbox.end(reason if self._stage is Stage.RUNNING else None)
        self.stop()

    def stop(self, *, undrained: bool = False) -> None:
        """Close the upstream's connection soon; one that is drained is left alone, unless told otherwise."""
        self._outbox.close()
        if self._task is not None and (undrained or self._stage is not Stage.DRAINING):
            self._task.cancel()

    async def aclose(self) -> None:
        """The client has gone, or has everything: `stop`, and wait until the connection is closed."""
        self.stop()
        if self._stage is not Stage.DRAINING:
            await self.over()

    async def over(self) -> None:
        """Return once the turn is over, its upstream let go."""
        if self._task is not None:
            await asyncio.wait([self._task])

    def _start(self) -> None:
        self._task = asyncio.create_task(self._answer(), name=f"turn {self.id}")
        self._task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self.withdrawn = task.cancelled()
        self.said = self.said or (self._begun and self._outbox.pending)
        settle = self._rules.settle if self._settles and not task.cancelled() else 0.0
        self._outbox.end(self._fault(task), settle=settle)
        self._on_end(self)

    def _fault(self, task: asyncio.Task[None]) -> RoobridgeError | None:
        if task.cancelled():
            return ReplyError("The turn was cancelled.", code="cancelled", status_hint=499)
        error = task.exception()
        if error is None or isinstance(error, RoobridgeError):
            return error
        log.error("turn %s failed", self.id, exc_info=error)
        message = "The bridge itself failed; its log has the cause."
        return ReplyError(message, code="internal_error", status_hint=500)

    async def _answer(self) -> None:
        failure = await self._reply()
        if failure is not None and failure.code == DEGENERATE and self._may_ask_again():
            self._asked_again = True
            failure = await self._reply()
        if failure is not None:
            self._settles = self._answered and failure.code in OF_A_CALL
            cause = self._cause or ReplyError(failure.message, code=failure.code)
            raise broken_again(cause) if self.ask.buffered else cause

    def _may_ask_again(self) -> bool:
        return self.ask.plan.agent and not self._asked_again and (self._whole or not self._answered)

    async def _reply(self) -> Fail | None:
        """Ask and deliver what the machine makes of it; returns what it could not deliver."""
        try:
            exchange = await self.asking.begin(self.ask.plan)
            if self._may_ask_again():
                exchange = await self._second_chance(exchange)
            return await self._conclude(exchange)
        finally:
            await self.asking.aclose()

    async def _conclude(self, exchange: Exchange) -> Fail | None:
        """The upstream has said all: close the reply."""
        failure = await exchange.conclude()
        self._cause = exchange.error
        self.reply = exchange.reply
        self.request = exchange.request or self.way.request
        self._on_reply(self)
        if failure is None:
            await self._settle(exchange)
        return failure

    async def _second_chance(self, first: Exchange) -> Exchange:
        """The exchange whose reply is to be delivered: the first one, or a second one that holds a call."""
        plan, remind = self.ask.plan, self._rules.second_chance and not self._answered
        request = second_request(first, self.way.request, plan, remind=remind)
        if request is None:
            return first
        self._asked_again = True
        self._take_back()
        await first.settle()
        await first.aclose()
        second = self.asking.exchange(msgspec.structs.replace(plan, wrap=Wrap.HOLD))
        return second if await calls_now(second, request, lambda: self._answered) else first

    def _accepted(self) -> None:
        self._outbox.comment_every(self._rules.keepalive)

    def _went_out(self, batch: list[Piece] | None) -> None:
        if batch and not self.said:
            self.said, self.sent = True, time.monotonic()

    async def _deliver(self, pieces: list[Piece]) -> Fail | None:
        failure = pieces[-1] if pieces and isinstance(pieces[-1], Fail) else None
        if failure is not None:
            pieces = pieces[:-1]
            if self.ask.plan.agent:
                self._take_back()
                pieces = pieces if self._answered else thoughts(pieces)
        self.pieces += len(pieces)
        if not self._answered and any(isinstance(piece, (Content, ToolDelta)) for piece in pieces):
            self._answered, self.answered = True, time.monotonic()
        await self._outbox.put(pieces)
        return failure

    def _take_back(self) -> None:
        """Drop an answer that waits to go out whole."""
        if self._whole and self._answered:
            self._outbox.withdraw()
            self._answered = False

    async def _settle(self, exchange: Exchange) -> None:
        """The client's reply is over: wait for its usage, then leave the upstream or read it to its end."""
        self._stage = Stage.SETTLING
        attempt = exchange.attempt
        if attempt is not None and self.way.upstream.capabilities.drain:
            await self._drain(attempt)
        else:
            await exchange.settle()

    async def _drain(self, attempt: Attempt) -> None:
        self._stage = Stage.DRAINING
        wait = 0 if attempt.usage else self._rules.usage_wait
        timer = asyncio.get_running_loop().call_later(wait, self._outbox.end)
        async for _ in attempt:
            if attempt.usage is not None:
                self._outbox.end()
        timer.cancel()
