"""Hermes JSON: the form that Qwen2.5, Qwen3 and QwQ are trained on.

<tool_call>
{"name": "read_file", "arguments": {"path": "a.py"}}
</tool_call>
"""

from __future__ import annotations

from collections.abc import Mapping

from roobridge.grammar.model import Param, Toolset
from roobridge.parser.dialect import Dialect
from roobridge.parser.scanner import Found
from roobridge.parser.states import OBJECT_ROWS, Terminal

NAME = "hermes"


def _openers(toolset: Toolset) -> Mapping[str, Found]:
    return {"<tool_call>": Found(Terminal.CALL_OPEN, "tool_call")}


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
