"""Requests in the shape that clients send, and their replies."""

from __future__ import annotations

import asyncio
import json
from typing import Any

ROO = {"user-agent": "RooCode/3.31.3", "authorization": "Bearer sk-test"}


def chat(content: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": "qwen", "messages": [{"role": "user", "content": content}], **more}


def roo(*turns: str, **more: Any) -> dict[str, Any]:
    """An XML agent's request; turns alternate between user and assistant."""
    system = "You are Roo.\n\n# Tool Use Formatting\n\nTool uses are formatted using XML-style tags.\n"
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": turn} for i, turn in enumerate(turns)]
    return {
        "model": "qwen",
        "messages": [{"role": "system", "content": system}, *messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        **more,
    }


def data(stream: str) -> list[Any]:
    """The data of a stream's events; "[DONE]" stays a word."""
    lines = [line[6:] for line in stream.splitlines() if line.startswith("data: ")]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def content(events: list[Any]) -> str:
    chunks = [event for event in events if isinstance(event, dict) and event.get("choices")]
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)


async def unread(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A streamed request whose reply nobody reads yet."""
    port = int(address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    body = json.dumps(chat(stream=True)).encode()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n")
    writer.write(b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer
