"""Requests for the real engine, whose words a grammar or a habit settles, and what came of them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from tests.e2e.roo_prompt import Message, Variant, body, environment, task
from tests.oracle.native_tools import ROO

MODEL = "smollm2"
XML = Variant(version=(3, 31, 3))
NATIVE = Variant(version=(3, 52, 1), native=True)
# What an XML agent is known by, and little more: the engine reads a hundred words a second.
_XML_PROMPT = (
    "Tool uses are formatted using XML-style tags.\n\n# Tools\n\n"
    "## list_files\n\n## write_to_file\n\n## attempt_completion\n"
)
_STEADY = {"model": MODEL, "temperature": 0, "seed": 1, "max_tokens": 40}


def hello(**more: Any) -> dict[str, Any]:
    """A request of no agent."""
    return {**_STEADY, "messages": [{"role": "user", "content": "Say hello to a friend."}], **more}


def roo(variant: Variant, **more: Any) -> dict[str, Any]:
    """Roo's first request of a task."""
    words: Message = {"role": "user", "content": [*task("Look around.", variant), environment(0)]}
    asked = body([words], variant)
    if not variant.native:
        asked["messages"][0]["content"] = _XML_PROMPT
    return {**asked, **_STEADY, **more}


def habit(name: str, *turns: tuple[str, dict[str, Any]], last: str, **more: Any) -> dict[str, Any]:
    """A native agent's request after turns of one tool: the small model does once more what it did before."""
    messages: list[Message] = []
    for at, (words, arguments) in enumerate(turns):
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"id": f"call_{at}", "type": "function", "function": function}
        messages += [
            {"role": "user", "content": words},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": call["id"], "content": "ok"},
        ]
    messages.append({"role": "user", "content": last})
    tools = [entry for entry in ROO if entry["function"]["name"] in (name, "attempt_completion")]
    return {**_STEADY, "messages": messages, "tools": tools, "stream": True, **more}


def listing(**more: Any) -> dict[str, Any]:
    """The call that follows is `{"path": "c", "recursive": true}`."""
    turns = [("List a", {"path": "a", "recursive": False}), ("List b", {"path": "b", "recursive": True})]
    return habit("list_files", *turns, last="List c", **more)


def writing(**more: Any) -> dict[str, Any]:
    """The call that follows writes "three three three" without an end."""
    turns = [
        ("Write one to a.txt", {"path": "a.txt", "content": "one one one"}),
        ("Write two to b.txt", {"path": "b.txt", "content": "two two two"}),
    ]
    return habit("write_to_file", *turns, last="Write three to c.txt", **more)


def endless(start: str = "") -> dict[str, Any]:
    """The model says the start to the letter, then letters for ever."""
    quoted = json.dumps(start, ensure_ascii=False)
    return {"grammar": f"root ::= {quoted} letters\nletters ::= [a-z ] letters", "max_tokens": 4000}


async def data_lines(
    client: httpx.AsyncClient, url: str, asked: dict[str, Any], headers: dict[str, str] | None = None
) -> AsyncGenerator[str, None]:
    """The lines of a streamed reply as they come, comments too, without empty ones."""
    async with client.stream("POST", url, json={**asked, "stream": True}, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        async for line in response.aiter_lines():
            if line:
                yield line


def deltas_in(lines: list[str]) -> list[dict[str, Any]]:
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return [choice["delta"] for chunk in chunks for choice in chunk.get("choices", ())]


def text_in(lines: list[str]) -> str:
    return "".join(delta.get("content") or "" for delta in deltas_in(lines))


def arguments_in(lines: list[str]) -> str:
    calls = [call for delta in deltas_in(lines) for call in delta.get("tool_calls") or ()]
    return "".join(call["function"].get("arguments") or "" for call in calls)


def error_in(lines: list[str]) -> dict[str, Any]:
    """The error that ends a stream, empty where none does."""
    last = lines[-1]
    error: dict[str, Any] = (json.loads(last[6:]) if last.startswith("data: {") else {}).get("error") or {}
    return error
