"""Qwen3-Coder XML: the form that Qwen3-Coder, 3.5, 3.6 and 3.8 are trained on.

    <tool_call>
    <function=read_file>
    <parameter=path>
    a.py
    </parameter>
    </function>
    </tool_call>

The wrapper is often missing, and so is a parameter's closing tag; models also write it twice (sources in
the reference on upstreams, section D3). A value's end is its closing tag, or where that is missing the
next parameter or the tool's end, as vLLM and SGLang read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Param, Toolset
from roobridge.parser.dialect import Dialect
from roobridge.parser.scanner import Found
from roobridge.parser.states import TAG_ROWS, Action, State, Step, Table, Terminal

NAME = "qwen3-coder"

_S, _T, _A = State, Terminal, Action

_SHARED: Table = {
    **TAG_ROWS,
    # The closing tag is missing: the next parameter ends the value.
    (_S.VALUE, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_parameter_close"),
    # Only the wrapper closes.
    (_S.VALUE, _T.CALL_CLOSE): Step(_A.HOLD, _S.REST),
    # The closing tag stands twice.
    (_S.CLOSING, _T.PARAM_CLOSE): Step(_A.HOLD, _S.CLOSING),
}

# Inside <tool_call> a </function> counts only where </tool_call> follows, or another call, or nothing.
_WRAPPED: Table = MappingProxyType(
    {
        **_SHARED,
        (_S.OPENED, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING_BARE),
        (_S.CLOSING, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING),
        (_S.ENDING, _T.SPACE): Step(_A.HOLD, _S.ENDING),
        (_S.ENDING, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.ENDING, _T.TOOL_CLOSE): Step(_A.HOLD, _S.ENDING),
        (_S.ENDING, _T.MARK): Step(_A.HOLD, _S.ENDING),
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
        # The closing tag of the last parameter is missing: the tool's end and the wrapper's end it.
        (_S.TAIL, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_parameter_close"),
        # Only the wrapper closes; what it leaves open is closed with it.
        (_S.CLOSING, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_function_close"),
    }
)

_BARE: Table = MappingProxyType(
    {
        **_SHARED,
        (_S.OPENED, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE, "missing_call_open"),
        (_S.OPENED, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_call_open"),
        # An orphan closing tag of the wrapper shows that the tool's end was one.
        (_S.TAIL, _T.CALL_CLOSE): Step(_A.COMMIT, _S.CONTENT, "missing_parameter_close"),
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
    return False


WRAPPED = Dialect(
    name=NAME,
    table=_WRAPPED,
    openers=_wrapped_openers,
    inner=_inner,
    trims=_trims,
    tool_close="</function>",
    param_open="<parameter={}>",
    param_close="</parameter>",
    call_close="</tool_call>",
    any_parameter="<parameter=",
    closes_unclosed=True,
)

BARE = msgspec.structs.replace(WRAPPED, table=_BARE, openers=_bare_openers, inner=_nothing)
