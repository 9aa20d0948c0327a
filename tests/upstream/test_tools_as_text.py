from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest

from roobridge.bridge.ports import Delta, Model, ToolUse, UpstreamRequest
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai_errors import NO_TOOLS, refusal, stream_error
from roobridge.errors import UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import build_upstream
from roobridge.upstream.around.tools_as_text import ToolsAsText
from tests.service.scripted import Scripted, Step, end, say
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received

TOOL = {"type": "function", "function": {"name": "read_file", "parameters": {"type": "object"}}}
USER = {"role": "user", "content": "Hi"}
REFUSAL = UpstreamError("The upstream's model takes no tools.", code=NO_TOOLS, status_hint=400)

# Ollama 0.33, vLLM, llama.cpp
REFUSED = [
    (400, {"error": {"message": "registry.ollama.ai/library/m does not support tools", "type": "api_error"}}),
    (
        400,
        {"message": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'},
    ),
    (500, {"error": {"code": 500, "message": "tools param requires --jinja flag", "type": "server_error"}}),
]


def asked(model: str = "m", *, tools: bool = True) -> UpstreamRequest:
    return UpstreamRequest({"model": model, "messages": [USER], **({"tools": [TOOL]} if tools else {})})


async def said(upstream: ToolsAsText, request: UpstreamRequest) -> str:
    async with aclosing(upstream.stream(request)) as deltas:
        return "".join([delta.content async for each in deltas for delta in each])


def prompts(upstream: Scripted) -> list[bool]:
    """Of each request, whether its tools stand in the prompt alone."""
    bodies = [request.body for request in upstream.requests]
    assert all(("tools" in body) != ("read_file" in str(body["messages"])) for body in bodies)
    return ["tools" not in body for body in bodies]


async def test_tools_are_prompted_for_a_model_that_refuses_them(caplog: pytest.LogCaptureFixture) -> None:
    hi: Sequence[Step] = [*say("Hi"), *end()]
    inner = Scripted([REFUSAL], hi, hi, [*say("native"), *end()])
    upstream = ToolsAsText(inner, ToolUse.AUTO)
    assert await said(upstream, asked()) == "Hi"
    assert await said(upstream, asked()) == "Hi"
    assert await said(upstream, asked("another")) == "native"
    assert prompts(inner) == [False, True, True, False]
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert "the model m takes no tools" in record.getMessage()


class Telling(Scripted):
    """Says of its one model whether it takes tools."""

    def __init__(self, tools: bool | None) -> None:
        super().__init__([*say("Hi"), *end()])
        self._tools = tools
        self.listed = 0

    async def models(self) -> Sequence[Model]:
        self.listed += 1
        return [Model("m", tools=self._tools)]


@pytest.mark.parametrize(("tools", "prompted"), [(False, True), (True, False), (None, False)])
async def test_what_the_server_says_of_its_models_counts(tools: bool | None, prompted: bool) -> None:
    inner = Telling(tools)
    upstream = ToolsAsText(inner, ToolUse.AUTO)
    for _ in range(2):
        assert await said(upstream, asked()) == "Hi"
    assert prompts(inner) == [prompted, prompted]
    assert inner.listed == 1


async def test_a_server_that_is_started_later_is_heard_then() -> None:
    down = UpstreamError("No connection.", code="unreachable")
    inner = Scripted([down], [*say("Hi"), *end()], models=(Model("m", tools=False),))
    models, inner.list = inner.list, down
    upstream = ToolsAsText(inner, ToolUse.AUTO)
    with pytest.raises(UpstreamError):
        await said(upstream, asked())
    inner.list = models
    assert await said(upstream, asked()) == "Hi"
    assert prompts(inner) == [False, True]


@pytest.mark.parametrize(
    ("use", "script", "prompted"),
    [(ToolUse.NATIVE, [REFUSAL], [False]), (ToolUse.AUTO, [*say("a"), REFUSAL], [False])],
)
async def test_a_refusal_that_stands(use: ToolUse, script: Sequence[Step], prompted: list[bool]) -> None:
    inner = Scripted(script)
    with pytest.raises(UpstreamError):
        await said(ToolsAsText(inner, use), asked())
    assert prompts(inner) == prompted


async def test_tools_may_be_prompted_from_the_first_request_on() -> None:
    inner = Scripted([*say("Hi"), *end()])
    await said(ToolsAsText(inner, ToolUse.PROMPTED), asked())
    assert prompts(inner) == [True]


async def test_tools_may_be_left_out() -> None:
    inner = Scripted([*say("Hi"), *end()])
    await said(ToolsAsText(inner, ToolUse.PROMPTED, offer=False), asked())
    assert inner.requests[0].body == {"model": "m", "messages": [USER]}


async def test_a_request_without_tools_is_left_alone() -> None:
    inner = Scripted([REFUSAL])
    with pytest.raises(UpstreamError):
        await said(ToolsAsText(inner, ToolUse.AUTO), asked(tools=False))
    assert len(inner.requests) == 1


@pytest.mark.parametrize(("status", "body"), REFUSED)
def test_how_servers_refuse_tools(status: int, body: dict[str, Any]) -> None:
    for error in (refusal(status, json.dumps(body), Cleaner()), stream_error(body, Cleaner())):
        assert (error.code, error.status_hint) == (NO_TOOLS, 400)


@pytest.mark.parametrize(("status", "body"), REFUSED)
async def test_a_server_that_refuses_tools_is_asked_once_more(
    serve: Serve, status: int, body: dict[str, Any]
) -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data":[]}')
        elif "tools" in request.json():
            await answer.whole(json.dumps(body).encode(), status=status)
        else:
            await answer.stream(b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n', b"data: [DONE]\n\n")

    url, server = await serve(script)
    async with aclosing(build_upstream(Settings(upstream="openai", base_url=f"{url}/v1"))) as upstream:
        deltas = [delta async for each in upstream.stream(asked()) for delta in each]
    assert deltas == [Delta(content="Hi"), Delta(finish="stop")]
    assert [request.method for request in server.requests] == ["GET", "POST", "POST"]
