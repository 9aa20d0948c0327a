from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from roobridge.bridge.ports import UpstreamRequest
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.errors import SettingsError
from roobridge.events import Content
from roobridge.service.settings.config import Settings
from roobridge.service.settings.tables import UpstreamTable
from roobridge.service.wiring import build, build_upstream, patience_of, rules_of
from roobridge.upstream.around.record import RecordUpstream
from roobridge.upstream.presets import PRESETS
from tests.upstream.loopback import Answering, Loopback, Received

LOOPBACK = "http://127.0.0.1:9"
SAID = (
    b'{"choices": [{"index": 0, "delta": {"content": "Hi"}}]}',
    b'{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}',
)


def settings(**values: Any) -> Settings:
    return Settings.model_construct(**{**Settings.model_construct().model_dump(), **values})


@pytest.mark.parametrize("name", sorted(PRESETS))
async def test_presets(name: str) -> None:
    upstream = build_upstream(settings(upstream=name))
    assert upstream.name == "openai"
    assert upstream.capabilities.partial == PRESETS[name].partial
    await upstream.aclose()


async def test_upstreams_at_an_address_of_their_own() -> None:
    openai = build_upstream(settings(upstream="openai", base_url=LOOPBACK, api_key=SecretStr("sk-test")))
    qwen = build_upstream(settings(qwen_token=SecretStr("t"), base_url=LOOPBACK))
    assert (openai.name, qwen.name) == ("openai", "qwen-web")
    await openai.aclose()
    await qwen.aclose()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"upstream": "opnai"}, ("'upstream'", "opnai", "replay", "qwen-web", "ollama")),
        ({"base_url": LOOPBACK}, ("'upstream'", "--upstream openai")),
        ({"upstream": "openai"}, ("'base_url'", "--base-url", "ROOBRIDGE_BASE_URL")),
    ],
)
def test_bad_settings_are_named(values: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as caught:
        build_upstream(settings(**values))
    for word in words:
        assert word in caught.value.message


async def test_recording_wraps_any_upstream(tmp_path: Path) -> None:
    services = build(settings(upstream="openai", base_url=LOOPBACK, record=tmp_path / "tapes"))
    assert isinstance(services.routes.places["openai"].upstream, RecordUpstream)
    await services.aclose()


async def test_the_embedded_default_needs_nothing() -> None:
    services = build(settings())
    assert await services.routes.models()
    assert (await services.routes.places["replay"].upstream.health()).ok
    await services.aclose()


def test_milliseconds_become_seconds() -> None:
    rules = rules_of(settings(pace_ms=25, usage_wait_ms=300))
    assert (rules.pace, rules.usage_wait) == (0.025, 0.3)


@pytest.mark.parametrize(
    ("given", "patience"),
    [
        ({"upstream": "lmstudio"}, (0, 0)),
        ({"upstream": "ollama", "base_url": "https://gpu.example.com/v1"}, (0, 0)),
        ({"upstream": "openai", "base_url": "http://127.0.0.1:9/v1"}, (0, 0)),
        ({"upstream": "openai", "base_url": "http://[::1]:9/v1"}, (0, 0)),
        ({"upstream": "openai", "base_url": "http://192.168.1.7:9/v1"}, (0, 0)),
        ({"upstream": "openai", "base_url": "http://gpu.local:9/v1"}, (0, 0)),
        ({"upstream": "openai", "base_url": "http://ollama:11434/v1"}, (0, 0)),
        ({"upstream": "openai", "base_url": "https://api.example.com/v1"}, (600, 600)),
        ({"upstream": "dashscope"}, (600, 600)),
        ({"upstream": "qwen-web"}, (600, 600)),
        ({"upstream": "lmstudio", "idle_timeout": 30}, (0, 30)),
        ({"upstream": "dashscope", "start_timeout": 0}, (0, 600)),
    ],
)
def test_only_a_remote_upstream_may_not_be_silent_for_ever(
    given: dict[str, Any], patience: tuple[float, float]
) -> None:
    found = patience_of(settings(**given))
    assert (found.start, found.idle) == patience


async def test_what_was_copied_from_a_browser_is_sent_as_it_was() -> None:
    seen: list[Received] = []

    async def script(answer: Answering, request: Received) -> None:
        seen.append(request)
        await answer.whole(b'{"data":[]}')

    site = Loopback(script)
    upstream = build_upstream(
        settings(
            upstream="qwen-web",
            base_url=await site.start(),
            qwen_token=SecretStr("tok"),
            qwen_cookies=SecretStr("token=tok"),
            qwen_bx_ua=SecretStr("231!ua"),
            qwen_bx_umidtoken=SecretStr("umid"),
            qwen_bx_v="2.5.37",
            qwen_user_agent="UA/1",
        )
    )
    await upstream.models()
    await upstream.aclose()
    await site.stop()
    sent = seen[0].headers
    assert (sent["bx-ua"], sent["bx-umidtoken"], sent["bx-v"]) == ("231!ua", "umid", "2.5.37")
    assert (sent["user-agent"], sent["cookie"]) == ("UA/1", "token=tok")


def count(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def test_of_two_upstreams_one_dies(tmp_path: Path) -> None:
    async def script(answer: Answering, request: Received) -> None:
        await answer.stream(*(b"data: " + part + b"\n\n" for part in (*SAID, b"[DONE]")))

    home, cloud = Loopback(script), Loopback(script)
    tables = {
        "home": UpstreamTable(base_url=await home.start() + "/v1", retry_seconds=0),
        "cloud": UpstreamTable(base_url=await cloud.start() + "/v1", api_key=SecretStr("sk-cloud")),
    }
    services = build(Settings(upstreams=tables, fallbacks=("cloud",), pace_ms=0, record=tmp_path))
    messages = [{"role": "user", "content": "Hello"}]
    chat = parse_chat_request({"model": "qwen", "messages": messages, "stream": False})
    names = []
    for _ in range(2):
        turn = await services.answering.open(chat, {}, "sk-client")
        assert any(isinstance(piece, Content) and piece.text == "Hi" for piece in await turn.whole())
        await turn.aclose()
        names.append(turn.way.name)
        await home.stop()
    await services.aclose()
    await cloud.stop()
    assert names == ["home", "cloud"]
    assert home.requests[0].headers["authorization"] == "Bearer sk-client"
    assert cloud.requests[0].headers["authorization"] == "Bearer sk-cloud"
    assert count(tmp_path) == 3  # the refused one too


async def test_several_hosts_need_a_package_that_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "roobridge.service.conversations.hosts", None)
    await build(Settings()).aclose()
    with pytest.raises(SettingsError, match=r"pip install 'roobridge\[redis\]'"):
        build(Settings(redis_url=SecretStr("redis://127.0.0.1:1")))


def test_a_fault_in_a_table_names_its_table() -> None:
    with pytest.raises(SettingsError, match=r"^In \[upstreams\.box\]: base_url"):
        build(Settings(upstreams={"box": UpstreamTable(base_url="nowhere")}))
    with pytest.raises(SettingsError, match=r"^The setting 'base_url'"):
        build(Settings(upstream="openai"))


async def test_an_upstream_of_few_slots_stands_behind_a_queue() -> None:
    upstream = build_upstream(settings(upstream="vllm", max_concurrent=1, measure_context=False))
    stream = upstream.stream(UpstreamRequest({"model": "qwen", "messages": []}))
    await stream.aclose()
    await upstream.aclose()
