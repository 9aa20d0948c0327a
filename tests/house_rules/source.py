"""The project's own files, read as source."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    """The Python files under folders of the project."""
    return tuple(sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py")))


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def name_of(file: Path) -> str:
    """The file's name as the project says it."""
    return file.relative_to(ROOT).as_posix()


def kept_texts() -> Iterator[tuple[str, str]]:
    """Name and text of every file that is in git or would be added to it."""
    ask = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, listed.split("\0")):
        file = ROOT / name
        if file.is_file():
            yield name, file.read_text(encoding="utf-8", errors="replace")


def repairs() -> set[str]:
    """Every name of a repair that the source mentions; one that is composed ends in `*`."""
    return {
        name for file in modules("roobridge") for node in ast.walk(tree_of(file)) for name in _repair(node)
    }


def _repair(node: ast.AST) -> Iterator[str]:
    for said in _said(node):
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield said.value
        elif isinstance(said, ast.JoinedStr) and isinstance(said.values[0], ast.Constant):
            yield str(said.values[0].value) + "*"


def _said(node: ast.AST) -> list[ast.expr]:
    """Where a name may stand: in a table's row, in a call that tells of a repair, beside a returned value."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        ways = [way for part in node.value.elts for way in _ways(part)]
        return [name for way in ways if isinstance(way, ast.Tuple) for name in way.elts]
    if not isinstance(node, ast.Call):
        return []
    called = ast.unparse(node.func)
    if called == "Step":
        return [*node.args[2:3], *(word.value for word in node.keywords if word.arg == "repair")]
    if called == "Way":
        return [word.value for word in node.keywords if word.arg == "note"]
    tells = called == "Repaired" or called.endswith(("repaired", ".note", "repairs.append", "repairs.add"))
    return node.args[:1] if tells else []


def _ways(part: ast.expr) -> list[ast.expr]:
    return [part.body, part.orelse] if isinstance(part, ast.IfExp) else [part]
