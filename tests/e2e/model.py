"""What a scripted model says, and how each kind of upstream puts it on the wire.

The texts are cut where a tokenizer would about cut them, so that tags, escapes and words arrive in pieces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import islice
from typing import Any

import msgspec

_TOKEN = re.compile(r" ?[^\W_]{1,5}|[ \t]+|\n+|[^\w\s]{1,2}|_|.", re.DOTALL)


class Ending(Enum):
    """How a reply ends."""

    WHOLE = "whole"
    LENGTH = "length"  # the model ran out of tokens
    ERROR = "error"  # an error event
    CUT = "cut"  # the connection breaks


class Call(msgspec.Struct, frozen=True):
    """A native tool call; arguments as a JSON object."""

    name: str
    arguments: Mapping[str, Any]


class Said(msgspec.Struct, frozen=True):
    """One reply. calls stand after the text; upstreams without native calls take none. most: pieces after
    which the ending comes, None for all."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    ending: Ending = Ending.WHOLE
    most: int | None = None


def tokens(text: str) -> list[str]:
    """Pieces of one to six characters that join to the text."""
    return _TOKEN.findall(text)


def _frame(body: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


def openai_frames(said: Said, model: str, turn: int) -> Iterator[bytes]:
    """As DashScope streams: `usage` null until the last chunk, later fragments of a call with an empty id."""
    head = {
        "id": f"chatcmpl-{turn}",
        "object": "chat.completion.chunk",
        "created": 1760000000,
        "model": model,
    }

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _frame({**head, "choices": [choice], "usage": None})

    yield chunk({"role": "assistant", "content": ""})
    for delta in islice(_deltas(said, turn), said.most):
        yield chunk(delta)
    if said.ending is Ending.CUT:
        return
    if said.ending is Ending.ERROR:
        yield _frame({"error": {"message": "The model's worker went away.", "type": "server_error"}})
        return
    whole = "tool_calls" if said.calls else "stop"
    yield chunk({"content": ""}, "length" if said.ending is Ending.LENGTH else whole)
    count = len(tokens(said.text)) + 1
    usage = {"prompt_tokens": 1200, "completion_tokens": count, "total_tokens": 1200 + count}
    yield _frame({**head, "choices": [], "usage": usage})
    yield b"data: [DONE]\n\n"


def _deltas(said: Said, turn: int) -> Iterator[dict[str, Any]]:
    for piece in tokens(said.reasoning):
        yield {"content": None, "reasoning_content": piece}
    for piece in tokens(said.text):
        yield {"content": piece}
    for index, call in enumerate(said.calls):
        for delta in _call_deltas(call, index, f"call_{turn:02}{index:02}abcdef"):
            yield {"content": None, "tool_calls": [delta]}


def _call_deltas(call: Call, index: int, id: str) -> Iterator[dict[str, Any]]:
    function: dict[str, Any] = {"name": call.name, "arguments": ""}
    yield {"index": index, "id": id, "type": "function", "function": function}
    for piece in tokens(json.dumps(call.arguments, ensure_ascii=False)):
        yield {"index": index, "id": "", "type": "function", "function": {"name": None, "arguments": piece}}


def qwen_web_frames(said: Said, turn: int) -> Iterator[bytes]:
    """As chat.qwen.ai streams: phases, usage in every frame, no `[DONE]`, no word on what ended the reply."""
    response_id = f"00000000-0000-4000-8000-{turn:012}"
    created = {"chat_id": "c", "parent_id": "p", "response_id": response_id}
    yield _frame({"response.created": created})
    yield from _phase("think", said.reasoning, response_id)
    for piece in tokens(said.text)[: said.most]:
        yield _web_delta("answer", piece, "typing", response_id)
    if said.ending is Ending.ERROR:
        yield _frame({"error": {"code": "internal_error", "details": "The worker went away."}})
    elif said.ending is Ending.WHOLE:
        yield _web_delta("answer", "", "finished", response_id)


def _phase(phase: str, text: str, response_id: str) -> Iterator[bytes]:
    for piece in tokens(text):
        yield _web_delta(phase, piece, "typing", response_id)
    if text:
        yield _web_delta(phase, "", "finished", response_id)


def _web_delta(phase: str, text: str, status: str, response_id: str) -> bytes:
    delta = {"role": "assistant", "content": text, "phase": phase, "status": status}
    usage = {"input_tokens": 1200, "output_tokens": 7, "total_tokens": 1207}
    return _frame({"choices": [{"delta": delta}], "response_id": response_id, "usage": usage})
