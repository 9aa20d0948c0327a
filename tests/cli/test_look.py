from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from roobridge.bridge.ports import Upstream
from roobridge.cli import look as first
from roobridge.cli.look import Found, look, look_at_all
from roobridge.service.settings.config import Settings
from roobridge.service.settings.tables import ModelTable, UpstreamTable
from tests.upstream.loopback import Answering, Loopback, Received, Script


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@asynccontextmanager
async def found_at(script: Script) -> AsyncIterator[Found]:
    server = Loopback(script)
    settings = Settings(upstream="llamacpp", base_url=await server.start() + "/v1", max_output=7)
    try:
        yield await asyncio.to_thread(look, settings)
    finally:
        await server.stop()


async def test_a_server_that_answers() -> None:
    async def script(answer: Answering, request: Received) -> None:
        body = {"data": [{"id": "a"}], "default_generation_settings": {"n_ctx": 4096}}
        await answer.whole(json.dumps(body).encode())

    async with found_at(script) as found:
        assert found.error is None
        assert [(model.id, model.context, model.output) for model in found.models] == [("a", 4096, 7)]


async def test_a_server_that_refuses() -> None:
    async def script(answer: Answering, request: Received) -> None:
        await answer.whole(b'{"error": {"message": "a key is wanted"}}', status=401)

    async with found_at(script) as found:
        assert found.models == ()
        assert found.error is not None
        assert found.error.kind == "authentication_error"


async def test_a_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(answer: Answering, request: Received) -> None:
        await answer.gone()

    monkeypatch.setattr(first, "LOOK_TIME", 0.2)
    async with found_at(script) as found:
        assert found.error is not None
        assert found.error.code == "upstream_timeout"


def test_nothing_holds_up_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(settings: Settings) -> Upstream:
        time.sleep(1)  # as a name lookup may
        raise AssertionError

    monkeypatch.setattr(first, "LOOK_TIME", 0.05)
    monkeypatch.setattr(first, "build_upstream", stuck)
    began = time.monotonic()
    found = look(Settings())
    assert time.monotonic() - began < 0.9
    assert found.error is not None


def test_no_failure_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(settings: Settings) -> Upstream:
        raise ZeroDivisionError

    monkeypatch.setattr(first, "build_upstream", broken)
    error = look(Settings()).error
    assert error is not None
    assert error.code == "internal_error"
    assert "could not be looked at" in caplog.text


def test_tapes_list_their_models() -> None:
    assert [model.id for model in look(Settings()).models] == ["qwen3-coder-demo"]


def test_all_upstreams_are_looked_at() -> None:
    looks = look_at_all(
        Settings(upstreams={"a": UpstreamTable(upstream="replay"), "b": UpstreamTable(upstream="replay")})
    )
    assert list(looks) == ["a", "b"]
    assert all(found.models for found in looks.values())


def test_a_profile_s_context_is_told() -> None:
    models = {"qwen*": ModelTable(context_length=65536)}
    looks = look_at_all(Settings(upstream="replay", models=models))
    assert [model.context for model in looks["replay"].models] == [65536]
