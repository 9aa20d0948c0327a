"""What every source file keeps to, beyond what ruff and mypy see."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house_rules.source import ROOT, kept_texts, modules, name_of, tree_of

FILE_LINES = 300
FUNCTION_LINES = 40

# Files that are longer, each with its reason.
LONGER: dict[str, str] = {}

EVERY = [pytest.param(file, id=name_of(file)) for file in modules("roobridge", "tests")]
SAYS_NOTHING = {"utils", "util", "helpers", "helper", "common", "core", "misc"}

# What a fetched lock file or a log would bring in.
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|npmmirror\.com|proxy\.golang\.org"
)


@pytest.mark.parametrize("file", EVERY)
def test_a_file_is_of_one_size_and_has_a_name(file: Path) -> None:
    lines = len(file.read_text(encoding="utf-8").splitlines())
    name = name_of(file)
    assert not SAYS_NOTHING & set(Path(name).with_suffix("").parts)
    assert (lines > FILE_LINES) == (name in LONGER), f"{lines} lines: split it, or take it off LONGER"


@pytest.mark.parametrize("file", EVERY)
def test_functions_fit_on_a_screen(file: Path) -> None:
    long = {f.name: n for f in functions(file) if (n := own_lines(f)) > FUNCTION_LINES}
    assert not long


@pytest.mark.parametrize("file", EVERY)
def test_what_catches_everything_raises_again_or_says_why(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    for handler in ast.walk(tree_of(file)):
        if isinstance(handler, ast.ExceptHandler) and catches_everything(handler):
            raised = isinstance(handler.body[-1], ast.Raise)
            line = lines[handler.lineno - 1]
            assert raised or re.search(r"# \w.* - \w", line), f"line {handler.lineno}: {line.strip()}"


def test_the_completion_tool_is_named_in_grammars_alone() -> None:
    word = "attempt" + "_completion"
    assert [name_of(f) for f in modules("roobridge") if word in f.read_text(encoding="utf-8")] == []


def test_no_file_names_a_registry_or_this_machine() -> None:
    here = re.compile(rf"(?<![\w.-])(?:{re.escape(str(ROOT))}|{re.escape(sys.prefix)})(?![\w-])")
    found = {
        name: match[0]
        for name, text in kept_texts()
        if (match := REGISTRY.search(text) or here.search(text)) is not None
    }
    assert found == {}


def functions(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines, without the rows of the tables and texts in it."""
    return last(function) - function.lineno + 1 - sum(map(rows, ast.iter_child_nodes(function)))


def rows(node: ast.AST) -> int:
    if isinstance(node, ast.Dict | ast.List | ast.Tuple | ast.Set | ast.Constant | ast.JoinedStr):
        return last(node) - node.lineno
    return sum(map(rows, ast.iter_child_nodes(node)))


def last(node: ast.stmt | ast.expr) -> int:
    assert node.end_lineno is not None
    return node.end_lineno


def catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    return caught is None or (isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException"))
