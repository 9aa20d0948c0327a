"""What the service owes Roo beside a reply: policies, cancelled turns, requests that are no turns."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from tests.e2e.model import Said
from tests.e2e.programs import bridge
from tests.e2e.roo import Roo
from tests.e2e.roo_hearing import ask
from tests.e2e.roo_prompt import Message, Variant, body, environment, headers, task
from tests.e2e.roo_workspace import Workspace
from tests.e2e.scenario import CLOSING, Dialect, spoken
from tests.e2e.test_roo import STEPS, VARIANTS
from tests.e2e.upstream import MODEL, Wire, scripted
from tests.oracle.dialect_writer import roo_xml

pytestmark = pytest.mark.e2e

NATIVE = Variant(version=(3, 52, 1), native=True)


@pytest.mark.parametrize("policy", ["preview", "hold", "live"])
@pytest.mark.parametrize("client", list(VARIANTS))
async def test_under_every_policy_words_complete_the_task(policy: str, client: str, tmp_path: Path) -> None:
    variant = VARIANTS[client]
    replies = [*spoken(STEPS[:1], Dialect.HERMES_TEXT, native=variant.native), Said(CLOSING)]
    async with (
        scripted(Wire.OPENAI, *replies) as upstream,
        bridge(upstream, tmp_path / "bridge", "--wrap", policy) as address,
    ):
        course = await Roo(address, Workspace(tmp_path), variant).run("Write the notes.")
    assert (course.completion or "").strip() == CLOSING
    assert (course.turns, course.reproaches) == (2, 0)
    previewed = [bool(heard.reasoning) for heard in course.heard]
    assert previewed == [policy == "preview"] * 2


async def test_the_next_turn_frees_the_upstream_of_one_that_was_cancelled(tmp_path: Path) -> None:
    """Roo 3.36 and 3.52 leave the connection open when the user cancels."""
    variant = Variant(version=(3, 36, 16))
    first: list[Message] = [{"role": "user", "content": [*task("Go.", variant), environment(0)]}]
    more = [{"type": "text", "text": "Stop, do this instead."}, environment(1)]
    second = [*first, {"role": "assistant", "content": "Cancelled."}, {"role": "user", "content": more}]
    async with (
        scripted(Wire.OPENAI, Said("A long answer. " * 2000), Said(CLOSING)) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
    ):
        url = f"{address}/chat/completions"
        cancelled = asyncio.create_task(ask(client, url, body(first, variant), headers(variant)))
        await upstream.busy.wait()
        heard = await ask(client, url, body(second, variant), headers(variant))
        await asyncio.wait_for(upstream.hung_up.wait(), 10)
        assert (await cancelled).error
    assert [call.name for call in heard.xml_calls(variant.version)] == ["attempt_completion"]


async def test_a_request_that_is_no_turn_comes_back_untouched(tmp_path: Path) -> None:
    words = "Summary: <read_file> was used.\n\n" + roo_xml("read_file", {"path": "a"}) + "\n"
    condense = {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Your task is to create a detailed summary of the conversation."},
            {"role": "user", "content": "Summarize."},
        ],
        "stream": True,
    }
    enhance = {"model": MODEL, "messages": [{"role": "user", "content": "Better words for this prompt."}]}
    async with (
        scripted(Wire.OPENAI, Said(words), Said(words)) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
    ):
        for asked in (condense, enhance):
            heard = await ask(client, f"{address}/chat/completions", asked, headers(Variant()))
            assert heard.text == words
            assert not heard.reasoning


@pytest.mark.shared
async def test_what_qwen_models_once_answered_is_one_tool_use_each(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "payloads" / "roo_model_outputs").glob("*.json"))
    texts = [
        text for file in files if any(map(str.isalnum, text := json.loads(file.read_bytes())["content"]))
    ]
    variant = Variant()
    async with (
        scripted(Wire.QWEN_WEB, *map(Said, texts)) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
    ):
        for at, text in enumerate(texts):
            history: list[Message] = [
                {"role": "user", "content": [*task(f"Task {at}.", variant), environment(at)]}
            ]
            heard = await ask(client, f"{address}/chat/completions", body(history, variant), headers(variant))
            assert heard.error == ""
            assert len(heard.xml_calls(variant.version)) == 1, text
    assert len(texts) > 12
