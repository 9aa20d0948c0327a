"""Fenced JSON: a code fence whose whole body is one object that names a declared tool.

    ```tool_code
    {"tool": "read_file", "parameters": {"path": "a.py"}}
    ```

Source: recorded outputs of qwen3-max; Qwen2.5-Coder prefers the `json` fence.
"""

from __future__ import annotations

from roobridge.spelling.fenced import Fenced

FENCED_JSON = Fenced(
    dialect="fenced-json",
    languages=frozenset({"tool_code", "json"}),
    names=("name", "tool"),
)
