"""What a client is told of a request that is too long, where its upstream was not asked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from roobridge.bridge.wire.overflow import CODE
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import build_upstream
from tests.oracle.overflow import recognised
from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.conftest import Serve
from tests.web.requests import chat, roo

LONG = " word" * 4500
REPLY = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, Loopback]]:
    """A server of a model with a context of 4000 tokens; its base URL."""
    monkeypatch.setenv("NO_PROXY", "*")

    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data":[{"id":"qwen","max_model_len":4000}]}')
        else:
            await answer.stream(REPLY)

    loopback = Loopback(script)
    yield await loopback.start() + "/v1", loopback
    await loopback.stop()


def settings(url: str, **more: object) -> Settings:
    return Settings.model_validate({"upstream": "openai", "base_url": url, **more})


def turns(server: Loopback) -> int:
    return sum(request.method == "POST" for request in server.requests)


@pytest.mark.parametrize("stream", [True, False])
async def test_every_client_knows_it(
    stream: bool, server: tuple[str, Loopback], serve: Serve, http: httpx.AsyncClient
) -> None:
    url, loopback = server
    address = await serve(build_upstream(settings(url)))
    for body in (chat(LONG, stream=stream), {**roo(LONG), "stream": stream}):
        answer = await http.post(f"{address}/v1/chat/completions", json=body)
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, CODE)
        assert all(recognised(400, error["code"], error["type"], error["message"]).values())
        assert "maximum context length is 4000 tokens" in error["message"]
    assert turns(loopback) == 0


@pytest.mark.parametrize(
    ("content", "more"), [("Hi", {}), (" word" * 3500, {}), (LONG, {"measure_context": False})]
)
async def test_what_may_fit_is_asked(
    content: str,
    more: dict[str, object],
    server: tuple[str, Loopback],
    serve: Serve,
    http: httpx.AsyncClient,
) -> None:
    url, loopback = server
    address = await serve(build_upstream(settings(url, **more)))
    answer = await http.post(f"{address}/v1/chat/completions", json=chat(content))
    assert answer.status_code == 200
    assert turns(loopback) == 1
