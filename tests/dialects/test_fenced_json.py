"""A fence whose whole body is one JSON call."""

from __future__ import annotations

import pytest

from roobridge.dialects.fenced_json import FENCED_JSON
from tests.dialects.spoken import said
from tests.oracle.dialect_writer import fenced

PARAMS = {"path": "a b.py", "content": "x\n```\ny"}
OBJECT = '{"name": "list_files", "arguments": {"path": "."}}'
LISTED = ("fenced-json", "list_files", {"path": "."})


def test_a_call() -> None:
    assert said(fenced("write_to_file", PARAMS)) == ([("fenced-json", "write_to_file", PARAMS)], "", [])


@pytest.mark.parametrize("language", sorted(FENCED_JSON.languages))
@pytest.mark.parametrize("name", FENCED_JSON.names)
@pytest.mark.parametrize("fence", ["```", "````"])
def test_every_language_and_name(language: str, name: str, fence: str) -> None:
    body = OBJECT.replace('"name"', f'"{name}"')
    assert said(f"{fence}{language}\n{body}\n{fence}")[:2] == ([LISTED], "")


def test_text_before_it_stays() -> None:
    calls, words, _ = said(f"I look.\n\n```json\n{OBJECT}\n```\n\n")
    assert calls == [LISTED]
    assert words.split() == ["I", "look."]


@pytest.mark.parametrize(
    ("text", "calls", "repairs"),
    [
        (f"```\n{OBJECT}\n```", [LISTED], []),
        (f"```python\n{OBJECT}\n```", [LISTED], ["fenced_call"]),
        (f"~~~json\n{OBJECT}\n~~~", [LISTED], []),
        (f"```json\n[{OBJECT}, {OBJECT}]\n```", [LISTED, LISTED], ["json_array_of_calls"]),
        (f"```json\n{OBJECT}\n{OBJECT}\n```", [LISTED, LISTED], []),
        (f"```\n```json\n{OBJECT}\n```\n```", [LISTED], ["fenced_call"]),
        (f"````\n```json\n{OBJECT}\n```\n````", [LISTED], ["fenced_call"]),
        (OBJECT, [LISTED], ["bare_call"]),
        (f"{OBJECT}\n</tool_call>", [LISTED], ["missing_call_open"]),
    ],
)
def test_other_forms(text: str, calls: list[object], repairs: list[str]) -> None:
    assert said(text) == (calls, "", repairs)


def test_a_fence_that_is_left_open() -> None:
    assert said(f"```json\n{OBJECT}") == ([LISTED], "", ["missing_fence_close"])
    assert said(f"```json\n{OBJECT}", normal=False)[0] == []


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{OBJECT}\n```\nmore",
        f"```json\nx = {OBJECT}\n```",
        f"```json\n{OBJECT} x\n```",
        f"```json\n[{OBJECT}\n```",
        '```json\n{"name": "nobody", "arguments": {}}\n```',
        '```json\n{"name": "list_files"}\n```',
        '```json\n{"name": "list_files", "arguments": {}\n```',
        "```json\n{}\n```\nmore",
    ],
)
def test_another_fence_is_text(text: str) -> None:
    assert said(text) == ([], text, [])
