from __future__ import annotations

import asyncio
from typing import Any

import pytest

from roobridge.bridge.ports import Model
from roobridge.errors import ClientError, SettingsError, UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from tests.service.routed import CLOUD, DOWN, HELLO, HOME, IMAGE, services, turn
from tests.service.scripted import Scripted, silence


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
    await turn(services(home, Scripted()), "qwen", body={"provider": None})
    assert [request.body.get("provider", "none") for request in home.requests] == [{"order": ["x"]}, "none"]


@pytest.mark.parametrize("provider", [5, True, ["cloud"]])
async def test_a_provider_that_is_no_name_is_refused(provider: object) -> None:
    with pytest.raises(ClientError, match="`provider`") as refused:
        await turn(services(Scripted(), Scripted()), "qwen", body={"provider": provider})
    assert refused.value.param == "provider"


@pytest.mark.parametrize(
    ("model", "provider", "param"), [("qwen", "clod", "provider"), ("clod/qwen", "", "model")]
)
async def test_an_upstream_that_is_not_there_is_refused_with_those_that_are(
    model: str, provider: str, param: str
) -> None:
    made = services(Scripted(), Scripted(), models={"*": {"images": "strip"}})
    with pytest.raises(ClientError, match=r'"clod".*home, cloud') as refused:
        await turn(made, model, provider)
    assert (refused.value.param, refused.value.status_hint) == (param, 400)


async def test_with_one_upstream_a_slash_is_part_of_the_model_s_name() -> None:
    home = Scripted(HELLO)
    made = assemble(Settings(pace_ms=0), {"replay": home})
    await turn(made, "clod/qwen")
    assert home.requests[0].body["model"] == "clod/qwen"


@pytest.mark.parametrize(
    ("models", "asked"), [(("openai/gpt-oss",), "openai/gpt-oss"), (("qwen",), "gpt-oss")]
)
async def test_a_model_s_publisher_may_be_called_as_the_upstream_is(
    models: tuple[str, ...], asked: str
) -> None:
    home = Scripted(HELLO, models=models)
    made = assemble(Settings(pace_ms=0, upstream="openai", base_url="http://127.0.0.1:1"), {"openai": home})
    await turn(made, "openai/gpt-oss")
    assert home.requests[0].body["model"] == asked


@pytest.mark.parametrize("model", ["Qwen/Qwen3-32B", "mine/model"])
async def test_a_publisher_s_unlisted_model_is_not_refused(model: str) -> None:
    """Names before a slash that the list or the operator knows are no upstream's that is spelt wrong."""
    home = Scripted(HELLO, models=("Qwen/Qwen3-8B",))
    tables = {"home": {**HOME, "model_map": {"mine/model": "served"}}, "cloud": CLOUD}
    await turn(services(home, Scripted(), upstreams=tables), model)
    assert home.requests[0].body["model"] == {"mine/model": "served"}.get(model, model)


async def test_a_list_that_cannot_be_had_refuses_nothing() -> None:
    home = Scripted(HELLO)
    home.list = DOWN
    await turn(services(home, Scripted()), "clod/qwen")
    assert home.requests[0].body["model"] == "clod/qwen"


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


async def test_an_upstream_s_queue_timeout_is_that_of_its_models_too() -> None:
    cloud = Scripted([silence()])
    tables = {"home": HOME, "cloud": {**CLOUD, "queue_timeout": 0.02}}
    made = services(Scripted(), cloud, upstreams=tables, models={"qwen*": {"max_concurrent": 1}})
    first = asyncio.create_task(turn(made, "cloud/qwen"))
    await cloud.requested(1)
    refused = (await turn(made, "cloud/qwen")).error
    assert refused is not None
    assert (refused.code, refused.status_hint) == ("queue_timeout", 429)
    await made.answering.finish(0)
    await first


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


async def test_a_model_by_the_names_that_requests_may_give_it() -> None:
    routes = services(Scripted(models=("qwen",)), Scripted(models=("plus",))).routes
    names = ("qwen", "home/qwen", "cloud/plus", "plus", "home/plus")
    found = [await routes.model(name) for name in names]
    assert [model and model.id for model in found] == ["qwen", "qwen", "cloud/plus", None, None]


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


async def test_a_request_is_measured_by_the_context_that_its_client_is_told() -> None:
    home, cloud = Scripted(HELLO), Scripted(HELLO)
    tables = {"home": {**HOME, "context_length": 9000}, "cloud": CLOUD}
    models = {"coder": {"model": "qwen", "context_length": 7000}, "cloud/p*": {"context_length": 8000}}
    made = services(home, cloud, upstreams=tables, models=models)
    for model in ("qwen", "coder", "cloud/plus", "cloud/qwen"):
        await turn(made, model)
    assert [request.context for request in (*home.requests, *cloud.requests)] == [9000, 7000, 8000, 0]


async def test_images_that_a_profile_refuses_are_the_client_s_error() -> None:
    home = Scripted(HELLO)
    made = services(home, Scripted(), models={"qwen": {"images": "refuse"}})
    with pytest.raises(ClientError, match="image"):
        await turn(made, "qwen", body={"messages": [{"role": "user", "content": [IMAGE]}]})
    assert home.requests == []
    assert (await made.routes.models())[0].vision is False
