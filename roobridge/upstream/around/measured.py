"""An upstream that is not asked what is surely longer than its model's context.

A model at home reads a long prompt for minutes before its server refuses it, and Ollama and LM Studio cut it
without a word; a client that is told at once condenses the conversation instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest
from roobridge.bridge.request.chat import Message
from roobridge.bridge.request.size import Size, least_tokens, passing_tokens, size_of
from roobridge.bridge.wire.overflow import overflow
from roobridge.errors import UpstreamError
from roobridge.upstream.around.base import Around

SMALL = 2048  # bytes; a request that is no longer fits every context
MODELS = 256  # remembered, those met last
PROMPTS = 32  # remembered of each, those counted last


class Contexts(Protocol):
    """The models' contexts in tokens, by the upstream's own names for them; 0 where unknown."""

    def known(self, model: str) -> int | None:
        """As far as was heard, None before anything was; waits for nothing."""
        ...

    async def confirmed(self, model: str) -> int:
        """As it is now: models are loaded anew with a larger one. 0 where that is not to be had soon."""
        ...

    async def aclose(self) -> None: ...


class Measured(Around):
    """Another upstream, asked only for what may fit.

    What cannot be too long, at one token a byte, is not looked into. The operator's word for a context stands
    over the upstream's. The upstream's count of a prompt is remembered: a request that begins with it has
    that many tokens, and at least `least_tokens` more. Raises the error of an overflow, in the words that
    clients know.
    """

    def __init__(self, inner: Upstream, contexts: Contexts) -> None:
        super().__init__(inner)
        self._contexts = contexts
        self._learned: OrderedDict[str, Learned] = OrderedDict()

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        size = size_of(request.body)
        if size.most <= SMALL:
            return self._inner.stream(request)
        context = request.context or self._contexts.known(_model(request))
        return self._inner.stream(request) if context == 0 else self._measured(request, size, context)

    async def aclose(self) -> None:
        await self._contexts.aclose()
        await super().aclose()

    async def _measured(
        self, request: UpstreamRequest, size: Size, context: int | None
    ) -> AsyncGenerator[Sequence[Delta], None]:
        model, keys = _model(request), size.keys()
        if context is None:
            context = await self._contexts.confirmed(model)
        learned = self._of(model, context)
        fits = size.most <= learned.limit or not context
        least = 0 if fits else learned.least(keys, request.body["messages"])
        if least > learned.limit:
            context = request.context or await self._contexts.confirmed(model)
            learned = self._of(model, context or learned.context)
            if context and least > learned.limit:
                raise _too_long(least, learned.limit)
        async with aclosing(self._inner.stream(request)) as deltas:
            async for each in deltas:
                for delta in each:
                    if delta.usage is not None and delta.usage.prompt <= size.most:
                        learned.hear(keys[-1], delta.usage.prompt, least)
                yield each

    def _of(self, model: str, context: int) -> Learned:
        """What is remembered of a model; nothing, where it has another context than then."""
        learned = self._learned.get(model)
        if learned is None or learned.context != context:
            learned = self._learned[model] = Learned(context)
            if len(self._learned) > MODELS:
                self._learned.popitem(last=False)
        return learned


class Learned:
    """What the upstream's counts taught of one model, as long as it has this context, in tokens.

    limit: the most that it takes: its context, or a longer prompt that it took.
    """

    def __init__(self, context: int) -> None:
        self.context = context
        self.limit = context
        self._counts: OrderedDict[int, int] = OrderedDict()  # of whole prompts, by their last key
        self._share = 1.0  # of what seemed sure that was really there

    def least(self, keys: Sequence[int], messages: Sequence[Message]) -> int:
        """Tokens that a prompt surely has. keys: see Size.keys."""
        begun = next((at for at in range(len(messages), 0, -1) if keys[at] in self._counts), 0)
        if begun:
            counted = self._counts[keys[begun]]
            # A template's last words make way for the next message's; some write the time of day.
            sure = counted - counted // 64 - 32 - passing_tokens(messages[:begun])
            if sure > 0:
                return int(self._share * (sure + least_tokens(messages[begun:])))
        return int(self._share * least_tokens(messages))

    def hear(self, key: int, counted: int, least: int) -> None:
        """The upstream took a prompt of which so much seemed sure, and counted its tokens."""
        if counted <= 0:
            return
        self._counts[key] = counted
        if len(self._counts) > PROMPTS:
            self._counts.popitem(last=False)
        # Where the prompt was too long it was cut, and its count tells nothing of the rest.
        if counted < least <= self.limit:
            self._share *= counted / least
        self.limit = max(self.limit, counted)


def _model(request: UpstreamRequest) -> str:
    return str(request.body.get("model", ""))


def _too_long(least: int, limit: int) -> UpstreamError:
    said = f"it was not asked, since roobridge counts at least {least} tokens (measure_context)."
    return overflow(said, limit=limit, length=least)
