"""What a client gets of a real engine: llama.cpp's server with a small model, README.md."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.e2e.engine import REPLY_LIMIT, TOOLS_TEMPLATE, bridged
from tests.e2e.engine_requests import MODEL, NATIVE, XML, hello, listing, roo
from tests.e2e.roo_hearing import ask
from tests.e2e.roo_prompt import Variant, headers
from tests.e2e.test_openai_sdks import python_sdk
from tests.oracle.roo_native import judge

pytestmark = pytest.mark.e2e

WITH_TOOLS = ("--template", str(TOOLS_TEMPLATE))


async def test_streamed_and_whole_are_the_engine_s_own_words_and_counts(
    engine_python: Path, tmp_path: Path
) -> None:
    async with bridged(engine_python, tmp_path) as (engine, address), python_sdk(address) as client:
        own = await engine.complete(hello())
        whole = await client.chat.completions.create(**hello())
        streamed = hello(stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in await client.chat.completions.create(**streamed)]
    [choice] = own["choices"]
    assert choice["message"]["content"]
    assert whole.choices[0].message.content == choice["message"]["content"]
    said = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(part.delta.content or "" for part in said) == choice["message"]["content"]
    assert choice["finish_reason"] == whole.choices[0].finish_reason == said[-1].finish_reason
    [usage] = [chunk.usage for chunk in chunks if chunk.usage]
    for counted in (whole.usage, usage):
        assert counted is not None
        assert counted.model_dump(include=set(own["usage"]), exclude_none=True) == own["usage"]


@pytest.mark.parametrize("variant", [XML, NATIVE], ids=["xml", "native"])
async def test_words_of_a_model_that_knows_no_tools_are_one_completion(
    variant: Variant, engine_python: Path, tmp_path: Path
) -> None:
    asked = roo(variant, stop=[".", "\n"])
    async with (
        bridged(engine_python, tmp_path, tools="native") as (_, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        heard = await ask(client, f"{address}/chat/completions", asked, headers(variant))
    assert not heard.error
    assert heard.usage
    if variant.native:
        calls = heard.native_calls()
        judge(calls, several=False)
        assert [call.name for call in calls] == ["attempt_completion"]
        assert calls[0].parsed["result"]
    else:
        [use] = heard.xml_calls(variant.version)
        assert (use.name, use.partial) == ("attempt_completion", False)
        assert use.params["result"]


async def test_a_call_in_the_engine_s_template_is_one_call(engine_python: Path, tmp_path: Path) -> None:
    async with (
        bridged(engine_python, tmp_path, *WITH_TOOLS) as (_, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        heard = await ask(client, f"{address}/chat/completions", listing(), headers(NATIVE))
    assert not heard.error
    [call] = heard.native_calls()
    assert (call.name, call.parsed) == ("list_files", {"path": "c", "recursive": True})
    assert not heard.text


async def test_tools_are_prompted_for_a_model_whose_template_has_none(
    engine_python: Path, tmp_path: Path
) -> None:
    asked = listing(stream=False, max_tokens=8)
    asked["tools"] = [tool for tool in asked["tools"] if tool["function"]["name"] == "list_files"]
    counts = []
    for use in ("native", "auto"):
        folder = tmp_path / use
        folder.mkdir()
        async with bridged(engine_python, folder, tools=use) as (_, address), python_sdk(address) as client:
            answer = await client.chat.completions.create(**asked)
        counts.append(answer.usage.prompt_tokens)
    dropped, prompted = counts
    assert prompted > dropped + 100


async def test_openai_s_sdk_gathers_the_call(engine_python: Path, tmp_path: Path) -> None:
    """Of an agent that is none of Roo's: its tools hold no completion."""
    asked = listing(tool_choice="required")
    asked["tools"] = [tool for tool in asked["tools"] if tool["function"]["name"] == "list_files"]
    del asked["stream"]
    async with (
        bridged(engine_python, tmp_path, *WITH_TOOLS) as (_, address),
        python_sdk(address) as client,
        client.chat.completions.stream(**asked) as stream,
    ):
        kinds = [event.type async for event in stream]
        gathered = await stream.get_final_completion()
    [choice] = gathered.choices
    [call] = choice.message.tool_calls or []
    assert call.function.name == "list_files"
    assert json.loads(call.function.arguments) == {"path": "c", "recursive": True}
    assert choice.finish_reason == "tool_calls"
    assert kinds.count("tool_calls.function.arguments.done") == 1


async def test_the_engine_s_name_for_its_model_is_listed(engine_python: Path, tmp_path: Path) -> None:
    async with bridged(engine_python, tmp_path) as (_, address), python_sdk(address) as client:
        assert [model.id async for model in client.models.list()] == [MODEL]


async def test_the_context_that_the_engine_has_loaded_is_told(engine_python: Path, tmp_path: Path) -> None:
    async with (
        bridged(engine_python, tmp_path, "--context", "2304") as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        loaded = (await engine.get("/props"))["default_generation_settings"]["n_ctx"]
        listed = await client.get(f"{address}/models")
    [model] = listed.json()["data"]
    assert loaded in model.values()


async def test_a_name_that_the_engine_takes_is_not_refused(engine_python: Path, tmp_path: Path) -> None:
    asked = hello(model="some-other-model")
    async with (
        bridged(engine_python, tmp_path) as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        own = (await engine.complete(asked))["choices"][0]["message"]["content"]
        answer = await client.post(f"{address}/chat/completions", json=asked)
    assert own in answer.text, answer.text
