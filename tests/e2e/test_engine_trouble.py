"""What a client is told when a real engine refuses, runs out of room, or dies."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.e2e.engine import REPLY_LIMIT, TOOLS_TEMPLATE, bridged, engine
from tests.e2e.engine_requests import (
    NATIVE,
    XML,
    arguments_in,
    data_lines,
    endless,
    error_in,
    hello,
    roo,
    text_in,
    writing,
)
from tests.e2e.roo_hearing import ask
from tests.e2e.roo_prompt import headers
from tests.oracle.native_tools import STRING, tool

pytestmark = pytest.mark.e2e

WITH_TOOLS = ("--template", str(TOOLS_TEMPLATE))
LONG_PROMPT = [{"role": "user", "content": "word and " * 6000}]  # 12,000 tokens before a context of 8,192
HALF_XML = "<write_to_file>\n<path>a.txt</path>\n<content>\n"
HALF_WORDS = "Here is the answer: "


def long_writing(**more: Any) -> dict[str, Any]:
    """The engine's own grammar keeps the call open."""
    content = {"type": "string", "minLength": 1500}
    tools = [tool("write_to_file", "path content", path=STRING, content=content), *writing()["tools"][:1]]
    return writing(**{"tools": tools, "max_tokens": 1000, **more})


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


async def _refusals(python: Path, folder: Path) -> list[httpx.Response]:
    """What a client is told of a prompt that the engine finds too long, asking for a stream and not."""
    async with (
        bridged(python, folder, measure_context="false") as (_, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        asked = [hello(messages=LONG_PROMPT, stream=stream) for stream in (True, False)]
        return [await client.post(f"{address}/chat/completions", json=each) for each in asked]


async def test_more_than_the_context_is_refused_by_its_code(engine_python: Path, tmp_path: Path) -> None:
    for answer in await _refusals(engine_python, tmp_path):
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["code"] == "context_length_exceeded"
        assert "(8192 tokens)" in error["message"]


async def test_more_than_the_context_is_refused_in_words_that_clients_know(
    engine_python: Path, tmp_path: Path
) -> None:
    for answer in await _refusals(engine_python, tmp_path):
        assert "context length" in answer.json()["error"]["message"]


async def test_what_its_count_shows_to_be_too_long_is_not_asked_of_the_engine(
    engine_python: Path, tmp_path: Path
) -> None:
    """Digits and spaces, of which the words tell little; the engine's count of them does."""
    begun = {"role": "user", "content": "7" * 600 + " " * 1500}
    longer = [begun, {"role": "user", "content": "word and " * 250}]
    async with (
        bridged(engine_python, tmp_path, "--context", "1024") as (running, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        url = f"{address}/chat/completions"
        counted = (await client.post(url, json=hello(messages=[begun], max_tokens=1))).json()
        # The first request had the engine's list asked for; this one is remembered.
        again = await client.post(url, json=hello(messages=[begun], max_tokens=1))
        [before] = await running.get("/slots")
        refused = await client.post(url, json=hello(messages=longer, max_tokens=1))
        [after] = await running.get("/slots")
    assert counted["usage"]["prompt_tokens"] > 600
    assert again.status_code == 200
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "context_length_exceeded"
    assert "maximum context length is 1024 tokens" in refused.json()["error"]["message"]
    assert after["id_task"] == before["id_task"]


async def test_an_answer_that_fills_the_context_is_an_error_for_an_agent(
    engine_python: Path, tmp_path: Path
) -> None:
    """Half an answer is no completion; and it cannot be gone on with where the context is full."""
    asked = roo(NATIVE, ignore_eos=True, max_tokens=4000)
    async with (
        bridged(engine_python, tmp_path, "--context", "256", tools="native") as (running, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        heard = await ask(client, f"{address}/chat/completions", asked, headers(NATIVE))
        await running.until_busy(0)
    assert heard.reasoning
    assert heard.error
    assert not heard.fragments


async def test_a_call_that_reaches_the_limit_is_an_error(engine_python: Path, tmp_path: Path) -> None:
    """The engine itself delivers half the arguments, with the finish reason `length`."""
    asked = long_writing(stream=False, max_tokens=36)
    async with (
        bridged(engine_python, tmp_path, *WITH_TOOLS, max_continuations=1) as (running, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        [own] = (await running.complete(asked))["choices"]
        heard = await ask(client, f"{address}/chat/completions", {**asked, "stream": True}, headers(NATIVE))
    assert own["finish_reason"] == "length"
    assert own["message"]["tool_calls"][0]["function"]["name"] == "write_to_file"
    assert heard.error
    assert not any(_is_json(call.arguments) for call in heard.native_calls())


class Shape(msgspec.Struct, frozen=True):
    """One sort of reply that breaks. said: what is in hand of it. closed: it would pass for whole."""

    asked: dict[str, Any]
    headers: dict[str, str]
    said: Callable[[list[str]], str]
    closed: Callable[[str], bool]


SHAPES = {
    "native call": Shape(long_writing(), headers(NATIVE), arguments_in, _is_json),
    "XML call": Shape(
        roo(XML, **endless(HALF_XML)), headers(XML), text_in, lambda text: "</write_to_file" in text
    ),
    "plain text": Shape(hello(**endless(HALF_WORDS)), {}, text_in, lambda text: False),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
async def test_an_engine_killed_in_mid_stream_is_an_error_and_the_service_lives_on(
    shape: Shape, engine_python: Path, tmp_path: Path
) -> None:
    async with (
        bridged(engine_python, tmp_path, *WITH_TOOLS) as (running, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        url = f"{address}/chat/completions"
        lines: list[str] = []
        async with aclosing(data_lines(client, url, shape.asked, shape.headers)) as coming:
            async for line in coming:
                lines.append(line)
                if len(shape.said(lines)) > len(HALF_XML):
                    await running.server.kill()
        assert error_in(lines), lines[-1]
        assert error_in(lines)["message"]
        assert "data: [DONE]" not in lines
        assert not shape.closed(shape.said(lines))
        refused = await client.post(url, json=hello())
        assert refused.status_code in (502, 503)
        assert refused.json()["error"]["message"]
        async with engine(engine_python, tmp_path / "again", "--port", str(running.port)):
            answer = await client.post(url, json=hello())
        assert answer.json()["choices"][0]["message"]["content"]
