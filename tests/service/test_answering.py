from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from roobridge.bridge.ports import Capabilities, Delta, Upstream, Usage
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.tape.format import Tape, parse_tape
from roobridge.errors import ClientError, UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from roobridge.upstream.around.record import RecordUpstream
from roobridge.upstream.around.retry import Retrying
from tests.service.scripted import Scripted, Step, end, say, silence

TOOL = {
    "type": "function",
    "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}},
}


async def answer(upstream: Upstream, body: dict[str, Any], **settings: Any) -> None:
    answering = assemble(Settings(pace_ms=0, usage_wait_ms=1, **settings), {"scripted": upstream}).answering
    chat = parse_chat_request({"model": "qwen", "messages": [{"role": "user", "content": "Hello"}], **body})
    turn = await answering.open(chat, {"user-agent": "curl/8"}, "sk-secret")
    await turn.whole()
    assert len(answering.conversations) == 0


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


async def test_a_model_that_a_closed_list_lacks_is_refused_before_the_upstream_is_asked() -> None:
    upstream = Scripted([*say("Hi"), *end()], capabilities=Capabilities(closed_list=True))
    with pytest.raises(ClientError):
        await answer(upstream, {"model": "absent"})
    assert upstream.requests == []


async def test_the_line_names_each_try_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    busy = UpstreamError("The upstream failed.", status_hint=503)
    with caplog.at_level(logging.INFO, "roobridge.turns"):
        await answer(Retrying(Scripted([busy], [*say("Hi"), *end()]), 30), {})
    assert "tries=upstream_error outcome=ok" in caplog.text


async def test_a_turn_leaves_one_line_without_content_or_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "roobridge.turns"):
        await answer(Scripted([*say("The password is swordfish."), *end()]), {})
    (record,) = [record for record in caplog.records if record.name == "roobridge.turns"]
    line = record.getMessage()
    for word in (" client=- ", "kind=plain", "model=qwen", "outcome=ok", "ms="):
        assert word in line
    for secret in ("sk-secret", "swordfish", "Hello"):
        assert secret not in caplog.text


async def test_a_recorded_reply_names_its_repairs(tmp_path: Path) -> None:
    recorder = RecordUpstream(Scripted([*say("All done.\n</read_file>\n"), *end()]), tmp_path, Cleaner())
    answering = assemble(Settings(usage_wait_ms=1), {"scripted": recorder}).answering
    system = "Tool uses are formatted using XML-style tags."
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "Do it"}]
    turn = await answering.open(parse_chat_request({"model": "qwen", "messages": messages}), {}, "")
    await turn.whole()
    await turn.aclose()
    await turn.over()
    await recorder.written()
    assert turn.repairs
    assert only_tape(tmp_path).repairs == tuple(turn.repairs)


def only_tape(folder: Path) -> Tape:
    (file,) = folder.iterdir()
    return parse_tape(file.read_bytes(), file.name)


async def test_turns_that_drain_are_ended_at_shutdown() -> None:
    script: list[Step] = [[Delta(content="Hi", finish="stop", usage=Usage(1, 1))], silence()]
    upstream = Scripted(script, capabilities=Capabilities(drain=True))
    answering = assemble(Settings(pace_ms=0), {"scripted": upstream}).answering
    body = {"model": "qwen", "messages": [{"role": "user", "content": "Hello"}]}
    turn = await answering.open(parse_chat_request(body), {}, "")
    await turn.whole()
    await turn.aclose()
    assert not upstream.closed[0].is_set()
    await answering.finish(within=0.01)
    assert upstream.closed[0].is_set()
