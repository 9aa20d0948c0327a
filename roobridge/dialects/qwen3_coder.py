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
from typing import Any

from roobridge.jsontext.strings import one_line
from roobridge.spelling.dialect import Given, Writing
from roobridge.spelling.loose import loose_parameter, loose_tool
from roobridge.spelling.tags import PARAM_WORDS, TagForm, bare, in_tags, written

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


# As Qwen3-Coder's chat_template.jinja writes a tool: elements, and JSON for what is nested in them.
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
            yield f"<{key}>{_text(value)}</{key}>"


def _text(value: object) -> str:
    return value if isinstance(value, str) else one_line(value)


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    params = [Given(key, _text(value), closed=True) for key, value in arguments.items()]
    return begun(name, params, whole=True)


def begun(name: str, params: Sequence[Given], *, whole: bool) -> str:
    """A call as far as it came; whole: to its end."""
    return written(WRAPPED, name, params, whole=whole)


WRITING = Writing(
    # Qwen2.5-Coder is trained on Hermes JSON.
    models=re.compile(r"qwen-?3\.[5-9]|^(?!.*qwen-?[12]).*coder", re.IGNORECASE),
    taught=_TAUGHT,
    listed=_listed,
    call=_call,
    response="tool_response",
)

WRAPPED = in_tags(
    "qwen3-coder",
    call=TagForm(
        "<tool_call>",
        "</tool_call>",
        words=frozenset(
            {"tool_calls", "function_call", "function_calls", "tool_use", "tools", "call_tool", "use_tool"}
        ),
    ),
    tool=TagForm(
        "<function={}>",
        "</function>",
        # A tool that is not declared is known by it, so that no call inside its values counts.
        any_name="<function=",
        words=frozenset({"invoke", "tool", "functions"}),
        loose=loose_tool("function"),
    ),
    param=TagForm(
        "<parameter={}>",
        "</parameter>",
        any_name="<parameter=",
        words=PARAM_WORDS,
        loose=loose_parameter("parameter", "param"),
        others=(("<{}>", "</{}>"),),
    ),
    writing=WRITING,
)

BARE = bare(WRAPPED)
