"""Invoke XML: the form of Anthropic's published prompts, which Qwen and other models fall into.

    <function_calls>
    <invoke name="read_file">
    <parameter name="path">a.py</parameter>
    </invoke>
    </function_calls>

Sources: qwen-code #8003 and #10700, Roo Code #11187 (replies of Qwen3-Coder in this form, and its closing
tags alone). The wrapper is often missing, or another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Kind, Param, Toolset
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.loose import loose_parameter, loose_tool
from roobridge.spelling.rows import BARE_ROWS, WRAPPED_ROWS
from roobridge.spelling.scanner import Found
from roobridge.spelling.states import Terminal

_ON_ONE_LINE = frozenset({Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.BOOLEAN})


def _bare_openers(toolset: Toolset) -> Mapping[str, Found]:
    return {f'<invoke name="{name}">': Found(Terminal.TOOL_OPEN, name, BARE) for name in toolset.tools}


def _inner(toolset: Toolset) -> Mapping[str, Found]:
    return {f'<invoke name="{name}">': Found(Terminal.TOOL_OPEN, name, WRAPPED) for name in toolset.tools}


def _nothing(toolset: Toolset) -> Mapping[str, Found]:
    return {}


def _trims(param: Param) -> bool:
    return param.kind in _ON_ONE_LINE and not param.prose


WRAPPED = Dialect(
    name="invoke",
    table=WRAPPED_ROWS,
    openers=_nothing,
    inner=_inner,
    trims=_trims,
    around=MappingProxyType({"<function_calls>": "</function_calls>"}),
    strict_space=True,
    tool_open='<invoke name="{}">',
    tool_close="</invoke>",
    param_open='<parameter name="{}">',
    param_close="</parameter>",
    call_open="<function_calls>",
    call_close="</function_calls>",
    noise=("</function_calls>", "</invoke>", "</parameter>"),
    loose_tool=loose_tool("invoke"),
    loose_param=loose_parameter("parameter", "param"),
    other_params=(("<{}>", "</{}>"),),
    closers=MappingProxyType(
        {
            Level.PARAM: frozenset({"param", "parameters", "arg", "argument"}),
            Level.TOOL: frozenset({"function", "tool", "functions"}),
            Level.CALL: frozenset(
                {"tool_call", "tool_calls", "function_call", "tool_use", "tools", "call_tool"}
            ),
        }
    ),
)

BARE = msgspec.structs.replace(WRAPPED, table=BARE_ROWS, openers=_bare_openers, inner=_nothing)
