"""An upstream that says what a test wrote down for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.ports import Capabilities, Delta, Health, Model, Upstream, UpstreamRequest, Usage
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.errors import UpstreamError
from roobridge.grammar.model import Completion, Param, Tool, Toolset
from roobridge.service.turns.asking import Way
from roobridge.service.turns.attempts import Patience
from roobridge.service.turns.rules import Rules
from roobridge.service.turns.turn import Ask, Turn

# One step of a reply: deltas of one read, an error to raise, or an event to wait for.
Step = Sequence[Delta] | UpstreamError | asyncio.Event


def silence() -> asyncio.Event:
    """Never set."""
    return asyncio.Event()


def say(*texts: str) -> list[Step]:
    """One read a text."""
    return [[Delta(content=text)] for text in texts]


def end(finish: str = "stop", usage: Usage | None = None) -> list[Step]:
    return [[Delta(finish=finish, usage=usage)]]


class Scripted:
    """Implements the port. scripts: one a request; the last one is repeated."""

    name = "scripted"

    def __init__(
        self,
        *scripts: Sequence[Step],
        capabilities: Capabilities | None = None,
        models: Sequence[str | Model] = ("qwen",),
    ) -> None:
        self.capabilities = capabilities or Capabilities()
        self.requests: list[UpstreamRequest] = []
        self.closed: list[asyncio.Event] = []  # one a request: its stream is over or was closed
        self.exhausted: list[bool] = []  # one a request: it was read to its end
        self.asked = asyncio.Condition()
        self.list: Sequence[str | Model] | UpstreamError = models
        self._scripts = scripts

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        number = len(self.requests)
        self.requests.append(request)
        self.closed.append(asyncio.Event())
        self.exhausted.append(False)
        async with self.asked:
            self.asked.notify_all()
        try:
            for step in self._scripts[min(number, len(self._scripts) - 1)]:
                if isinstance(step, UpstreamError):
                    raise step
                if isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    yield step
            self.exhausted[number] = True
        finally:
            self.closed[number].set()

    async def requested(self, count: int) -> None:
        """Return once so many requests have come."""
        async with self.asked:
            await self.asked.wait_for(lambda: len(self.requests) >= count)

    async def models(self) -> Sequence[Model]:
        if isinstance(self.list, UpstreamError):
            raise self.list
        return [name if isinstance(name, Model) else Model(name) for name in self.list]

    async def health(self) -> Health:
        return Health(True, "It is scripted.")

    async def aclose(self) -> None:
        pass


READ = Tool("read_file", {"path": Param("path", required=True)}, known=True)
COMPLETE = Tool(
    "attempt_completion", {"result": Param("result", required=True, cut_safe=True, prose=True)}, known=True
)
TOOLSET = Toolset(
    tools={tool.name: tool for tool in (READ, COMPLETE)},
    completion=Completion("attempt_completion", "result"),
    read_tools=frozenset({"read_file", "attempt_completion"}),
    read_params=frozenset({"path", "result"}),
)
PLAIN = Plan(ClientKind.PLAIN)
XML = Plan(ClientKind.XML_AGENT, TOOLSET, client="roo", single_call=True)
CALL = "<read_file>\n<path>a.py</path>\n</read_file>"

RULES = Rules(pace=0, keepalive=30, commit=30, usage_wait=0.05, settle=0)
PATIENT = Patience(start=30, idle=30)


def ask(
    plan: Plan = PLAIN, *, stream: bool = True, buffered: bool = False, content: str = "Hello there"
) -> Ask:
    body = {"model": "qwen", "messages": [{"role": "user", "content": content}], "stream": stream}
    return Ask(parse_chat_request(body), plan, buffered)


def turn_of(
    asked: Ask, upstream: Upstream, rules: Rules = RULES, patience: Patience = PATIENT, **watching: Any
) -> Turn:
    """A turn with one upstream."""
    request = UpstreamRequest(dict(asked.chat.body))
    return Turn(asked, iter([Way("scripted", upstream, request, patience)]), rules, **watching)
