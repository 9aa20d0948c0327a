"""Qwen3-Coder XML: the form that Qwen3-Coder, 3.5, 3.6 and 3.8 are trained on.

    <tool_call>
    <function=read_file>
    <parameter=path>
    a.py
    </parameter>
    </function>
    </tool_call>

The wrapper is often missing, and so is a parameter's closing tag; models also write it twice (Ollama #16686,
vLLM #57699, llama.cpp #24807). A value's end is its closing tag, or where that is missing the next parameter
or the tool's end, as vLLM and SGLang read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Kind, Param, Toolset
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.rows import TAG_ROWS
from roobridge.spelling.scanner import Found, Loose
from roobridge.spelling.states import Action, State, Step, Table, Terminal

NAME = "qwen3-coder"

_S, _T, _A = State, Terminal, Action

_SHARED: Table = {
    **TAG_ROWS,
    # Only the wrapper closes.
    (_S.VALUE, _T.CALL_CLOSE): Step(_A.HOLD, _S.REST),
    (_S.REST, _T.CALL_CLOSE): Step(_A.HOLD, _S.REST),
    (_S.INNER, _T.CALL_CLOSE): Step(_A.HOLD, _S.DOUBT),
    (_S.DOUBT, _T.CALL_CLOSE): Step(_A.HOLD, _S.DOUBT),
    (_S.PARTING, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
    # The closing tag of the last parameter is missing: the tool's end and the wrapper's end it.
    (_S.TAIL, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_parameter_close"),
    (_S.TAIL, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_parameter_close"),
    # What the wrapper's end leaves open is closed with it.
    **{
        (state, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_function_close")
        for state in (_S.CLOSING, _S.NEARLY, _S.ODD, _S.BETWEEN)
    },
}

# Inside <tool_call> a </function> counts only where </tool_call> follows, or another call, or nothing.
_WRAPPED: Table = MappingProxyType(
    {
        **_SHARED,
        (_S.OPENED, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING_BARE),
        **{(state, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING) for state in (_S.CLOSING, _S.NEARLY, _S.ODD)},
        (_S.BETWEEN, _T.TOOL_CLOSE): Step(_A.HOLD, _S.PARTING),
        (_S.ENDING, _T.SPACE): Step(_A.HOLD, _S.ENDING),
        (_S.ENDING, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.ENDING, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING),
        (_S.ENDING, _T.MARK): Step(_A.HOLD, _S.ENDING),
        (_S.ENDING, _T.WORDS): Step(_A.HOLD, _S.PARTING),
        (_S.ENDING, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
        (_S.ENDING, _T.TEXT): Step(_A.RESUME, _S.VALUE),
        (_S.ENDING, _T.END): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
        (_S.ENDING, _T.CUT): Step(_A.ABORT, _S.CONTENT),
        (_S.ENDING_BARE, _T.SPACE): Step(_A.HOLD, _S.ENDING_BARE),
        (_S.ENDING_BARE, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.ENDING_BARE, _T.NEXT_CALL): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
        (_S.ENDING_BARE, _T.TEXT): Step(_A.RELEASE, _S.CONTENT),
        (_S.ENDING_BARE, _T.END): Step(_A.COMMIT, _S.CONTENT, "missing_call_close"),
        (_S.ENDING_BARE, _T.CUT): Step(_A.RELEASE, _S.CONTENT),
    }
)

_BARE: Table = MappingProxyType(
    {
        **_SHARED,
        (_S.OPENED, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_call_open"),
        (_S.AWAITING, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_call_open"),
        (_S.OPENED, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_call_open"),
    }
)


def _bare_openers(toolset: Toolset) -> Mapping[str, Found]:
    return {f"<function={name}>": Found(Terminal.TOOL_OPEN, name, BARE) for name in toolset.tools}


def _wrapped_openers(toolset: Toolset) -> Mapping[str, Found]:
    return {"<tool_call>": Found(Terminal.CALL_OPEN, "tool_call")}


def _inner(toolset: Toolset) -> Mapping[str, Found]:
    return {f"<function={name}>": Found(Terminal.TOOL_OPEN, name, WRAPPED) for name in toolset.tools}


def _nothing(toolset: Toolset) -> Mapping[str, Found]:
    return {}


def _trims(param: Param) -> bool:
    return param.kind in _ON_ONE_LINE and not param.prose


_ON_ONE_LINE = frozenset({Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.BOOLEAN})

# Names in quotes or as an attribute, spaces, a missing `>`; the element names of Anthropic's form.
_NAME = r"""(?:\s*[=:]\s*|\s+name\s*=\s*)["']?([\w.:-]+)["']?(?:\s+\w+\s*=\s*["'][^"'<>]*["'])*\s*"""
_LOOSE_TOOL = Loose(
    ("<function", "<invoke", "function="),
    re.compile(rf"<?(?:function|invoke){_NAME}"),
    re.compile(r"(?!)()"),
)
_LOOSE_PARAM = Loose(
    ("<parameter", "<param", "parameter=", "<Parameter"),
    re.compile(rf"<?(?:[Pp]arameter|param)(?:{_NAME}|\s*=?[\s\"']*)"),
    re.compile(r"<?parameter=([A-Za-z_][\w.-]*)(?:=|[ \t]+(?=\S))(?![^\s<>]{0,12}>)"),
)


WRAPPED = Dialect(
    name=NAME,
    table=_WRAPPED,
    openers=_wrapped_openers,
    inner=_inner,
    trims=_trims,
    strict_space=True,
    tool_open="<function={}>",
    tool_close="</function>",
    param_open="<parameter={}>",
    param_close="</parameter>",
    call_open="<tool_call>",
    call_close="</tool_call>",
    any_parameter="<parameter=",
    loose_tool=_LOOSE_TOOL,
    loose_param=_LOOSE_PARAM,
    other_params=(("<{}>", "</{}>"),),
    closers=MappingProxyType(
        {
            Level.PARAM: frozenset({"param", "parameters", "arg", "argument"}),
            Level.TOOL: frozenset({"invoke", "tool", "functions"}),
            Level.CALL: frozenset(
                {
                    "tool_calls",
                    "function_call",
                    "function_calls",
                    "tool_use",
                    "tools",
                    "call_tool",
                    "use_tool",
                }
            ),
        }
    ),
)

BARE = msgspec.structs.replace(WRAPPED, table=_BARE, openers=_bare_openers, inner=_nothing)
