"""What pyproject.toml promises against what the source uses."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.house_rules.source import ROOT, modules, tree_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {canonical(re.split(r"[^\w.-]", requirement)[0]) for requirement in requirements}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(*folders: str) -> set[str]:
    """The distributions that the source imports by name."""
    known = packages_distributions()
    roots = {name.split(".")[0] for file in modules(*folders) for name in _imports(file)}
    foreign = roots - sys.stdlib_module_names - {"roobridge", "tests", "__future__"}
    return {canonical(known[root][0] if root in known else root) for root in foreign}


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def test_the_package_declares_what_it_imports_and_imports_what_it_declares() -> None:
    declared = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["redis"])
    assert imported("roobridge") == declared


def test_the_tests_declare_what_they_import() -> None:
    declared = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["dev"])
    assert imported("tests") <= declared


def test_the_lowest_python_is_one_everywhere() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(text)
    lowest = settings["tool"]["ruff"]["target-version"].removeprefix("py3")
    assert settings["project"]["requires-python"] == f">=3.{lowest}"
    pythons = [word.rpartition(" ")[2] for word in PROJECT["classifiers"] if "Python :: 3." in word]
    assert pythons[0] == f"3.{lowest}"
    assert "Python 3.11 or later" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_room_of_tests_runs_with_the_plain_command() -> None:
    """Whole clients and benchmarks run by name."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    paths = {Path(path).name for path in settings["tool"]["pytest"]["ini_options"]["testpaths"]}
    rooms = {file.relative_to(ROOT / "tests").parts[0] for file in (ROOT / "tests").rglob("test_*.py")}
    assert paths == rooms - {"e2e", "bench"}
