"""`tools` arrays for native requests: Roo's tools of 3.52 as schemas, and another client's."""

from __future__ import annotations

from typing import Any

STRING = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
BOOLEAN = {"type": "boolean"}
INTEGER = {"type": "integer"}


def tool(name: str, required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": name, "parameters": schema}}


SUGGESTION = {
    "type": "object",
    "properties": {"text": STRING, "mode": MAYBE},
    "required": ["text", "mode"],
    "additionalProperties": False,
}

ROO = [
    tool("apply_diff", "path diff", path=STRING, diff=STRING),
    tool(
        "ask_followup_question",
        "question follow_up",
        question=STRING,
        follow_up={"type": "array", "items": SUGGESTION},
    ),
    tool("attempt_completion", "result", result=STRING),
    tool("execute_command", "command", command=STRING, cwd=MAYBE),
    tool("list_files", "path recursive", path=STRING, recursive=BOOLEAN),
    tool("new_task", "mode message", mode=STRING, message=STRING, todos=MAYBE),
    tool("read_file", "path", path=STRING, offset=INTEGER, limit=INTEGER),
    tool("search_files", "path regex", path=STRING, regex=STRING, file_pattern=MAYBE),
    tool("update_todo_list", "todos", todos=STRING),
    tool("write_to_file", "path content", path=STRING, content=STRING),
    tool(
        "mcp--box--put",
        "key",
        key=STRING,
        count=INTEGER,
        ratio={"type": "number"},
        deep={"type": "object"},
        items={"type": "array", "items": STRING},
        either={"anyOf": [{"type": "integer"}, {"type": "null"}]},
    ),
]

# Roo 3.40: one call reads several files.
FILES = [
    *[entry for entry in ROO if entry["function"]["name"] != "read_file"],
    tool("read_file", "files", files={"type": "array", "items": {"type": "object"}}),
]

OTHER = [
    tool("read_file", "path", path=STRING, offset=INTEGER),
    tool("write_file", "file_path content", file_path=STRING, content=STRING),
    tool("run_shell_command", "command", command=STRING),
]

# Kilo on OpenCode's core.
KILO = [
    tool("bash", "command", command=STRING, description=STRING, timeout=INTEGER, workdir=STRING),
    tool("edit", "filePath oldString newString", filePath=STRING, oldString=STRING, newString=STRING),
    tool("read", "filePath", filePath=STRING, offset=INTEGER, limit=INTEGER),
    tool("write", "content filePath", content=STRING, filePath=STRING),
]

# One parameter of each sort of type.
TYPED = [
    *[entry for entry in ROO if entry["function"]["name"] == "attempt_completion"],
    tool("ping", ""),
    tool(
        "put",
        "s",
        s=STRING,
        i=INTEGER,
        n={"type": "number"},
        b=BOOLEAN,
        o={"type": "object"},
        a={"type": "array"},
        ns=MAYBE,
        ni={"type": ["integer", "null"]},
        si={"anyOf": [STRING, INTEGER]},
        so={"oneOf": [{"type": "object"}, STRING]},
        free={},
    ),
]

SETS: dict[str, list[dict[str, Any]]] = {
    "roo": ROO,
    "files": FILES,
    "other": OTHER,
    "kilo": KILO,
    "typed": TYPED,
    "builtin": [{"type": "web_search"}],  # run by the server: no function that a reply may call
    "none": [],
}
