"""What the files say of single tools and parameters: kinds, harm of a cut, nested values, Cline's prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roobridge.grammar.family import Family
from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import Kind, Param, Tool, Version

GRAMMAR = load_grammar()
ROO, CLINE = GRAMMAR.family("roo"), GRAMMAR.family("cline")
# One of each stretch in which Roo's prompts described the same, and of the native days.
RELEASES: list[Version] = [(3, 3, 26), (3, 28, 18), (3, 31, 3), (3, 36, 16), (3, 44, 0), (3, 52, 1)]


def every_param(family: Family) -> Iterator[tuple[Tool, Param]]:
    for version in RELEASES:
        for tool in family.toolset(version).tools.values():
            yield from ((tool, param) for param in tool.params.values())


VERBATIM = {"content", "diff", "patch", "old_string", "new_string", "search", "replace"}
NUMBERS = {
    "line",
    "line_count",
    "start_line",
    "end_line",
    "timeout",
    "offset",
    "limit",
    "expected_replacements",
}
BOOLEANS = {
    "recursive",
    "use_regex",
    "ignore_case",
    "replace_all",
    "requires_approval",
    "needs_more_exploration",
}


LINES = {
    *("path", "file_path", "cwd", "mode", "mode_slug", "server_name", "tool_name"),
    *("uri", "url", "size", "skill", "skill_name", "artifact_id", "action", "coordinate", "image"),
}


def expected_kind(tool: str, param: str) -> Kind:
    if (tool, param) in {
        ("read_file", "args"),
        ("apply_diff", "args"),
        ("ask_followup_question", "follow_up"),
    }:
        return Kind.XML
    if param in {"arguments", "operations", "files", "indentation", "options"}:
        return Kind.JSON
    if (tool, param) == ("read_command_output", "search"):
        return Kind.TEXT
    kinds = {Kind.LINE: LINES, Kind.VERBATIM: VERBATIM, Kind.NUMBER: NUMBERS, Kind.BOOLEAN: BOOLEANS}
    return next((kind for kind, names in kinds.items() if param in names), Kind.TEXT)


@pytest.mark.parametrize("family", [ROO, CLINE], ids=lambda family: family.name)
def test_kinds_and_types(family: Family) -> None:
    types = {
        Kind.TEXT: {"string"},
        Kind.LINE: {"string"},
        Kind.VERBATIM: {"string"},
        Kind.JSON: {"object", "array"},
        Kind.XML: {"array"},
        Kind.NUMBER: {"number"},
        Kind.BOOLEAN: {"boolean"},
    }
    for tool, param in every_param(family):
        assert param.kind is expected_kind(tool.name, param.name), (tool.name, param.name)
        assert param.types == types[param.kind]
        assert (param.nested is not None) == (param.kind is Kind.XML)


# Tools that look and tell, and change nothing: cut short they do no harm.
LOOKING = {
    "read_file",
    "read_command_output",
    "search_files",
    "codebase_search",
    "list_files",
    "list_code_definition_names",
    "update_todo_list",
    "fetch_instructions",
    "plan_mode_respond",
}
HARMLESS = LOOKING | {"ask_followup_question", "attempt_completion"}
HARMLESS_ANYWHERE = {"reason", "task_progress"}
PROSE = {
    "result",
    "question",
    "follow_up",
    "todos",
    "message",
    "reason",
    "response",
    "task_progress",
    "context",
}


@pytest.mark.parametrize("family", [ROO, CLINE], ids=lambda family: family.name)
def test_what_may_be_cut_short_and_what_may_hold_a_mark(family: Family) -> None:
    for tool, param in every_param(family):
        harmless = tool.name in HARMLESS and param.name not in {"command", "options"}
        expected = harmless or param.name in HARMLESS_ANYWHERE
        assert param.cut_safe == expected, (tool.name, param.name)
        assert param.prose == (param.name in PROSE), (tool.name, param.name)
        assert not (param.prose and param.kind is Kind.VERBATIM)


def test_nested_values_say_how_they_map() -> None:
    def nested(tool: str, param: str) -> dict[str, Any]:
        found = ROO.toolset(None).tools[tool].params[param].nested
        assert found is not None
        fields = [
            (field.name, field.key, field.attribute, field.text, field.repeated) for field in found.fields
        ]
        return {"item": found.item, "key": found.key, "lone": found.lone, "fields": fields}

    assert nested("read_file", "args") == {
        "item": "file",
        "key": "files",
        "lone": "path",
        "fields": [("path", "path", False, False, False), ("line_range", "line_ranges", False, False, True)],
    }
    assert nested("ask_followup_question", "follow_up") == {
        "item": "suggest",
        "key": "follow_up",
        "lone": "",
        "fields": [("", "text", False, True, False), ("mode", "mode", True, False, False)],
    }
    assert nested("apply_diff", "args") == {
        "item": "file",
        "key": "files",
        "lone": "",
        "fields": [("path", "path", False, False, False), ("diff", "diff", False, False, True)],
    }
    edits = ROO.toolset(None).tools["apply_diff"].params["args"].nested
    assert edits is not None
    assert [(field.name, field.number) for field in edits.fields[1].fields] == [
        ("content", False),
        ("start_line", True),
    ]


def test_what_kilo_s_tools_do_without() -> None:
    tools = GRAMMAR.family("kilo").toolset(None).tools
    harmless = {
        name for name, tool in tools.items() if tool.params and all(p.cut_safe for p in tool.params.values())
    }
    assert harmless == {"read", "glob", "grep"}
    verbatim = {
        (name, param.name)
        for name, tool in tools.items()
        for param in tool.params.values()
        if param.kind is Kind.VERBATIM
    }
    assert verbatim == {("write", "content"), ("edit", "oldString"), ("edit", "newString")}
    assert tools["edit"].required == ("filePath", "oldString", "newString")
    assert not any(param.prose for tool in tools.values() for param in tool.params.values())


@pytest.mark.shared
def test_clines_tools_are_those_of_its_prompt(shared: Path) -> None:
    recorded = shared / "payloads" / "client_requests" / "cline_2.18.0_xml_turn1.json"
    prompt: str = msgspec.json.decode(recorded.read_bytes())["body"]["messages"][0]["content"]
    section = prompt[prompt.index("# Tools") : prompt.index("# Tool Use Examples")]
    sections = re.split(r"^## ", section, flags=re.MULTILINE)[1:]
    assert len(sections) == 12
    tools = CLINE.toolset((3, 82, 0)).tools
    for described in sections:
        name = described.split("\n", 1)[0]
        params = re.findall(r"^- (\w+): \((required|optional)\)", described, re.MULTILINE)
        assert [(param.name, param.required) for param in tools[name].params.values() if param.offered] == [
            (param, need == "required") for param, need in params
        ], name
