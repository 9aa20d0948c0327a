"""An upstream whose models may take no tools: these are told of them in the prompt instead.

Ollama refuses `tools` for a model whose template has none, vLLM unless it was started with
`--enable-auto-tool-choice`, llama.cpp unless with `--jinja`. A llama.cpp whose template has none drops them
without a word, but says so where it is asked (`/props`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from roobridge.bridge.ports import Delta, ToolUse, Upstream, UpstreamRequest
from roobridge.bridge.request.tool_prompt import prompt_tools
from roobridge.bridge.wire.openai_errors import NO_TOOLS
from roobridge.dialects import writing_of
from roobridge.errors import UpstreamError
from roobridge.upstream.around.base import Around

log = logging.getLogger("roobridge.upstream")

_ANSWER_TIME = 3.0  # seconds; more must not hold up a turn


class ToolsAsText(Around):
    """Another upstream, asked without tools where it takes none.

    use: where a request says nothing else. offer: whether the tools are put into the prompt then, or left
    out. What was refused once is remembered by the model's name, as long as the process lives.
    """

    def __init__(self, inner: Upstream, use: ToolUse, *, offer: bool = True) -> None:
        super().__init__(inner)
        self._use = use
        self._offer = offer
        self._without: set[str] = set()  # models that take no tools
        self._asked = False  # what the server says of its models

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        use = request.tools or self._use
        if use is ToolUse.PROMPTED or (use is ToolUse.AUTO and _model(request) in self._without):
            return self._inner.stream(self._in_words(request))
        if use is ToolUse.NATIVE or not request.body.get("tools"):
            return self._inner.stream(request)
        return self._until_refused(request)

    async def _until_refused(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        await self._learn()
        accepted = False
        if _model(request) not in self._without:
            try:
                async with aclosing(self._inner.stream(request)) as deltas:
                    async for each in deltas:
                        accepted = True
                        yield each
                return
            except UpstreamError as refusal:
                if accepted or refusal.code != NO_TOOLS:
                    raise
                self._remember(_model(request), refusal.message)
        async with aclosing(self._inner.stream(self._in_words(request))) as deltas:
            async for each in deltas:
                yield each

    def _in_words(self, request: UpstreamRequest) -> UpstreamRequest:
        body = prompt_tools(request.body, writing_of(_model(request)), offer=self._offer)
        return msgspec.structs.replace(request, body=body)

    async def _learn(self) -> None:
        """Ask once what the server says of its models; one that does not answer soon is asked with tools. One
        that refuses, as before it is started, is asked for it again at the next request."""
        if self._asked:
            return
        self._asked = True
        try:
            async with asyncio.timeout(_ANSWER_TIME):
                models = await self._inner.models()
        except TimeoutError:
            return
        except UpstreamError:
            self._asked = False
            return
        for model in models:
            if model.tools is False:
                self._remember(model.id, "the server says so.")

    def _remember(self, model: str, why: str) -> None:
        self._without.add(model)
        log.warning("the model %s takes no tools, they are put into its prompt: %s", model, why)


def _model(request: UpstreamRequest) -> str:
    return str(request.body.get("model", ""))
