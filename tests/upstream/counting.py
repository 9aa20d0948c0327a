"""A model whose tokens are known to the test, and a server that counts them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeAlias

from roobridge.bridge.ports import Delta, UpstreamRequest, Usage
from roobridge.bridge.wire.overflow import CODE
from roobridge.errors import UpstreamError
from roobridge.upstream.around.measured import Measured
from tests.service.scripted import Scripted

Message: TypeAlias = dict[str, Any]

_AROUND = 4  # tokens that a template puts around a message
_ASKING = 12  # and after the last, unless it is to be gone on with


def prompt_tokens(body: dict[str, Any], tokens_of: Callable[[Any], int]) -> int:
    """As Qwen3's template has it: thoughts before the last question are left out."""
    messages = body["messages"]
    last = max((at for at, each in enumerate(messages) if each["role"] == "user"), default=-1)
    thoughts = sum(tokens_of(each.get("reasoning_content", "")) for each in messages[last + 1 :])
    said = sum(tokens_of(each["content"]) + _AROUND for each in messages)
    return said + thoughts + (_ASKING if messages[-1]["role"] != "assistant" else 0)


class Counting(Scripted):
    """Takes what its context holds, refuses the rest, and counts. report: what it says of a right count."""

    def __init__(
        self,
        context: int,
        tokens_of: Callable[[Any], int],
        report: Callable[[int], int] = lambda count: count,
    ) -> None:
        super().__init__()
        self.context = context
        self._tokens_of = tokens_of
        self._report = report

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        self.requests.append(request)
        counted = prompt_tokens(request.body, self._tokens_of)
        if counted > self.context:
            raise UpstreamError("too long", code="of_the_server", status_hint=400)
        yield [Delta(content="Hi")]
        yield [Delta(finish="stop", usage=Usage(self._report(counted), 1))]


class Told:
    """Contexts as a test tells them. now: what they are when they are asked for anew."""

    def __init__(self, context: int | None, now: int | None = None) -> None:
        self.context = context
        self.now = context or 0 if now is None else now
        self.asked: list[str] = []
        self.closed = False

    def known(self, model: str) -> int | None:
        self.asked.append(model)
        return self.context

    async def confirmed(self, model: str) -> int:
        return self.now

    async def aclose(self) -> None:
        self.closed = True


def user(content: str) -> Message:
    return {"role": "user", "content": content}


async def is_refused(
    upstream: Measured, messages: Sequence[Message], model: str = "m", context: int = 0
) -> bool:
    """Whether the request was refused without its server having been asked. context: the operator's."""
    body = {"model": model, "messages": list(messages)}
    try:
        async for _ in upstream.stream(UpstreamRequest(body, context=context)):
            pass
    except UpstreamError as error:
        return error.code == CODE
    return False
