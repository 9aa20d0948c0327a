"""A call as a model writes it in each dialect: one scenario, many spellings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta

Value = str | bool
Writer = Callable[[str, Mapping[str, Value]], str]

VERBATIM = frozenset({"content", "diff", "result", "todos"})


def plain(value: Value) -> str:
    return value if isinstance(value, str) else str(value).lower()


def roo_xml(name: str, params: Mapping[str, Value]) -> str:
    lines = []
    for key, value in params.items():
        text = plain(value)
        lines.append(f"<{key}>\n{text}\n</{key}>" if key in VERBATIM else f"<{key}>{text}</{key}>")
    return "\n".join([f"<{name}>", *lines, f"</{name}>"])


def qwen_bare(name: str, params: Mapping[str, Value]) -> str:
    lines = [f"<parameter={key}>\n{plain(value)}\n</parameter>" for key, value in params.items()]
    return "\n".join([f"<function={name}>", *lines, "</function>"])


def qwen(name: str, params: Mapping[str, Value]) -> str:
    return f"<tool_call>\n{qwen_bare(name, params)}\n</tool_call>"


def invoke(name: str, params: Mapping[str, Value]) -> str:
    lines = [f'<parameter name="{key}">\n{plain(value)}\n</parameter>' for key, value in params.items()]
    call = "\n".join([f'<invoke name="{name}">', *lines, "</invoke>"])
    return f"<function_calls>\n{call}\n</function_calls>"


def deepseek(name: str, params: Mapping[str, Value]) -> str:
    arguments = json.dumps(dict(params), ensure_ascii=False)
    call = f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{name}\n```json\n{arguments}\n```<｜tool▁call▁end｜>"
    return f"<｜tool▁calls▁begin｜>{call}<｜tool▁calls▁end｜>"


def _json(name: str, params: Mapping[str, Value], *, ascii_only: bool) -> str:
    return json.dumps({"name": name, "arguments": dict(params)}, ensure_ascii=ascii_only)


def hermes(name: str, params: Mapping[str, Value]) -> str:
    return f"<tool_call>\n{_json(name, params, ascii_only=False)}\n</tool_call>"


def hermes_escaped(name: str, params: Mapping[str, Value]) -> str:
    return f"<tool_call>\n{_json(name, params, ascii_only=True)}\n</tool_call>"


def fenced(name: str, params: Mapping[str, Value]) -> str:
    return f"```json\n{_json(name, params, ascii_only=False)}\n```"


TEXT_DIALECTS: dict[str, Writer] = {
    "roo_xml": roo_xml,
    "qwen": qwen,
    "qwen_bare": qwen_bare,
    "hermes": hermes,
    "hermes_escaped": hermes_escaped,
    "fenced": fenced,
    "invoke": invoke,
    "deepseek": deepseek,
}
DIALECTS = [*TEXT_DIALECTS, "deltas"]


def write(dialect: str, name: str, params: Mapping[str, Value], index: int = 0) -> Delta:
    """One delta that says the whole call. index: of the call in its reply."""
    if dialect == "deltas":
        arguments = json.dumps(dict(params), ensure_ascii=False)
        return Delta(tool_calls=(ToolDelta(index, f"call_{index}", name, arguments),))
    return Delta(content=TEXT_DIALECTS[dialect](name, params))
