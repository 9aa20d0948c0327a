"""From a checked request to its turn: the plan, the body for the upstream, and what other turns have to do
with it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.ports import Upstream, UpstreamRequest
from roobridge.bridge.request.chat import ChatRequest
from roobridge.bridge.request.classify import classify
from roobridge.bridge.request.history import clean_history
from roobridge.bridge.request.identity import digest_messages, owner_of, request_fingerprint
from roobridge.bridge.request.tool_prompt import prompt_tools
from roobridge.dialects import writing_of
from roobridge.errors import UpstreamError
from roobridge.grammar.load import Grammar
from roobridge.service.catalog import Catalog
from roobridge.service.conversations import Conversations
from roobridge.service.rules import Rules
from roobridge.service.secrets import CLIENT_KEY
from roobridge.service.turns import Ask, Turn

log = logging.getLogger("roobridge.turns")

_BRIDGE_FIELDS = ("stream", "stream_options")  # the upstream is always asked for a stream with usage


class Manners(msgspec.Struct, frozen=True):
    """What the operator decided for all requests. prompt_tools: tools are put into the prompt for an upstream
    that takes none."""

    kind: ClientKind | None
    wrap: Wrap
    prompt_tools: bool


class Recorder(Protocol):
    """Writes down what was repaired in the reply to a request; told before the reply's stream is closed."""

    def repaired(self, request: UpstreamRequest, repairs: Sequence[str]) -> None: ...


class Answering:
    """Opens turns; one per service."""

    def __init__(
        self,
        upstream: Upstream,
        catalog: Catalog,
        grammar: Grammar,
        manners: Manners,
        rules: Rules,
        recorder: Recorder | None = None,
        conversations: Conversations | None = None,
    ) -> None:
        self.conversations = Conversations() if conversations is None else conversations
        self._upstream = upstream
        self._catalog = catalog
        self._grammar = grammar
        self._manners = manners
        self._rules = rules
        self._recorder = recorder
        self._turns: set[Turn] = set()

    async def open(self, chat: ChatRequest, headers: Mapping[str, str], key: str) -> Turn:
        """The turn that answers a request; not begun.

        headers: with lower-case names. key: the client's bearer token, or empty. Raises ClientError.
        """
        CLIENT_KEY.set(key)
        plan = classify(headers, chat, self._grammar, kind=self._manners.kind, wrap=self._manners.wrap)
        if not chat.stream:
            plan = plan.unstreamed()
        model = await self._catalog.resolve(chat.model)
        request = UpstreamRequest(self._body(chat, plan, model), key, dict(headers))
        started = time.monotonic()
        if not plan.agent:
            return self._turn(Ask(chat, plan, request), partial(self._log, started))
        digests = digest_messages(chat.messages)
        mark = request_fingerprint(key, chat.model, digests)
        owner = owner_of(key)
        ask = Ask(chat, plan, request, buffered=self.conversations.is_repeat(mark))
        turn = self._turn(ask, partial(self._agent_ended, owner, mark, started))
        self.conversations.begin(owner, digests, turn)
        return turn

    async def finish(self, within: float) -> None:
        """Let the turns that still run end by themselves for so many seconds, then end them with an error."""
        if self._turns:
            await asyncio.wait([asyncio.ensure_future(turn.over()) for turn in self._turns], timeout=within)
        running = list(self._turns)
        for turn in running:
            turn.cancel(_shutting_down())
            turn.stop(undrained=True)
        for turn in running:
            await turn.over()

    def _turn(self, ask: Ask, on_end: Callable[[Turn], None]) -> Turn:
        def ended(turn: Turn) -> None:
            self._turns.discard(turn)
            on_end(turn)

        turn = Turn(ask, self._upstream, self._rules, on_reply=self._name_repairs, on_end=ended)
        self._turns.add(turn)  # asyncio itself holds tasks weakly, and nobody awaits one that drains
        return turn

    def _name_repairs(self, turn: Turn) -> None:
        if self._recorder is not None and turn.repairs:
            self._recorder.repaired(turn.request, turn.repairs)

    def _body(self, chat: ChatRequest, plan: Plan, model: str) -> dict[str, object]:
        body = {name: value for name, value in chat.body.items() if name not in _BRIDGE_FIELDS}
        body["model"] = model
        body["messages"] = clean_history(chat.messages, plan)
        if self._upstream.capabilities.native_tools:
            return body
        offer = self._manners.prompt_tools and plan.kind is not ClientKind.PLAIN
        return prompt_tools(body, writing_of(model), offer=offer)

    def _agent_ended(self, owner: bytes, mark: bytes, started: float, turn: Turn) -> None:
        self.conversations.end(owner, turn)
        if turn.error is None:
            self.conversations.held(mark)
        elif not turn.withdrawn and (turn.said or turn.ask.buffered):
            self.conversations.broke(mark)
        self._log(started, turn)

    def _log(self, started: float, turn: Turn) -> None:
        log.info(
            "turn %s client=%s kind=%s model=%s pieces=%d repairs=%s tries=%s outcome=%s ms=%d",
            turn.id,
            turn.ask.plan.sender,
            turn.ask.plan.kind.value,
            turn.ask.chat.model,
            turn.pieces,
            ",".join(turn.repairs) or "-",
            ",".join(turn.ask.request.tries) or "-",
            turn.error.code if turn.error else "ok",
            (time.monotonic() - started) * 1000,
        )


def _shutting_down() -> UpstreamError:
    # Not the model's fault, so that a client asks again.
    return UpstreamError(
        "roobridge is shutting down: send the request again once it runs.",
        code="shutting_down",
        status_hint=503,
    )
