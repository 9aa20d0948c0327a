"""No spelling of a dialect stands outside `roobridge/dialects/`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from roobridge.dialects import DIALECTS
from tests.house_rules.source import ROOT, modules, name_of, tree_of

# What nobody writes but for a call: heads of openers with a name in them, and closing tags. The plain words
# of tags (`tool`, `function`) also name other things.
SPELLINGS = sorted(
    {
        literal.rstrip('>="') if "=" in literal else literal
        for dialect in DIALECTS
        for literal in (
            dialect.call_open,
            dialect.call_close,
            dialect.any_tool,
            dialect.any_parameter,
            *dialect.noise,
            *dialect.object_closes,
        )
        if literal
    }
)


def strings_of(file: Path) -> list[tuple[int, str]]:
    """The string constants of a module, but for docstrings."""
    tree = tree_of(file)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def test_the_spellings_are_known() -> None:
    assert {"<tool_call>", "</function>", "<parameter", "<function_calls>", "<｜tool▁call▁end｜>"} <= {
        *SPELLINGS
    }


@pytest.mark.parametrize(
    "file",
    [file for file in modules("roobridge") if (ROOT / "roobridge" / "dialects") not in file.parents],
    ids=name_of,
)
def test_no_other_file_spells_a_call(file: Path) -> None:
    pattern = re.compile("|".join(map(re.escape, SPELLINGS)))
    assert [(line, text) for line, text in strings_of(file) if pattern.search(text)] == []
