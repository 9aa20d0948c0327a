"""Hermes JSON: the form that Qwen2.5, Qwen3 and QwQ are trained on.

<tool_call>
{"name": "read_file", "arguments": {"path": "a.py"}}
</tool_call>
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from roobridge.jsontext.strings import one_line, quoted
from roobridge.spelling.dialect import Dialect, Holds, Position, Writing
from roobridge.spelling.rows import OBJECT_ROWS

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"

# The right one, and what models write in its place; that may also stand around it.
_WRAPPERS = (
    "tool_call",
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
# Elements that texts hold for other ends: their closing tags are no noise.
_PLAIN_ELEMENTS = frozenset({"tool", "tools", "function", "functions", "call", "calls"})

_TAUGHT = """\
To call a function, write one JSON object with its name and arguments inside <tool_call></tool_call> tags, \
as the last thing in your reply:
<tool_call>
{"name": "name_of_the_function", "arguments": {"name_of_a_parameter": "value"}}
</tool_call>"""


# One tool a line, as Qwen2.5's chat template (tokenizer_config.json) lists them in <tools>.
def _listed(tool: Mapping[str, Any]) -> str:
    return one_line({"type": "function", "function": tool["function"]})


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    return call_of_json(name, one_line(arguments))


def call_of_json(name: str, arguments: str) -> str:
    """A call whose arguments are JSON text already, and go in as they are."""
    return f'{_OPEN}\n{{"name": {quoted(name)}, "arguments": {arguments}}}\n{_CLOSE}'


WRITING = Writing(
    # Qwen3-Coder and the models from 3.5 on would match too: qwen3_coder stands first in `DIALECTS`.
    models=re.compile(r"qwen-?2|qwen-?3|qwq|hermes", re.IGNORECASE),
    taught=_TAUGHT,
    listed=_listed,
    call=_call,
    response="tool_response",
)

HERMES = Dialect(
    name="hermes",
    table=OBJECT_ROWS,
    begins=frozenset({Position.WRAPPER}),
    around=MappingProxyType({f"<{name}>": f"</{name}>" for name in _WRAPPERS}),
    holds=Holds.CALL,
    call_open=_OPEN,
    call_close=_CLOSE,
    noise=tuple(f"</{name}>" for name in _WRAPPERS if name not in _PLAIN_ELEMENTS),
    writing=WRITING,
)
