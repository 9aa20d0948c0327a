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

from roobridge.spelling.loose import loose_parameter, loose_tool
from roobridge.spelling.tags import PARAM_WORDS, TagForm, bare, in_tags

WRAPPED = in_tags(
    "invoke",
    call=TagForm(
        "<function_calls>",
        "</function_calls>",
        words=frozenset({"tool_call", "tool_calls", "function_call", "tool_use", "tools", "call_tool"}),
    ),
    tool=TagForm(
        '<invoke name="{}">',
        "</invoke>",
        words=frozenset({"function", "tool", "functions"}),
        loose=loose_tool("invoke"),
    ),
    param=TagForm(
        '<parameter name="{}">',
        "</parameter>",
        words=PARAM_WORDS,
        loose=loose_parameter("parameter", "param"),
        others=(("<{}>", "</{}>"),),
    ),
)

BARE = bare(WRAPPED)
