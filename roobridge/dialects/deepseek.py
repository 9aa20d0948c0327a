"""DeepSeek's calls: the tool is named between tokens, and an object holds the arguments alone.

    <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file
    ```json
    {"path": "a.py"}
    ```<｜tool▁call▁end｜><｜tool▁calls▁end｜>

Source: the chat templates of DeepSeek V3 and R1 (above), and of V3.1, which has neither word nor fence:
`<｜tool▁call▁begin｜>read_file<｜tool▁sep｜>{"path": "a.py"}<｜tool▁call▁end｜>`. Qwen models that
were distilled from DeepSeek's write them.
"""

from __future__ import annotations

from types import MappingProxyType

from roobridge.spelling.dialect import Dialect, Holds, Position
from roobridge.spelling.rows import ARGUMENT_ROWS

_BEGIN, _SEP, _END = "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"
_ALL_BEGIN, _ALL_END = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"

DEEPSEEK = Dialect(
    name="deepseek",
    table=ARGUMENT_ROWS,
    begins=frozenset({Position.CONTENT, Position.WRAPPER}),
    around=MappingProxyType({_ALL_BEGIN: _ALL_END}),
    holds=Holds.ARGUMENTS,
    object_closes=(_END, f"```{_END}"),
    object_next=_BEGIN,
    # V3's and R1's form. What stands around the object is part of the literals, so the fence is no fence.
    tool_open=f"{_BEGIN}function{_SEP}{{}}\n```json\n",
    # V3.1's form.
    other_tools=(f"{_BEGIN}{{}}{_SEP}",),
    tool_close=_END,
    call_open=_ALL_BEGIN,
    call_close=_ALL_END,
    noise=(_ALL_END, _END),
)
