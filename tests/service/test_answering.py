from __future__ import annotations

import logging
from typing import Any

import pytest

from roobridge.bridge.chat import parse_chat_request
from roobridge.bridge.ports import Capabilities
from roobridge.errors import ClientError
from roobridge.service.config import Settings
from roobridge.service.wiring import assemble
from tests.service.scripted import Scripted, end, say

TOOL = {
    "type": "function",
    "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}},
}


async def answer(upstream: Scripted, body: dict[str, Any], **settings: Any) -> None:
    answering = assemble(Settings(pace_ms=0, usage_wait_ms=1, **settings), upstream).answering
    chat = parse_chat_request({"model": "qwen", "messages": [{"role": "user", "content": "Hello"}], **body})
    turn = await answering.open(chat, {"user-agent": "curl/8"}, "sk-secret")
    await turn.whole()
    assert len(answering.open_turns) == 0


async def test_fields_without_an_opinion_pass_on() -> None:
    upstream = Scripted([*say("Hi"), *end()])
    await answer(upstream, {"temperature": 0.1, "top_k": 20, "stream": False})
    (asked,) = upstream.requests
    assert asked.body == {
        "model": "qwen",
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.1,
        "top_k": 20,
    }
    assert asked.key == "sk-secret"
    assert asked.headers == {"user-agent": "curl/8"}


async def test_tools_go_as_they_are_to_an_upstream_that_takes_them() -> None:
    upstream = Scripted([*say("Hi"), *end()])
    await answer(upstream, {"tools": [TOOL]})
    assert upstream.requests[0].body["tools"] == [TOOL]


@pytest.mark.parametrize("enabled", [True, False])
async def test_tools_are_prompted_where_an_upstream_takes_none(enabled: bool) -> None:
    upstream = Scripted([*say("Hi"), *end()], capabilities=Capabilities(native_tools=False))
    await answer(upstream, {"tools": [TOOL]}, enable_tool_calling=enabled)
    body = upstream.requests[0].body
    assert "tools" not in body
    assert ("Looks." in str(body["messages"])) is enabled


async def test_an_unknown_model_is_refused_before_the_upstream_is_asked() -> None:
    upstream = Scripted([*say("Hi"), *end()])
    with pytest.raises(ClientError):
        await answer(upstream, {"model": "absent"})
    assert upstream.requests == []


async def test_a_turn_leaves_one_line_without_content_or_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "roobridge.turns"):
        await answer(Scripted([*say("The password is swordfish."), *end()]), {})
    (record,) = [record for record in caplog.records if record.name == "roobridge.turns"]
    line = record.getMessage()
    for word in ("kind=plain", "model=qwen", "outcome=ok", "ms="):
        assert word in line
    for secret in ("sk-secret", "swordfish", "Hello"):
        assert secret not in caplog.text
