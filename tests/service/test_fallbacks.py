from __future__ import annotations

import logging

import pytest

from roobridge.bridge.ports import Capabilities, ToolUse
from roobridge.errors import UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from tests.service.routed import CLOUD, DOWN, HELLO, HOME, IMAGE, services, turn
from tests.service.scripted import Scripted, Step, end, say, silence


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_the_next_upstream_is_asked_where_one_is_down_or_busy(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    home = Scripted([UpstreamError("No.", code="no", status_hint=status)])
    cloud = Scripted([*say("Hi"), *end()])
    with caplog.at_level(logging.INFO, "roobridge.turns"):
        ended = await turn(services(home, cloud, fallbacks=["cloud/plus"]), "qwen")
    assert ended.error is None
    assert [request.body["model"] for request in (*home.requests, *cloud.requests)] == ["qwen", "plus"]
    assert "upstream=cloud" in caplog.text
    assert "tries=home:no outcome=ok" in caplog.text


async def test_only_the_upstream_that_was_asked_for_learns_the_client_s_key() -> None:
    home, cloud = Scripted([DOWN]), Scripted(HELLO)
    await turn(services(home, cloud, fallbacks="cloud"), "qwen")
    assert (home.requests[0].key, cloud.requests[0].key) == ("sk-client", "")


async def test_another_model_of_the_same_upstream_is_asked_with_the_same_key() -> None:
    home = Scripted([DOWN], HELLO)
    await turn(services(home, Scripted(), fallbacks="home/small"), "qwen")
    assert [(each.body["model"], each.key) for each in home.requests] == [
        ("qwen", "sk-client"),
        ("small", "sk-client"),
    ]


async def test_a_fallback_that_cannot_take_the_request_is_passed_over() -> None:
    """A player of tapes without one for the model, and a profile that refuses images."""
    given = Settings.model_validate(
        {
            "upstreams": {"home": HOME, "tapes": {"upstream": "replay"}, "cloud": CLOUD},
            "models": {"cloud/blind": {"images": "refuse"}},
            "fallbacks": ["tapes", "cloud/blind", "cloud/plus"],
        }
    )
    closed = Scripted(HELLO, capabilities=Capabilities(closed_list=True), models=("demo",))
    cloud = Scripted(HELLO)
    made = assemble(given, {"home": Scripted([DOWN]), "tapes": closed, "cloud": cloud})
    ended = await turn(made, "qwen", body={"messages": [{"role": "user", "content": [IMAGE]}]})
    assert ended.error is None
    assert closed.requests == []
    assert [request.body["model"] for request in cloud.requests] == ["plus"]


@pytest.mark.parametrize(
    "script",
    [
        [UpstreamError("The key is wrong.", code="invalid_api_key", status_hint=401)],
        [UpstreamError("Too long.", code="context_length_exceeded", status_hint=400)],
        [*say("Hel"), DOWN],
    ],
)
async def test_a_refusal_of_the_request_and_a_broken_reply_stay(script: list[Step]) -> None:
    home, cloud = Scripted(script), Scripted(HELLO)
    ended = await turn(services(home, cloud, fallbacks=["cloud"]), "qwen")
    assert ended.error is not None
    assert cloud.requests == []
    assert home.closed[0].is_set()


async def test_the_last_refusal_is_the_client_s() -> None:
    busy = UpstreamError("Busy.", code="busy", status_hint=429)
    ended = await turn(services(Scripted([DOWN]), Scripted([busy]), fallbacks=["cloud"]), "qwen")
    assert ended.error is busy


async def test_an_upstream_is_not_tried_twice_as_the_same() -> None:
    home = Scripted([DOWN])
    ended = await turn(services(home, Scripted(HELLO), fallbacks=["home", "home/qwen", "cloud"]), "qwen")
    assert ended.error is None
    assert len(home.requests) == 1


async def test_a_silent_start_goes_to_the_next_upstream() -> None:
    home, cloud = Scripted([silence()]), Scripted(HELLO)
    tables = {"home": {**HOME, "start_timeout": 0.02}, "cloud": CLOUD}
    ended = await turn(services(home, cloud, upstreams=tables, fallbacks=["cloud"]), "qwen")
    assert ended.error is None
    assert ended.way.name == "cloud"
    assert home.closed[0].is_set()


async def test_each_fallback_has_its_own_profile() -> None:
    home, cloud = Scripted([DOWN]), Scripted(HELLO)
    models = {
        "cloud/qwen": {"tools": "native"},
        "qwen*": {"tools": "prompted", "fallbacks": ["cloud"], "model": "qwen3:30b"},
    }
    await turn(services(home, cloud, models=models), "qwen")
    assert [(each.body["model"], each.tools) for each in (*home.requests, *cloud.requests)] == [
        ("qwen3:30b", ToolUse.PROMPTED),
        ("qwen", ToolUse.NATIVE),
    ]


async def test_a_profile_without_fallbacks_has_none() -> None:
    cloud = Scripted(HELLO)
    made = services(Scripted([DOWN]), cloud, fallbacks=["cloud"], models={"qwen": {"fallbacks": []}})
    assert (await turn(made, "qwen")).error is DOWN
    assert cloud.requests == []


async def test_what_an_upstream_cannot_take_is_its_own() -> None:
    cloud = Scripted(HELLO, capabilities=Capabilities(native_tools=False))
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    await turn(services(Scripted([DOWN]), cloud, fallbacks=["cloud"]), "qwen", body={"tools": [tool]})
    assert "tools" not in cloud.requests[0].body
