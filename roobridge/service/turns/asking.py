"""What one turn asks: the first upstream that takes its request, and of that one whatever follows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import msgspec

from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import Try, Upstream, UpstreamRequest, Usage
from roobridge.bridge.reply.reply import new_reply
from roobridge.errors import UpstreamError
from roobridge.events import Fail, Piece
from roobridge.service.turns.attempts import Patience
from roobridge.service.turns.exchange import Effort, Exchange
from roobridge.service.turns.rules import Rules
from roobridge.service.turns.usage import added

# What an upstream that is down, busy or spent refuses with; another one may take the same request.
_ELSEWHERE = frozenset({429, 502, 503, 504})


class Way(msgspec.Struct, frozen=True):
    """One upstream that may answer. name: the operator's for it. why: what chose it, see Route. note: named
    among the repairs of whatever it answers, where it is not empty.
    """

    name: str
    upstream: Upstream
    request: UpstreamRequest
    patience: Patience
    why: str = "first"
    note: str = ""


class Asking:
    """The exchanges of one turn.

    ways: the first is asked; the next only where the one before refused for reasons of its own, before any
    of its reply came. call_id: what the ids of the reply's calls begin with. deliver, on_accept: of each
    Exchange.

    way: the one asked last.
    """

    def __init__(
        self,
        ways: Iterator[Way],
        rules: Rules,
        call_id: str,
        deliver: Callable[[list[Piece]], Awaitable[Fail | None]],
        on_accept: Callable[[], None],
    ) -> None:
        self.way = next(ways)
        self.exchanges: list[Exchange] = []
        self._ways = ways
        self._rules = rules
        self._call_id = call_id
        self._deliver = deliver
        self._on_accept = on_accept

    @property
    def usage(self) -> Usage | None:
        """Of all exchanges together, as far as the upstreams counted."""
        counted: Usage | None = None
        for exchange in self.exchanges:
            counted = added(counted, exchange.usage)
        return counted

    @property
    def deltas(self) -> int:
        """How many the upstreams sent."""
        return sum(exchange.deltas for exchange in self.exchanges)

    @property
    def continuations(self) -> int:
        """How many times an upstream was asked to go on."""
        return sum(exchange.continuations for exchange in self.exchanges)

    @property
    def spoke(self) -> float:
        """When the first content came, as `time.monotonic` has it; 0 where none did."""
        return next((exchange.spoke for exchange in self.exchanges if exchange.spoke), 0.0)

    async def begin(self, plan: Plan) -> Exchange:
        """The exchange that an upstream took, listened to. Raises the last UpstreamError where none did."""
        while True:
            exchange = self.exchange(plan)
            try:
                await exchange.listen(self.way.request)
                return exchange
            except UpstreamError as refusal:
                following = next(self._ways, None) if refusal.status_hint in _ELSEWHERE else None
                if following is None:
                    raise
                self.way.request.tries.append(Try(refusal.code, refusal.kind, self.way.name))
            await exchange.aclose()
            self.way = following

    def exchange(self, plan: Plan) -> Exchange:
        """A new one with the same upstream, not begun."""
        effort = Effort(self.way.patience, self._rules.continuations, self._rules.usage_wait)
        reply = new_reply(plan, self._call_id)
        if self.way.note:
            reply.note(self.way.note)
        exchange = Exchange(self.way.upstream, effort, reply, self._deliver, self._on_accept)
        self.exchanges.append(exchange)
        return exchange

    async def aclose(self) -> None:
        """Close every connection that is still open."""
        for exchange in self.exchanges:
            await exchange.aclose()
