"""Two hundred replies of a small model at a high temperature: a fuzzer that nobody here wrote."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec

from roobridge.bridge.ports import Delta
from roobridge.bridge.tape.format import Wire
from roobridge.bridge.tape.reader import WireReader
from tests.e2e.engine import Engine
from tests.e2e.engine_requests import MODEL

SLOTS = 4
COUNT = 200
_TOKENS = (16, 24, 32)

ASKED = [
    "Read the file src/a.py. Write <read_file><path>src/a.py</path></read_file>.",
    'Call a tool with <tool_call>{"name": "list_files", "arguments": {"path": "."}}</tool_call>.',
    "Explain how XML tags, code fences and `backticks` are written.",
    "Write a JSON object that names a function and its arguments.",
    "Say that you are done, in <attempt_completion><result>your words</result></attempt_completion>.",
    "Write a short Python file with a list, a dict and a string.",
    "Think first, in <think></think>, then answer in one line.",
    "Repeat: <function=read_file><parameter=path>a</parameter></function>",
]
# Beginnings that the model goes on from.
BEGUN = [
    "<read_file>\n<path>",
    "<read_file>\n<path>src/a.py</path>\n",
    "<write_to_file>\n<path>a.py</path>\n<content>\n",
    "<write_to_file>\n<path>a.py</path>\n<content>\nx = 1\n</content>\n",
    "<execute_command>\n<command>ls",
    "<attempt_completion>\n<result>\n",
    "<attempt_completion>\n<result>\nDone.\n</result>\n",
    '<tool_call>\n{"name": "read_file", "arguments": {"path": "',
    '<tool_call>\n{"name": "read_file", ',
    "<tool_call>\n<function=write_to_file>\n<parameter=path>\na.py\n</parameter>\n<parameter=content>\n",
    "<function=list_files>\n<parameter=path>\n",
    '```json\n{"name": "list_files", "arguments": {"path": "',
    '{"name": "read_file", "arguments": {',
    '<invoke name="read_file">\n<parameter name="path">',
    "<think>\nThe user wants",
    "I will use the `<read_file>` tool",
    "For example:\n\n```xml\n<read_file>\n<path>a</path>\n",
]
TOOL_TAGS = ["read_file", "path", "write_to_file", "content", "attempt_completion", "result"]
WRAPPER_TAGS = ["tool_call", "function=read_file", "function", "parameter=path", "parameter", "think"]
# Words and tags in turn, which of them the model chooses.
MARKUP = (
    'root ::= words tag root | words\nwords ::= [a-zA-Z .,:`"{}\\n]{0,16}\n'
    f'tag ::= "<" "/"? ({" | ".join(json.dumps(tag) for tag in TOOL_TAGS + WRAPPER_TAGS)}) ">" "\\n"?'
)


class ModelReply(msgspec.Struct, frozen=True):
    """begun: the words it went on from. pieces: as the engine sent them. Printed whole where a law breaks."""

    asked: str
    seed: int
    begun: str
    pieces: tuple[str, ...]
    finish: str

    @property
    def text(self) -> str:
        return self.begun + "".join(self.pieces)

    @property
    def deltas(self) -> list[Delta]:
        """What an upstream sends where the model has said the beginning too."""
        return [Delta(content=piece) for piece in (self.begun, *self.pieces) if piece]


def _request(seed: int) -> tuple[str, str, dict[str, Any]]:
    """(what is asked, the beginning, the body) of one reply."""
    asked, begun = ASKED[seed % len(ASKED)], ""
    body: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": asked}],
        "temperature": 1.5,
        "seed": seed,
        "max_tokens": _TOKENS[seed % len(_TOKENS)],
        "stream": True,
        "cache_prompt": True,
    }
    if seed % 4 == 1:
        body["grammar"] = MARKUP
    elif seed % 4 != 0:
        begun = BEGUN[seed % len(BEGUN)]
        body["messages"].append({"role": "assistant", "content": begun})
    return asked, begun, body


async def _reply(engine: Engine, seed: int, free: asyncio.Semaphore) -> ModelReply:
    asked, begun, body = _request(seed)
    reader = WireReader(Wire.OPENAI)
    async with (
        free,
        engine.client.stream("POST", f"{engine.base_url}/chat/completions", json=body) as response,
    ):
        assert response.status_code == 200, await response.aread()
        deltas = [delta async for part in response.aiter_bytes() for delta in reader.feed(part)]
    deltas += reader.close()
    pieces = tuple(delta.reasoning + delta.content for delta in deltas if delta.reasoning or delta.content)
    return ModelReply(asked, seed, begun, pieces, reader.finish)


async def collect(engine: Engine) -> list[ModelReply]:
    """The replies, by their seeds."""
    free = asyncio.Semaphore(SLOTS)
    return list(await asyncio.gather(*(_reply(engine, seed, free) for seed in range(COUNT))))
