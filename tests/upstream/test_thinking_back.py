"""Turns that go back to the upstream with their reasoning, as whole services and clients treat them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from roobridge.bridge.ports import Delta, UpstreamRequest
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.shaping.thinking import Reasoning
from roobridge.errors import UpstreamError
from roobridge.events import Content, Piece, ToolDelta
from roobridge.service.settings.config import Settings
from roobridge.service.settings.tables import ModelTable
from roobridge.service.wiring import assemble
from roobridge.upstream.around.thinking_back import ThinkingBack
from tests.service.scripted import Scripted, Step, end, say, silence
from tests.web.requests import roo

USER = {"role": "user", "content": "Fix it."}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("run", "attempt_completion")
]
BROKEN = UpstreamError("The connection broke.")


def think(*steps: Step, reasoning: str = "Hm, so.") -> list[Step]:
    return [[Delta(reasoning=reasoning)], *steps]


async def converse(upstream: Scripted, body: dict[str, Any], **settings: Any) -> list[Any]:
    """The reasoning that each message of a client's second request reaches the upstream with.

    The client sends back what it got, call ids shortened, and one message more.
    """
    given = Settings(
        pace_ms=0, usage_wait_ms=1, models={"*": ModelTable(reasoning=Reasoning.BACK)}, **settings
    )
    answering = assemble(given, {"scripted": ThinkingBack(upstream)}).answering
    turn = await answering.open(parse_chat_request(body), {}, "sk-a")
    pieces = await turn.whole()
    await turn.aclose()
    task = [*body["messages"], returned(pieces), {"role": "user", "content": "Go on."}]
    following = await answering.open(parse_chat_request({**body, "messages": task}), {}, "sk-a")
    await following.whole()
    await following.aclose()
    asked = [request.body["messages"] for request in upstream.requests]
    (sent,) = [messages for messages in asked if messages[-1] == task[-1]]
    return [message.get("reasoning_content") for message in sent]


def returned(pieces: Sequence[Piece]) -> dict[str, Any]:
    text = "".join(piece.text for piece in pieces if isinstance(piece, Content))
    calls: dict[int, dict[str, Any]] = {}
    for piece in pieces:
        if isinstance(piece, ToolDelta):
            made = calls.setdefault(piece.index, {"id": piece.id[-6:], "function": {"name": piece.name}})
            function = made["function"]
            function["arguments"] = function.get("arguments", "") + piece.arguments
    return {"role": "assistant", "content": text.strip(), "tool_calls": list(calls.values())}


async def test_a_native_call_goes_back_with_its_reasoning() -> None:
    made = ToolDelta(0, "c", "run", '{"command": "ls"}')
    upstream = Scripted([*think([Delta(tool_calls=(made,))]), *end("tool_calls")])
    body = {"model": "m", "messages": [USER], "tools": TOOLS, "stream": True}
    assert await converse(upstream, body) == [None, "Hm, so.", None]


async def test_a_call_that_was_written_as_text_does_too() -> None:
    wrote = "<tool_call>\n<function=run>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>"
    upstream = Scripted([*think(*say(wrote)), *end()])
    body = {"model": "m", "messages": [USER], "tools": TOOLS, "stream": True}
    assert await converse(upstream, body) == [None, "Hm, so.", None]


async def test_a_call_in_xml_does_though_its_upstream_is_not_heard_to_the_end() -> None:
    upstream = Scripted([*think(*say("Look:\n\n<list_files>\n<path>.</path>\n</list_files>\n")), silence()])
    assert await converse(upstream, roo("Fix it.")) == [None, None, "Hm, so.", None]


async def test_an_answer_that_was_wrapped_does_with_what_was_thought_before_the_reminder() -> None:
    wrapped = [*say("It is fixed."), *end()]
    upstream = Scripted([*think(*wrapped), *end()], [*think(*wrapped, reasoning="A reminder!"), *end()])
    task = roo("Fix it.")
    assert await converse(upstream, task, second_chance=True) == [None, None, "Hm, so.", None]
    assert "did not use a tool" in str(upstream.requests[1].body["messages"])


async def test_a_reply_that_was_gone_on_with_does() -> None:
    upstream = Scripted(
        [*think(*say("<write_to_file>\n<path>a.py</path>\n<content>\nabc = 1\n")), BROKEN],
        [*say("d = 2\n</content>\n</write_to_file>\n"), *end()],
    )
    assert await converse(upstream, roo("Fix it.")) == [None, None, "Hm, so.", None]


async def test_a_client_that_asks_before_the_stream_is_over_finds_it_known() -> None:
    upstream = Scripted([*think(*say("Hi")), silence()], [*end()])
    back = ThinkingBack(upstream)
    asked = UpstreamRequest({"model": "m", "messages": [USER]}, thinking_back=True)
    async with aclosing(back.stream(asked)) as first:
        async for deltas in first:
            if deltas[0].content:
                break
        task = [USER, {"role": "assistant", "content": "Hi"}]
        again = UpstreamRequest({"model": "m", "messages": task}, thinking_back=True)
        async with aclosing(back.stream(again)) as second:
            await anext(second)
    assert upstream.requests[1].body["messages"][1]["reasoning_content"] == "Hm, so."
    assert task == [USER, {"role": "assistant", "content": "Hi"}]
    assert all(closed.is_set() for closed in upstream.closed)


async def test_a_request_that_does_not_want_it_is_passed_on_as_it_is() -> None:
    upstream = Scripted([*think(*say("Hi")), *end()])
    back = ThinkingBack(upstream)
    for wanted in (True, False):
        for task in ([USER], [USER, {"role": "assistant", "content": "Hi"}]):
            request = UpstreamRequest({"model": "m", "messages": task}, thinking_back=wanted)
            async with aclosing(back.stream(request)) as deltas:
                assert [delta.content async for each in deltas for delta in each][1] == "Hi"
    times = [str(request.body).count("reasoning_content") for request in upstream.requests]
    assert times == [0, 1, 0, 0]
    assert upstream.requests[-1] is request
