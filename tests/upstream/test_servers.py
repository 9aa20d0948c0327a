"""What a list of models tells beyond the list: the server behind it is asked, once, briefly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

import pytest

from roobridge.bridge.ports import Model
from roobridge.upstream import servers
from roobridge.upstream.openai import OpenAIUpstream
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received, Script

LMSTUDIO = {
    "models": [
        {
            "key": "coder",
            "loaded_instances": [{"id": "coder", "config": {"context_length": 65536}}],
            "capabilities": {"vision": False, "trained_for_tool_use": True},
        }
    ]
}
LMSTUDIO_V0 = {"data": [{"id": "coder", "type": "vlm", "state": "loaded", "loaded_context_length": 8192}]}
PROPS = {"default_generation_settings": {"n_ctx": 16384}, "modalities": {"vision": True}}
PS = {"models": [{"name": "coder", "model": "coder", "context_length": 4096}]}
SGLANG = {"model_path": "coder", "is_generation": True, "has_image_understanding": True}
TABBY = {"id": "coder", "owned_by": "tabbyAPI", "parameters": {"max_seq_len": 24576, "use_vision": False}}
SHOWN = {"capabilities": ["completion", "tools"], "parameters": "num_ctx 32768"}


def listing(*ids: str, owner: str = "") -> dict[str, Any]:
    return {"data": [{"id": id, "owned_by": owner} for id in ids]}


def site(answers: Mapping[str, object]) -> Script:
    """Answers by path: JSON, or bytes as they are; 404 else."""

    async def script(answer: Answering, request: Received) -> None:
        body = answers.get(request.target)
        if body is None:
            await answer.whole(b'{"error": "no such place"}', status=404)
        else:
            await answer.whole(body if isinstance(body, bytes) else json.dumps(body).encode())

    return script


# preset, owner in the list, what the server answers; context, vision and tools of the model "coder"
SERVERS: list[tuple[str, str, dict[str, object], tuple[int, bool | None, bool | None]]] = [
    ("lmstudio", "", {"/api/v1/models": LMSTUDIO}, (65536, False, True)),
    ("", "organization_owner", {"/api/v1/models": LMSTUDIO}, (65536, False, True)),
    ("lmstudio", "", {"/api/v1/models": {"error": "?"}, "/api/v0/models": LMSTUDIO_V0}, (8192, True, None)),
    ("lmstudio", "", {}, (0, None, None)),
    ("llamacpp", "", {"/props": PROPS}, (16384, True, None)),
    ("", "llamacpp", {"/props": PROPS}, (16384, True, None)),
    ("llamacpp", "", {"/props": {"role": "router"}}, (0, None, None)),
    ("llamacpp", "", {"/props": b"[" * 100_000}, (0, None, None)),
    ("ollama", "", {"/api/ps": PS, "/api/show": SHOWN}, (4096, False, True)),
    ("", "library", {"/api/ps": {"models": []}, "/api/show": SHOWN}, (32768, False, True)),
    ("ollama", "", {"/api/ps": PS}, (4096, None, None)),
    ("ollama", "", {"/api/show": SHOWN}, (0, None, None)),
    ("sglang", "", {"/model_info": SGLANG}, (0, True, None)),
    ("", "sglang", {"/get_model_info": SGLANG}, (0, True, None)),
    ("sglang", "", {}, (0, None, None)),
    ("", "tabbyAPI", {"/v1/model": TABBY}, (24576, False, None)),
    ("", "tabbyAPI", {"/v1/model": {**TABBY, "id": "another"}}, (0, None, None)),
    ("vllm", "", {"/props": PROPS}, (0, None, None)),
    ("", "openai", {"/props": PROPS, "/api/v1/models": LMSTUDIO, "/api/ps": PS}, (0, None, None)),
]


@pytest.mark.parametrize(("preset", "owner", "answers", "expected"), SERVERS)
async def test_each_server_is_asked_in_its_own_words(
    serve: Serve,
    preset: str,
    owner: str,
    answers: dict[str, object],
    expected: tuple[int, bool | None, bool | None],
) -> None:
    url, _ = await serve(site({"/v1/models": listing("coder", owner=owner), **answers}))
    async with aclosing(OpenAIUpstream(f"{url}/v1", preset=preset)) as upstream:
        [model] = await upstream.models()
    assert (model.context, model.vision, model.tools) == expected


async def test_the_server_is_asked_with_the_key_and_for_no_health(serve: Serve) -> None:
    url, server = await serve(site({"/x/v1/models": listing("coder"), "/x/props": PROPS}))
    async with aclosing(OpenAIUpstream(f"{url}/x/v1", "sk-own", preset="llamacpp")) as upstream:
        await upstream.health()
        await upstream.models()
    assert [request.target for request in server.requests] == ["/x/v1/models", "/x/v1/models", "/x/props"]
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer sk-own"}


async def test_hosted_models_are_known_by_their_names(serve: Serve) -> None:
    url, _ = await serve(site({"/v1/models": listing("qwen3-max", "other")}))
    async with aclosing(OpenAIUpstream(f"{url}/v1", preset="dashscope")) as upstream:
        known = {model.id: model.context for model in await upstream.models()}
    assert known == {"qwen3-max": 262144, "other": 0}


async def test_the_same_name_elsewhere_is_not_the_hosted_model(serve: Serve) -> None:
    url, _ = await serve(site({"/v1/models": listing("qwen3-max")}))
    async with aclosing(OpenAIUpstream(f"{url}/v1")) as upstream:
        assert [model.context for model in await upstream.models()] == [0]


async def test_a_server_that_does_not_answer_holds_up_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target == "/v1/models":
            await answer.whole(json.dumps(listing("coder")).encode())
        else:
            await answer.gone()

    monkeypatch.setattr(servers, "ANSWER_TIME", 0.05)
    url, _ = await serve(script)
    async with aclosing(OpenAIUpstream(f"{url}/v1", preset="llamacpp")) as upstream:
        assert [model.id for model in await upstream.models()] == ["coder"]


async def test_what_was_known_stands_while_the_server_is_busy(serve: Serve) -> None:
    answers: dict[str, object] = {"/v1/models": listing("coder"), "/api/ps": PS, "/api/show": SHOWN}
    url, _ = await serve(site(answers))
    async with aclosing(OpenAIUpstream(f"{url}/v1", preset="ollama")) as upstream:
        before = await upstream.models()
        del answers["/api/show"]
        assert await upstream.models() == before
        answers["/api/ps"] = {"models": [{**PS["models"][0], "context_length": 65536}]}
        assert [(model.context, model.tools) for model in await upstream.models()] == [(65536, True)]
        del answers["/api/ps"]
        assert [(model.context, model.tools) for model in await upstream.models()] == [(65536, True)]
        answers.update({"/v1/models": listing("other")})
        assert [(model.context, model.tools) for model in await upstream.models()] == [(0, None)]


async def test_few_models_are_asked_for_at_once_and_the_loaded_one_first() -> None:
    ids = [f"m{number}" for number in range(servers.SHOWN + 8)]
    asked: list[str] = []
    running = most = 0

    async def ask(path: str, body: Any) -> object:
        nonlocal running, most
        if path == "/api/ps":
            return {"models": [{"name": ids[-1], "context_length": 4096}]}
        asked.append(body["model"])
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return SHOWN

    known = await servers.Server(ask, "ollama").facts([Model(id) for id in ids])
    assert asked == [ids[-1], *ids[: servers.SHOWN - 1]]
    assert most == servers.AT_ONCE
    assert known.keys() == set(asked)
    assert known[ids[-1]].context == 4096
