"""Hermes JSON in its wrapper."""

from __future__ import annotations

import pytest

from roobridge.dialects.hermes import HERMES
from roobridge.grammar.model import Param
from tests.dialects.spoken import said
from tests.oracle.dialect_writer import hermes, hermes_escaped
from tests.parser.machine import TOOLSET

PARAMS = {"path": "a b.py", "content": 'x < 1\n\n  y = "</tool_call>" é 😀'}
OBJECT = '{"name": "list_files", "arguments": {"path": "."}}'
LISTED = ("hermes", "list_files", {"path": "."})


@pytest.mark.parametrize("write", [hermes, hermes_escaped])
def test_a_call(write: object) -> None:
    assert callable(write)
    assert said(write("write_to_file", PARAMS)) == ([("hermes", "write_to_file", PARAMS)], "", [])


def test_its_literals() -> None:
    assert {"<tool_call>", "<tools>", "<function_call>"} < HERMES.around.keys()
    assert all(close == raw.replace("<", "</") for raw, close in HERMES.around.items())
    assert not HERMES.openers(TOOLSET)
    assert {raw: found.dialect for raw, found in HERMES.inner(TOOLSET).items()} == {"{": HERMES}
    assert not HERMES.trims(Param("p"))


@pytest.mark.parametrize(
    ("text", "calls", "repairs"),
    [
        (f"<tool_call>{OBJECT}</tool_call>", [LISTED], []),
        (f"<tool_call>\n{OBJECT}", [LISTED], ["missing_call_close"]),
        (f"<tool_call>\n{OBJECT}}}\n</tool_call>", [LISTED], ["json_extra_brace"]),
        (f"<tool_call>\n{OBJECT[:-1]}\n</tool_call>", [LISTED], ["json_missing_brace"]),
        (f"<tool_call>\n{OBJECT[:-1]}", [LISTED], ["call_closed"]),
        (f"<tool_call>\n{OBJECT}\n</tool_c", [LISTED], ["partial_close", "missing_call_close"]),
        (f"<tool_call>\n{OBJECT}\n{OBJECT}\n</tool_call>", [LISTED, LISTED], ["missing_call_close"]),
        (f"<tool_call>\n{OBJECT}\n</tool_call>\n<tool_call>\n{OBJECT}\n</tool_call>", [LISTED, LISTED], []),
    ],
)
def test_where_a_call_ends(text: str, calls: list[object], repairs: list[str]) -> None:
    found, words, mended = said(text)
    assert (found, words.strip()) == (calls, "")
    assert sorted(mended) == sorted(repairs)


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "nobody", "arguments": {}}\n</tool_call>',
        '<tool_call>\n{"a": 1}\n</tool_call>',
        f"So: {OBJECT}",
        f"{OBJECT}\nSo.",
        "<tool_call>{",
        f"`<tool_call>{OBJECT}</tool_call>`",
    ],
)
def test_what_is_no_call_is_text(text: str) -> None:
    assert said(text) == ([], text, [])
