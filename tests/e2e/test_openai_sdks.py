"""OpenAI's own SDKs, Python and Node, against the running service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionToolParam

from tests.e2e.model import Call, Ending, Said
from tests.e2e.programs import Place, bridge, run
from tests.e2e.scenario import Dialect
from tests.e2e.upstream import KEY, MODEL, Refusal, Reply, ScriptedUpstream, Wire, scripted
from tests.oracle.dialect_writer import hermes, qwen_bare

pytestmark = pytest.mark.e2e

WORDS = "Hello, here is a caf\u00e9 with <tags>, \U0001f9ed and `code`.\n\n- one\n- two\n"
ADD: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Adds two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
TOOL_CALLS = {
    Dialect.DASHSCOPE: Said("Adding.", calls=(Call("add", {"a": 2, "b": 40}),)),
    Dialect.QWEN_TEXT: Said("Adding.\n\n" + qwen_bare("add", {"a": "2", "b": "40"})),
    Dialect.HERMES_TEXT: Said("Adding.\n\n" + hermes("add", {"a": "2", "b": "40"})),
    Dialect.WEB: Said("Adding.\n\n" + qwen_bare("add", {"a": "2", "b": "40"})),
}
Asking = Callable[..., Any]


@asynccontextmanager
async def service(
    folder: Path, *replies: Reply, wire: Wire = Wire.OPENAI
) -> AsyncIterator[tuple[ScriptedUpstream, str]]:
    async with scripted(wire, *replies) as upstream, bridge(upstream, folder / "bridge") as address:
        yield upstream, address


def python_sdk(address: str) -> openai.AsyncOpenAI:
    transport = openai.DefaultAsyncHttpxClient(trust_env=False)
    return openai.AsyncOpenAI(base_url=address, api_key=KEY, max_retries=0, http_client=transport)


def hello(**more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}], **more}


@pytest.mark.parametrize("wire", list(Wire))
async def test_python_reads_a_reply_whole_and_streamed(wire: Wire, tmp_path: Path) -> None:
    replies = (Said(WORDS), Said(WORDS))
    async with service(tmp_path, *replies, wire=wire) as (_, address), python_sdk(address) as client:
        reply = await client.chat.completions.create(**hello())
        assert reply.choices[0].message.content == WORDS
        assert reply.choices[0].finish_reason == "stop"
        assert reply.usage is not None
        assert reply.usage.prompt_tokens == 1200
        streamed = hello(stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in await client.chat.completions.create(**streamed)]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == WORDS
    assert [chunk.usage.prompt_tokens for chunk in chunks if chunk.usage] == [1200]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_python_s_stream_helper_gathers_a_tool_call(dialect: Dialect, tmp_path: Path) -> None:
    reply = TOOL_CALLS[dialect]
    async with (
        service(tmp_path, reply, wire=dialect.wire) as (_, address),
        python_sdk(address) as client,
        client.chat.completions.stream(**hello(tools=[ADD])) as stream,
    ):
        kinds = [event.type async for event in stream]
        gathered = await stream.get_final_completion()
    [choice] = gathered.choices
    [call] = choice.message.tool_calls or []
    assert (call.function.name, json.loads(call.function.arguments)) == ("add", {"a": 2, "b": 40})
    assert (choice.message.content or "").strip() == "Adding."
    assert choice.finish_reason == "tool_calls"
    assert kinds.count("tool_calls.function.arguments.done") == 1


REFUSALS = [
    (Refusal(401, "Incorrect API key provided.", "invalid_api_key"), openai.AuthenticationError),
    (Refusal(404, "The model does not exist.", "model_not_found"), openai.NotFoundError),
    (Refusal(429, "You exceeded your current requests list.", "limit_requests"), openai.RateLimitError),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("refusal", "error"), REFUSALS, ids=["401", "404", "429"])
async def test_python_raises_the_upstream_s_refusal_as_its_own_class(
    refusal: Refusal, error: type[openai.APIStatusError], stream: bool, tmp_path: Path
) -> None:
    async with service(tmp_path, refusal) as (_, address), python_sdk(address) as client:
        with pytest.raises(error) as raised:
            await client.chat.completions.create(**hello(stream=stream))
    assert raised.value.message
    assert raised.value.body is not None


async def test_python_is_told_of_a_body_that_is_too_large(tmp_path: Path) -> None:
    async with service(tmp_path) as (upstream, address), python_sdk(address) as client:
        messages = [{"role": "user", "content": "x" * (33 * 1024 * 1024)}]
        with pytest.raises(openai.APIStatusError) as raised:
            await client.chat.completions.create(**{**hello(), "messages": messages})
        assert raised.value.status_code == 413
        assert not upstream.asked


async def test_python_raises_what_breaks_in_mid_stream(tmp_path: Path) -> None:
    broken = Said(WORDS * 5, ending=Ending.ERROR, most=60)
    said = ""
    async with service(tmp_path, broken) as (_, address), python_sdk(address) as client:
        with pytest.raises(openai.APIError) as raised:  # noqa: PT012 -- the stream is what raises
            async for chunk in await client.chat.completions.create(**hello(stream=True)):
                said += chunk.choices[0].delta.content or "" if chunk.choices else ""
    assert said
    assert (WORDS * 5).startswith(said)
    assert "worker went away" in raised.value.message


async def test_a_client_that_leaves_in_mid_stream_frees_the_upstream(tmp_path: Path) -> None:
    async with service(tmp_path, Said(WORDS * 200)) as (upstream, address):
        async with python_sdk(address) as client:
            stream = await client.chat.completions.create(**hello(stream=True))
            async for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    break
            await stream.close()
        await asyncio.wait_for(upstream.hung_up.wait(), 10)


async def _node(modules: Path, place: Place, address: str, scenario: str) -> Any:
    script = str(Path(__file__).with_name("node_sdk.cjs"))
    more = {"NODE_PATH": str(modules)}
    ended = await run(["node", script, address, KEY, MODEL, scenario], place, limit=60, more=more)
    assert ended.code == 0, ended.errors
    return json.loads(ended.output)


@pytest.mark.parametrize("scenario", ["whole", "streaming"])
async def test_node_reads_a_reply(scenario: str, modules: Path, place: Place, tmp_path: Path) -> None:
    async with service(tmp_path, Said(WORDS)) as (_, address):
        said = await _node(modules, place, address, scenario)
    assert (said["text"], said["finish"]) == (WORDS, "stop")
    assert said["usage"]["prompt_tokens"] == 1200
    assert said.get("pieces", 2) > 1


@pytest.mark.parametrize("dialect", list(Dialect))
async def test_node_s_tool_runner_runs_the_call_and_gets_the_answer(
    dialect: Dialect, modules: Path, place: Place, tmp_path: Path
) -> None:
    async with service(tmp_path, TOOL_CALLS[dialect], Said("It is 42."), wire=dialect.wire) as (
        upstream,
        address,
    ):
        said = await _node(modules, place, address, "tools")
    assert said["ran"] == [[2, 40]]
    assert said["text"] == "It is 42."
    assert len(upstream.asked) == 2
    assert "42" in json.dumps(upstream.asked[1]["messages"][-1])


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (REFUSALS[0][0], {"error": "AuthenticationError", "status": 401}),
        (REFUSALS[1][0], {"error": "NotFoundError", "status": 404}),
        (REFUSALS[2][0], {"error": "RateLimitError", "status": 429}),
        (Said(WORDS, ending=Ending.ERROR, most=9), {"error": "APIError", "status": None}),
    ],
    ids=["401", "404", "429", "mid-stream"],
)
async def test_node_raises_the_error_as_its_own_class(
    reply: Reply, error: dict[str, Any], modules: Path, place: Place, tmp_path: Path
) -> None:
    async with service(tmp_path, reply) as (_, address):
        said = await _node(modules, place, address, "streaming")
    assert {name: said.get(name) for name in error} == error
    assert said["message"]


async def test_node_cancels_in_mid_stream(modules: Path, place: Place, tmp_path: Path) -> None:
    async with service(tmp_path, Said(WORDS * 200)) as (upstream, address):
        assert await _node(modules, place, address, "cancel") == {"aborted": True}
        await asyncio.wait_for(upstream.hung_up.wait(), 10)
