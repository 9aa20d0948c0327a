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
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec

from roobridge.grammar.model import Kind, Param, Toolset
from roobridge.jsontext.strings import one_line
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect, Given, Writing
from roobridge.spelling.loose import loose_parameter, loose_tool
from roobridge.spelling.rows import BARE_ROWS, WRAPPED_ROWS
from roobridge.spelling.scanner import Found
from roobridge.spelling.states import Terminal

NAME = "qwen3-coder"


def _bare_openers(toolset: Toolset) -> Mapping[str, Found]:
    return {f"<function={name}>": Found(Terminal.TOOL_OPEN, name, BARE) for name in toolset.tools}


def _inner(toolset: Toolset) -> Mapping[str, Found]:
    return {f"<function={name}>": Found(Terminal.TOOL_OPEN, name, WRAPPED) for name in toolset.tools}


def _nothing(toolset: Toolset) -> Mapping[str, Found]:
    return {}


def _trims(param: Param) -> bool:
    return param.kind in _ON_ONE_LINE and not param.prose


_ON_ONE_LINE = frozenset({Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.BOOLEAN})

_TAUGHT = """\
To call a function, write the call in exactly this form, as the last thing in your reply:

<tool_call>
<function=name_of_the_function>
<parameter=name_of_the_first_parameter>
value
</parameter>
<parameter=name_of_the_second_parameter>
a value
that may span
several lines
</parameter>
</function>
</tool_call>

Rules for calls:
- The <function=...> block stands inside <tool_call></tool_call>, and each value between its own \
<parameter=...> and </parameter>.
- Values are written as they are, without quotes or escapes; arrays and objects as JSON.
- Every required parameter is given.
- You may reason in plain words before a call; nothing follows it."""

# What the tagged layout says by itself, or what says nothing to a model.
_LAYOUT_KEYS = frozenset({"type", "properties", "$schema"})


def _listed(tool: Mapping[str, Any]) -> str:
    function = tool["function"]
    schema = function.get("parameters") or {}
    lines = ["<function>", *_tags({"name": function["name"], "description": function.get("description")})]
    lines.append("<parameters>")
    properties = schema.get("properties")
    for name, described in (properties if isinstance(properties, dict) else {}).items():
        lines += ["<parameter>", *_tags({"name": name, **(described if isinstance(described, dict) else {})})]
        lines.append("</parameter>")
    lines += _tags({key: value for key, value in schema.items() if key not in _LAYOUT_KEYS})
    return "\n".join([*lines, "</parameters>", "</function>"])


def _tags(fields: Mapping[str, Any]) -> Iterator[str]:
    for key, value in fields.items():
        if value is not None:
            yield f"<{key}>{value if isinstance(value, str) else one_line(value)}</{key}>"


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    params = [
        Given(key, value if isinstance(value, str) else one_line(value), closed=True)
        for key, value in arguments.items()
    ]
    return begun(name, params, whole=True)


def begun(name: str, params: Sequence[Given], *, whole: bool) -> str:
    """A call as far as it came; whole: to its end."""
    told = "".join(
        f"<parameter={given.name}>\n{given.text}" + ("\n</parameter>\n" if given.closed else "")
        for given in params
    )
    return f"<tool_call>\n<function={name}>\n{told}" + ("</function>\n</tool_call>" if whole else "")


def _result(text: str) -> str:
    return f"<tool_response>\n{text}\n</tool_response>"


WRITING = Writing(
    models=re.compile(r"qwen-?3\.[5-9]|^(?!.*qwen-?[12]).*coder", re.IGNORECASE),
    taught=_TAUGHT,
    listed=_listed,
    call=_call,
    result=_result,
)

WRAPPED = Dialect(
    name=NAME,
    table=WRAPPED_ROWS,
    openers=_nothing,
    inner=_inner,
    trims=_trims,
    strict_space=True,
    tool_open="<function={}>",
    tool_close="</function>",
    param_open="<parameter={}>",
    param_close="</parameter>",
    call_open="<tool_call>",
    call_close="</tool_call>",
    around=MappingProxyType({"<tool_call>": "</tool_call>"}),
    any_tool="<function=",
    any_parameter="<parameter=",
    noise=("</tool_call>", "</function>", "</parameter>"),
    writing=WRITING,
    loose_tool=loose_tool("function"),
    loose_param=loose_parameter("parameter", "param"),
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

BARE = msgspec.structs.replace(WRAPPED, table=BARE_ROWS, openers=_bare_openers, inner=_nothing)
