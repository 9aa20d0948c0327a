"""What the benchmarks' model says, and the requests that make a bridge read it.

A delta is about sixteen characters long and holds the time at which the upstream wrote it: `@` and twelve
hexadecimal digits of CLOCK_MONOTONIC in microseconds. Those characters mean nothing in XML, JSON or Markdown,
so they come through every transformation, and whoever reads the reply knows how old each one is.
"""

from __future__ import annotations

import re
import time
from typing import Any

import msgspec

STAMP = re.compile(rb"@([0-9a-f]{12})")
STAMP_LENGTH = 13

_XML_PROMPT = (
    "You are Roo.\n\n# Tool Use Formatting\n\n"
    "Tool uses are formatted using XML-style tags.\n\n# Tools\n\n## write_to_file\n\n## attempt_completion\n"
)


class Shape(msgspec.Struct, frozen=True):
    """One kind of reply. opening and closing: what stands before and after the stamped deltas.

    native: the words are the arguments of a tool call, which `opening` names. tools: the request offers some.
    """

    opening: str
    closing: str
    native: bool = False
    tools: bool = False


_CALL = "<write_to_file>\n<path>src/made_up.py</path>\n<content>\n"
_QWEN = "<tool_call>\n<function=write_to_file>\n<parameter=path>\nsrc/made_up.py\n</parameter>\n"

SHAPES = {
    "xml": Shape(_CALL, "</content>\n<line_count>100</line_count>\n</write_to_file>"),
    "native": Shape('{"path":"src/made_up.py","content":"', '"}', native=True, tools=True),
    "qwen": Shape(_QWEN + "<parameter=content>\n", "\n</parameter>\n</function>\n</tool_call>", tools=True),
    "text": Shape("Here is what there is to say. ", "That is all."),
}


def stamp() -> str:
    return f"@{time.monotonic_ns() // 1000:012x}"


def _tool(name: str, *params: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {param: {"type": "string"} for param in params},
        "required": list(params),
    }
    return {"type": "function", "function": {"name": name, "description": name, "parameters": schema}}


TOOLS = [_tool("write_to_file", "path", "content"), _tool("attempt_completion", "result")]


def request_body(shape: str, model: str) -> bytes:
    """A streamed request whose reply the bridge has to transform."""
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "messages": [
            {"role": "system", "content": "You are Roo." if SHAPES[shape].tools else _XML_PROMPT},
            {"role": "user", "content": "<task>Write it.</task>"},
        ],
    }
    if SHAPES[shape].tools:
        body["tools"] = TOOLS
    return msgspec.json.encode(body)


class Chunks:
    """The upstream's frames for one reply of a shape, as vLLM words them."""

    def __init__(self, shape: Shape, model: str) -> None:
        self._shape = shape
        head = '{"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1780000000,'
        self._head = f'data: {head}"model":"{model}","choices":[{{"index":0,"delta":{{'
        self._tail = '},"logprobs":null,"finish_reason":null}]}\n\n'

    def opening(self) -> bytes:
        role = self._frame('"role":"assistant","content":""')
        if not self._shape.native:
            return role + self._words(self._shape.opening)
        name = '"id":"call_1","type":"function","function":{"name":"write_to_file","arguments":""}'
        return role + self._frame(f'"tool_calls":[{{"index":0,{name}}}]') + self._words(self._shape.opening)

    def delta(self) -> bytes:
        return self._words(stamp() + " x\n")

    def closing(self) -> bytes:
        usage = '"usage":{"prompt_tokens":100,"completion_tokens":1000,"total_tokens":1100}'
        last = self._words(self._shape.closing) + self._frame("").replace(
            b'"finish_reason":null', b'"finish_reason":"stop"'
        )
        return last + f'data: {{"id":"x","choices":[],{usage}}}\n\ndata: [DONE]\n\n'.encode()

    def _words(self, text: str) -> bytes:
        literal = msgspec.json.encode(text).decode()
        if not self._shape.native:
            return self._frame(f'"content":{literal}')
        # Inside the arguments' own JSON a line break is escaped twice.
        arguments = literal.replace("\\n", "\\\\n")
        return self._frame(f'"tool_calls":[{{"index":0,"function":{{"arguments":{arguments}}}}}]')

    def _frame(self, delta: str) -> bytes:
        return f"{self._head}{delta}{self._tail}".encode()
