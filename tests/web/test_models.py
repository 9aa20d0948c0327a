from __future__ import annotations

from typing import Any

import httpx
import pytest

from roobridge.bridge.ports import Model
from roobridge.errors import UpstreamError
from tests.service.scripted import Scripted
from tests.web.conftest import Serve


async def test_the_list(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted(models=("a", "org/b")), model_map={"mine": "a"})
    for path in ("/v1/models", "/models"):
        listed = (await http.get(address + path)).json()
        assert listed["object"] == "list"
        assert [entry["id"] for entry in listed["data"]] == ["a", "org/b", "mine"]
        assert all(entry["object"] == "model" for entry in listed["data"])


async def test_one_model(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted(models=("org/b",)))
    assert (await http.get(address + "/v1/models/org/b")).json()["id"] == "org/b"
    absent = await http.get(address + "/v1/models/absent")
    assert absent.status_code == 404
    assert absent.json()["error"]["code"] == "model_not_found"


async def test_an_upstream_that_refuses(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted()
    upstream.list = UpstreamError("The key is wrong.", kind="authentication_error", status_hint=401)
    response = await http.get(await serve(upstream) + "/v1/models")
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"


SAID = {
    "id": "a",
    "object": "card",
    "created": 7,
    "owned_by": "vllm",
    "permission": [{"id": "p"}],
    "root": "/a",
}
WHOLE = Model("a", "vllm", 65536, 8192, vision=True, tools=True, thinking=False, said=SAID)
FACTS = {
    "max_input_tokens": 65536,
    "max_output_tokens": 8192,
    "supports_vision": True,
    "supports_function_calling": True,
    "supports_reasoning": False,
}
BARE = Model("b", said={"id": "b", "created": "yesterday"})


async def test_the_upstream_s_fields_stay_beside_the_facts(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted(models=(WHOLE, BARE)), model_map={"mine": "a"})
    known = {**SAID, "object": "model", "context_length": 65536, **FACTS}
    assert (await http.get(address + "/v1/models")).json()["data"] == [
        known,
        {"id": "b", "object": "model", "created": 0, "owned_by": "qwen"},
        {**known, "id": "mine"},
    ]
    assert (await http.get(address + "/v1/models/mine")).json() == {**known, "id": "mine"}


async def test_the_settings_stand_over_the_upstream(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted(models=(WHOLE,)), context_length=32768, max_output=4096)
    [told] = (await http.get(address + "/v1/model/info")).json()["data"]
    assert told["model_info"]["max_input_tokens"] == 32768
    assert told["model_info"]["max_tokens"] == told["model_info"]["max_output_tokens"] == 4096


LOCAL = {"input_cost_per_token": 0, "output_cost_per_token": 0, "supports_prompt_caching": False}


@pytest.mark.parametrize(
    ("settings", "priced"),
    [
        ({}, LOCAL),
        ({"upstream": "ollama"}, LOCAL),
        ({"upstream": "openai", "base_url": "http://192.168.1.2/v1"}, LOCAL),
        ({"upstream": "dashscope"}, {}),
        ({"upstream": "qwen-web"}, {}),
    ],
)
async def test_the_facts_in_litellm_s_shape(
    serve: Serve, http: httpx.AsyncClient, settings: dict[str, Any], priced: dict[str, object]
) -> None:
    address = await serve(Scripted(models=(WHOLE, BARE)), **settings)
    for path in ("/v1/model/info", "/model/info"):
        whole, bare = (await http.get(address + path)).json()["data"]
        assert whole == {
            "model_name": "a",
            "litellm_params": {"model": "a"},
            "model_info": {**bare["model_info"], "id": "a", "key": "a", "max_tokens": 8192, **FACTS},
        }
        assert bare["litellm_params"] == {"model": "b"}
        known = {"id": "b", "key": "b", "litellm_provider": "openai", "mode": "chat"}
        assert bare["model_info"] == {**known, **priced}
