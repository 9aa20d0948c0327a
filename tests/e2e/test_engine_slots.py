"""Who holds the one slot of a real engine: it is waited for, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.e2e.engine import REPLY_LIMIT, Engine, bridged
from tests.e2e.engine_requests import XML, data_lines, endless, hello, roo, text_in
from tests.e2e.roo_hearing import ask
from tests.e2e.roo_prompt import headers
from tests.oracle.dialect_writer import roo_xml

pytestmark = pytest.mark.e2e

LISTING = roo_xml("list_files", {"path": "."})


@asynccontextmanager
async def taken(engine: Engine) -> AsyncIterator[None]:
    """The engine's slot is at work for someone else."""
    lines = data_lines(engine.client, f"{engine.base_url}/chat/completions", hello(**endless()))
    async with aclosing(lines):
        await anext(lines)
        yield


async def test_two_at_once_both_finish(engine_python: Path, tmp_path: Path) -> None:
    async with (
        bridged(engine_python, tmp_path) as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        assert (await engine.get("/props"))["total_slots"] == 1
        url = f"{address}/chat/completions"
        first, second, own = await asyncio.gather(
            client.post(url, json=hello()), client.post(url, json=hello()), engine.complete(hello())
        )
    for answer in (first, second):
        assert answer.json()["choices"][0]["message"] == own["choices"][0]["message"]


async def test_who_waits_for_the_slot_gets_comments_and_then_the_answer(
    engine_python: Path, tmp_path: Path
) -> None:
    """The bridge counts the engine's pings, one a second, as life: it waits longer than its idle_timeout."""
    settings = {"keepalive": 0.2, "first_byte_commit": 0.2, "idle_timeout": 2}
    async with (
        bridged(engine_python, tmp_path, "--ping", "1", **settings) as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
        aclosing(data_lines(client, f"{address}/chat/completions", hello())) as lines,
    ):
        async with taken(engine):
            waited = [await anext(lines) for _ in range(20)]  # one in 0.2 s
        answer = [line async for line in lines]
    assert {line[0] for line in waited} == {":"}
    assert answer[-1] == "data: [DONE]"
    assert text_in(answer)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_client_that_hangs_up_frees_the_slot(
    stream: bool, engine_python: Path, tmp_path: Path
) -> None:
    async with (
        bridged(engine_python, tmp_path) as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        url = f"{address}/chat/completions"
        if stream:
            async with aclosing(data_lines(client, url, hello(**endless()))) as lines:
                while not text_in([await anext(lines)]):
                    pass
                await engine.until_busy(1)
        else:
            asking = asyncio.create_task(client.post(url, json=hello(**endless())))
            await engine.until_busy(1)
            asking.cancel()
        await engine.until_busy(0)


async def test_a_client_that_hangs_up_while_it_waits_never_takes_the_slot(
    engine_python: Path, tmp_path: Path
) -> None:
    async with (
        bridged(engine_python, tmp_path, keepalive=0.2, first_byte_commit=0.2) as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        async with taken(engine):
            lines = data_lines(client, f"{address}/chat/completions", hello(**endless()))
            async with aclosing(lines):
                assert (await anext(lines)).startswith(":")
        answer = await client.post(f"{address}/chat/completions", json=hello())
    assert answer.json()["choices"][0]["message"]["content"]


async def test_the_slot_is_free_once_the_call_is_complete(engine_python: Path, tmp_path: Path) -> None:
    """What the model goes on to say is nobody's: the reply ends and the engine is left."""
    asked = roo(XML, **endless(LISTING + "\n"))
    async with (
        bridged(engine_python, tmp_path) as (engine, address),
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False) as client,
    ):
        heard = await ask(client, f"{address}/chat/completions", asked, headers(XML))
        await engine.until_busy(0)
    assert not heard.error
    assert heard.text.strip() == LISTING
    [use] = heard.xml_calls(XML.version)
    assert (use.name, use.partial) == ("list_files", False)
    assert heard.usage
