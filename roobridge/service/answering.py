"""From a checked request to its turn: the plan, the body for the upstream, and what other turns have to do
with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.ports import UpstreamRequest
from roobridge.bridge.request.chat import ChatRequest
from roobridge.bridge.request.classify import classify
from roobridge.bridge.request.history import clean_history
from roobridge.bridge.request.identity import digest_messages, owner_of, request_fingerprint
from roobridge.bridge.request.stuck import stuck_question
from roobridge.bridge.request.tool_prompt import prompt_tools
from roobridge.bridge.shaping.body import shaped
from roobridge.bridge.shaping.thinking import Reasoning
from roobridge.dialects import writing_of
from roobridge.errors import ClientError, UpstreamError
from roobridge.grammar.load import Grammar
from roobridge.service.conversations.conversations import Conversations
from roobridge.service.limits import RateLimits
from roobridge.service.metrics.meters import Meters
from roobridge.service.metrics.turn_log import log_begin, log_end
from roobridge.service.routes import Route, Routes
from roobridge.service.settings.secrets import CLIENT_KEY
from roobridge.service.turns.asking import Way
from roobridge.service.turns.rules import Rules
from roobridge.service.turns.turn import Ask, Turn
from roobridge.upstream.around.question import Question

_BRIDGE_FIELDS = ("stream", "stream_options")  # the upstream is always asked for a stream with usage


class Manners(msgspec.Struct, frozen=True):
    """What the operator decided for all requests. prompt_tools: tools are put into the prompt for an upstream
    that takes none. same_calls: how many times in a row an agent's same call may give the same result, 0 for
    any number. rules: of every turn."""

    rules: Rules
    kind: ClientKind | None
    wrap: Wrap
    prompt_tools: bool
    same_calls: int


class Recorder(Protocol):
    """Writes down what was repaired in the reply to a request; told before the reply's stream is closed."""

    def repaired(self, request: UpstreamRequest, repairs: Sequence[str]) -> None: ...


class Answering:
    """Opens turns; one per service."""

    def __init__(
        self,
        routes: Routes,
        grammar: Grammar,
        manners: Manners,
        meters: Meters,
        recorders: Sequence[Recorder] = (),
        conversations: Conversations | None = None,
        limits: RateLimits | None = None,
    ) -> None:
        self.limits = RateLimits() if limits is None else limits
        self.conversations = Conversations() if conversations is None else conversations
        self._routes = routes
        self._grammar = grammar
        self._manners = manners
        self._rules = manners.rules
        self._meters = meters
        self._recorders = recorders
        self._turns: set[Turn] = set()

    async def open(
        self,
        chat: ChatRequest,
        headers: Mapping[str, str],
        key: str,
        *,
        provider: str = "",
        client: str | None = None,
    ) -> Turn:
        """The turn that answers a request; not begun.

        headers: with lower-case names. key: the client's bearer token, or empty. provider: the upstream that
        the address names, or empty; the body may name one too. client: what tells clients apart, where it is
        not the key. Raises ClientError, and UpstreamError where too many turns are open.
        """
        client = key if client is None else client
        CLIENT_KEY.set(client)
        plan = classify(headers, chat, self._grammar, kind=self._manners.kind, wrap=self._manners.wrap)
        if not chat.stream:
            plan = plan.unstreamed()
        routes = await self._routes.find(chat.model, provider or _provider(chat))
        ways = self._ways(chat, plan, routes, UpstreamRequest({}, key, dict(headers)))
        if not plan.agent:
            return self._turn(Ask(chat, plan), ways, partial(self._spend, client))
        digests = digest_messages(chat.messages)
        mark = request_fingerprint(client, chat.model, digests)
        owner = owner_of(client)
        ask = Ask(chat, plan, buffered=self.conversations.is_repeat(mark))
        turn = self._turn(ask, ways, partial(self._agent_ended, client, mark))
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

    def _turn(
        self, ask: Ask, ways: Iterator[Way], on_end: Callable[[Turn], None] = lambda turn: None
    ) -> Turn:
        def ended(turn: Turn) -> None:
            self._turns.discard(turn)
            on_end(turn)
            self._meters.ended(turn)
            log_end(turn)

        if len(self._turns) >= self._rules.turns:
            raise _too_many_turns()
        turn = Turn(ask, ways, self._rules, on_reply=self._name_repairs, on_end=ended)
        self._meters.opened(ask.plan)
        log_begin(turn)
        self._turns.add(turn)  # asyncio itself holds tasks weakly, and nobody awaits one that drains
        return turn

    def _name_repairs(self, turn: Turn) -> None:
        for recorder in self._recorders if turn.repairs else ():
            recorder.repaired(turn.request, turn.repairs)

    def _ways(
        self, chat: ChatRequest, plan: Plan, routes: Sequence[Route], request: UpstreamRequest
    ) -> Iterator[Way]:
        """Each route with what its upstream is asked, made when its turn comes; or the bridge's own question,
        where the agent is stuck."""
        question = stuck_question(chat, plan, self._manners.same_calls)
        if question is not None:
            upstream = Question(routes[0].upstream, question)
            yield Way("bridge", upstream, request, routes[0].patience, "stuck_call", note="stuck_call")
            return
        for route in routes:
            try:
                body = self._body(chat, plan, route)
            except ClientError:
                if route is routes[0]:
                    raise
                continue  # what a fallback does not take says nothing of the request
            asked = msgspec.structs.replace(
                request,
                body=body,
                # The client gave its key for the upstream that it asked for, and no other one is to learn it.
                key=request.key if route.name == routes[0].name else "",
                tools=route.profile.tools,
                thinking_back=route.profile.shape.reasoning is Reasoning.BACK,
                context=route.context,
            )
            yield Way(route.name, route.upstream, asked, route.patience, route.why)

    def _body(self, chat: ChatRequest, plan: Plan, route: Route) -> dict[str, object]:
        body = {name: value for name, value in chat.body.items() if name not in _BRIDGE_FIELDS}
        if not isinstance(body.get("provider"), dict):
            body.pop("provider", None)
        body["model"] = route.model
        body["messages"] = clean_history(chat.messages, plan)
        body = shaped(body, route.profile.shape, chat.model)
        if route.upstream.capabilities.native_tools:
            return body
        offer = self._manners.prompt_tools and plan.kind is not ClientKind.PLAIN
        return prompt_tools(body, writing_of(route.model), offer=offer)

    def _agent_ended(self, client: str, mark: bytes, turn: Turn) -> None:
        self.conversations.end(owner_of(client), turn)
        if turn.error is None:
            self.conversations.held(mark)
        elif not turn.withdrawn and (turn.said or turn.ask.buffered):
            self.conversations.broke(mark)
        self._spend(client, turn)

    def _spend(self, client: str, turn: Turn) -> None:
        self.limits.spend(client, turn.usage.total)


def _provider(chat: ChatRequest) -> str:
    """The upstream that a request's body names, or empty. OpenRouter's field of that name is an object."""
    named = chat.body.get("provider")
    if named is None or isinstance(named, dict):
        return ""
    if not isinstance(named, str):
        raise ClientError("`provider` must be a string, the name of an upstream.", param="provider")
    return named


def _shutting_down() -> UpstreamError:
    # Not the model's fault, so that a client asks again.
    return UpstreamError(
        "roobridge is shutting down: send the request again once it runs.",
        code="shutting_down",
        status_hint=503,
    )


def _too_many_turns() -> UpstreamError:
    return UpstreamError(
        "The service answers as many requests at once as it may: send this one again in a moment, or raise "
        "`max_turns`.",
        code="too_many_turns",
        status_hint=503,
        retry_after=1,
    )
