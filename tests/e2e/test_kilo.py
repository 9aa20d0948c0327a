"""Kilo with the settings that deploy/clients shows: what reaches the model, and a context that is full."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from roobridge.grammar.load import load_grammar
from tests.e2e.clients import WITH_KILO, kilo, kilo_settings
from tests.e2e.model import Said
from tests.e2e.programs import Place, bridge
from tests.e2e.scenario import CLOSING, Dialect, spoken
from tests.e2e.upstream import MODEL, Refusal, Reply, scripted

pytestmark = [pytest.mark.e2e, WITH_KILO]

SUMMARY = "## Goal\n- notes.txt with a line in it."
FULL = Refusal(
    400,
    "This model's maximum context length is 8192 tokens. However, your request has 9000 input tokens. "
    "Please reduce the length of the input messages.",
)
# Of one pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


def _model(settings: Any) -> Any:
    """The one model of Kilo's settings."""
    return settings["provider"]["roobridge"]["models"][MODEL]


def _write(place: Place) -> Said:
    params = {"filePath": str(place.workspace / "notes.txt"), "content": "one line\n"}
    (said,) = spoken([("write", params)], Dialect.DASHSCOPE, native=True)
    return said


@pytest.mark.parametrize("inputs", [["text"], ["text", "image"]])
async def test_what_the_service_and_the_model_are_sent(
    inputs: list[str], modules: Path, place: Place, tmp_path: Path
) -> None:
    picture = place.workspace / "dot.png"
    picture.write_bytes(PNG)
    async with (
        scripted(Dialect.DASHSCOPE.wire, Said(CLOSING)) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        settings = kilo_settings(address)
        shown = _model(settings)
        assert shown["modalities"]["input"] == ["text"]
        shown["modalities"]["input"] = inputs
        agent = await kilo(modules, place, address, upstream.over, settings, "--file", str(picture))
    (asked,) = upstream.asked
    assert agent.completion == CLOSING, agent.ended.errors
    assert (asked["model"], asked["max_tokens"]) == (MODEL, shown["limit"]["output"])
    parts = [
        part for message in asked["messages"] if message["role"] == "user" for part in message["content"]
    ]
    assert any(part["type"] == "image_url" for part in parts) is ("image" in inputs)
    functions = [tool["function"] for tool in asked["tools"]]
    declared = {function["name"]: set(function["parameters"]["properties"]) for function in functions}
    known = load_grammar().family("kilo").toolset(None).tools
    assert {name: set(tool.params) for name, tool in known.items()}.items() <= declared.items()
    assert " client=kilo/7.7.9 kind=native-other " in (tmp_path / "bridge" / "log").read_text()


async def test_a_conversation_that_nears_the_limit_shown_is_summed_up(
    modules: Path, place: Place, tmp_path: Path
) -> None:
    replies = [_write(place), Said(SUMMARY), Said(CLOSING), Said(SUMMARY), Said(CLOSING)]
    async with (
        scripted(Dialect.DASHSCOPE.wire, *replies) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        settings = kilo_settings(address)
        limit = _model(settings)["limit"]
        # The scripted model counts 1,200 tokens in each prompt.
        limit["context"] = limit["output"] + 800
        agent = await kilo(modules, place, address, upstream.over, settings)
    assert agent.completion == CLOSING, agent.ended.errors
    assert (place.workspace / "notes.txt").read_text() == "one line\n"
    _was_summed_up(*upstream.asked[:3])


async def test_a_full_context_is_summed_up(modules: Path, place: Place, tmp_path: Path) -> None:
    replies: list[Reply] = [_write(place), FULL, Said(SUMMARY), Said(CLOSING)]
    async with (
        scripted(Dialect.DASHSCOPE.wire, *replies) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        agent = await kilo(modules, place, address, upstream.over)
    assert "maximum context length is 8192 tokens" in agent.ended.errors
    assert (agent.completion, len(upstream.asked)) == (CLOSING, 4)
    assert (place.workspace / "notes.txt").read_text() == "one line\n"
    _was_summed_up(*upstream.asked[1:])


def _was_summed_up(before: Any, summing: Any, after: Any) -> None:
    """Requests: one with tools, one for a summary without them, and one that has the summary for the rest."""
    assert "tools" in before
    assert "tools" not in summing
    roles = [message["role"] for message in after["messages"]]
    assert roles == ["system", "user", "assistant", "user"]
    assert after["messages"][2]["content"] == SUMMARY
