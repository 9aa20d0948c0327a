"""Hermes JSON: the form that Qwen2.5, Qwen3 and QwQ are trained on.

<tool_call>
{"name": "read_file", "arguments": {"path": "a.py"}}
</tool_call>
"""

from __future__ import annotations

from collections.abc import Mapping

from roobridge.grammar.model import Param, Toolset
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.rows import OBJECT_ROWS
from roobridge.spelling.scanner import Found
from roobridge.spelling.states import Terminal

NAME = "hermes"

# What models write in the place of `tool_call`; it may also stand around it.
_WRAPPERS = (
    "tool_calls",
    "tool",
    "tools",
    "tool_code",
    "tool_request",
    "tool_use",
    "tool-call",
    "toolcall",
    "toolcalls",
    "call",
    "call_tool",
    "function",
    "functions",
    "function_call",
    "function_calls",
    "use_tool",
)


def _openers(toolset: Toolset) -> Mapping[str, Found]:
    names = ("tool_call", *(name for name in _WRAPPERS if name not in toolset.tools))
    return {f"<{name}>": Found(Terminal.CALL_OPEN, name) for name in names}


def _inner(toolset: Toolset) -> Mapping[str, Found]:
    return {"{": Found(Terminal.BRACE, dialect=HERMES)}


def _trims(param: Param) -> bool:
    return False


HERMES = Dialect(
    name=NAME,
    table=OBJECT_ROWS,
    openers=_openers,
    inner=_inner,
    trims=_trims,
    call_close="</tool_call>",
)
