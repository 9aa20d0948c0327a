from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Any

import pytest

from roobridge.bridge.ports import Capabilities, Model, ToolUse
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.errors import ClientError, SettingsError, UpstreamError
from roobridge.service.config import Settings
from roobridge.service.turns import Turn
from roobridge.service.wiring import Services, assemble, check_names
from tests.service.scripted import Scripted, Step, end, say, silence

HOME = {"upstream": "openai", "base_url": "http://127.0.0.1:1/v1"}
CLOUD = {"upstream": "openai", "base_url": "http://127.0.0.1:2/v1"}
DOWN = UpstreamError("No connection.", code="unreachable", status_hint=502)
HELLO: list[Step] = [*say("Hi"), *end()]


def services(home: Scripted, cloud: Scripted, **settings: Any) -> Services:
    tables = {"home": HOME, "cloud": CLOUD}
    given = Settings(**{"pace_ms": 0, "usage_wait_ms": 1, "upstreams": tables, **settings})
    check_names(given)
    return assemble(given, {"home": home, "cloud": cloud})


async def turn(made: Services, model: str, provider: str = "", body: dict[str, Any] | None = None) -> Turn:
    """The turn of a request to these services, at its end."""
    messages = [{"role": "user", "content": "Hello"}]
    chat = parse_chat_request({"model": model, "messages": messages, "stream": False, **(body or {})})
    opened = await made.answering.open(chat, {"user-agent": "curl/8"}, "sk-client", provider=provider)
    with suppress(UpstreamError):
        await opened.whole()
    return opened


@pytest.mark.parametrize(
    ("asked", "upstream", "model"),
    [
        ({"model": "qwen"}, "home", "qwen"),
        ({"model": "home/qwen"}, "home", "qwen"),
        ({"model": "cloud/qwen"}, "cloud", "qwen"),
        ({"model": "cloud/Qwen/Qwen3-8B"}, "cloud", "Qwen/Qwen3-8B"),
        ({"model": "Qwen/Qwen3-8B"}, "home", "Qwen/Qwen3-8B"),
        ({"model": "qwen", "provider": "cloud"}, "cloud", "qwen"),
        ({"model": "cloud/qwen", "provider": "cloud"}, "cloud", "qwen"),
        ({"model": "coder"}, "cloud", "qwen3-coder-plus"),
        ({"model": "Publisher/Coder"}, "cloud", "qwen3-coder-plus"),
        ({"model": "home/coder"}, "home", "coder"),
        ({"model": "coder", "provider": "home"}, "home", "coder"),
    ],
)
@pytest.mark.parametrize("in_body", [False, True])
async def test_where_a_request_goes(asked: dict[str, str], upstream: str, model: str, in_body: bool) -> None:
    home = Scripted(HELLO, models=("qwen", "Qwen/Qwen3-8B"))
    cloud = Scripted(HELLO, models=())
    made = services(home, cloud, models={"coder": {"upstream": "cloud", "model": "qwen3-coder-plus"}})
    provider = asked.get("provider", "")
    body = {"provider": provider} if in_body else {}
    ended = await turn(made, asked["model"], "" if in_body else provider, body)
    (request,) = (home if upstream == "home" else cloud).requests
    assert ended.way.name == upstream
    assert request.body["model"] == model
    assert "provider" not in request.body


async def test_openrouter_s_own_provider_field_passes_on() -> None:
    home = Scripted(HELLO)
    await turn(services(home, Scripted()), "qwen", body={"provider": {"order": ["x"]}})
    assert home.requests[0].body["provider"] == {"order": ["x"]}


@pytest.mark.parametrize(
    ("model", "provider", "param"), [("qwen", "clod", "provider"), ("clod/qwen", "", "model")]
)
async def test_an_upstream_that_is_not_there_is_refused_with_those_that_are(
    model: str, provider: str, param: str
) -> None:
    with pytest.raises(ClientError, match=r'"clod".*home, cloud') as refused:
        await turn(services(Scripted(), Scripted()), model, provider)
    assert (refused.value.param, refused.value.status_hint) == (param, 400)


async def test_with_one_upstream_a_slash_is_part_of_the_model_s_name() -> None:
    home = Scripted(HELLO)
    made = assemble(Settings(pace_ms=0), {"replay": home})
    await turn(made, "clod/qwen")
    assert home.requests[0].body["model"] == "clod/qwen"


async def test_a_list_that_cannot_be_had_refuses_nothing() -> None:
    home = Scripted(HELLO)
    home.list = DOWN
    await turn(services(home, Scripted()), "clod/qwen")
    assert home.requests[0].body["model"] == "clod/qwen"


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


async def test_a_fallback_without_the_model_is_left_out() -> None:
    home = Scripted([DOWN])
    cloud = Scripted(HELLO, models=("other",), capabilities=Capabilities(closed_list=True))
    assert (await turn(services(home, cloud, fallbacks=["cloud"]), "qwen")).error is DOWN
    assert cloud.requests == []


async def test_an_upstream_is_not_tried_twice_as_the_same() -> None:
    home = Scripted([DOWN])
    ended = await turn(services(home, Scripted(HELLO), fallbacks=["home", "cloud"]), "qwen")
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


async def test_a_profile_s_models_share_its_slots() -> None:
    go = asyncio.Event()
    home = Scripted([go, *HELLO])
    made = services(home, Scripted(), models={"qwen*": {"max_concurrent": 1}})
    async with asyncio.TaskGroup() as group:
        first = group.create_task(turn(made, "qwen-a"))
        await home.requested(1)
        second = group.create_task(turn(made, "qwen-b"))
        other = group.create_task(turn(made, "llama"))
        await home.requested(2)
        assert [request.body["model"] for request in home.requests] == ["qwen-a", "llama"]
        go.set()
    assert [task.result().error for task in (first, second, other)] == [None] * 3


async def test_the_list_has_the_models_of_all() -> None:
    home = Scripted(models=(Model("qwen", context=4096),))
    cloud = Scripted(models=("qwen", "plus"))
    models = {"qwen*": {"context_length": 9, "max_output": 8}, "mine": {"upstream": "cloud", "model": "plus"}}
    listed = await services(home, cloud, models=models).routes.models()
    assert [(model.id, model.context, model.output) for model in listed] == [
        ("qwen", 9, 8),
        ("cloud/qwen", 9, 8),
        ("cloud/plus", 0, 0),
        ("mine", 0, 0),
    ]
    assert all(model.free for model in listed)  # both are at home


async def test_an_upstream_that_is_down_hides_no_other_s_models() -> None:
    home, cloud = Scripted(), Scripted(models=("plus",))
    home.list = DOWN
    made = services(home, cloud)
    assert [model.id for model in await made.routes.models()] == ["cloud/plus"]
    cloud.list = DOWN
    made = services(home, cloud)
    with pytest.raises(UpstreamError):
        await made.routes.models()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"fallbacks": ["clod"]}, ("'fallbacks'", "'clod'", "home, cloud")),
        ({"models": {"q*": {"upstream": "clod"}}}, ("'models.q*.upstream'", "'clod'")),
        ({"models": {"q*": {"fallbacks": ["clod/x"]}}}, ("'models.q*.fallbacks'", "'clod/x'")),
    ],
)
def test_a_name_of_no_upstream_stops_the_start(settings: dict[str, Any], words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as refused:
        services(Scripted(), Scripted(), **settings)
    for word in words:
        assert word in refused.value.message


IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


async def test_a_profile_shapes_the_request_of_its_upstream_alone() -> None:
    home, cloud = Scripted([DOWN]), Scripted(HELLO)
    models = {
        "cloud/*": {"overrides": {"enable_thinking": False}, "images": "strip", "cache_marks": True},
        "*": {"sampling": "qwen3-coder", "drop": ["seed"], "defaults": {"max_tokens": 9}},
    }
    messages = [{"role": "user", "content": [{"type": "text", "text": "See."}, IMAGE]}]
    sent = {"messages": messages, "temperature": 0, "seed": 3}
    await turn(services(home, cloud, models=models, fallbacks=["cloud"]), "qwen", body=sent)
    asked, then = home.requests[0].body, cloud.requests[0].body
    assert (asked["temperature"], asked["max_tokens"], "seed" in asked) == (0.7, 9, False)
    assert asked["messages"] == messages
    assert (then["temperature"], then["seed"], then["enable_thinking"]) == (0, 3, False)
    assert "image_url" not in str(then["messages"])
    assert "cache_control" in str(then["messages"])


async def test_images_that_a_profile_refuses_are_the_client_s_error() -> None:
    home = Scripted(HELLO)
    made = services(home, Scripted(), models={"qwen": {"images": "refuse"}})
    with pytest.raises(ClientError, match="image"):
        await turn(made, "qwen", body={"messages": [{"role": "user", "content": [IMAGE]}]})
    assert home.requests == []
    assert (await made.routes.models())[0].vision is False
