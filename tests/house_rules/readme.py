"""README.md in its parts."""

from __future__ import annotations

import re
from functools import cache

from tests.house_rules.source import ROOT


@cache
def text() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The contents of the fenced blocks of a language."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text(), re.MULTILINE | re.DOTALL)
    return [content for found, content in fenced if found == language]


def section(heading: str) -> str:
    """What stands under a heading of the second level."""
    _, _, rest = text().partition(f"\n## {heading}\n")
    assert rest, f"README.md has no section {heading!r}"
    return rest.partition("\n## ")[0]


def table(heading: str, first: str) -> list[list[str]]:
    """The rows, as their cells, of the table in a section whose first column is called `first`."""
    lines = iter(section(heading).splitlines())
    for line in lines:
        if _cells(line)[:1] == [first]:
            break
    next(lines)
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(_cells(line))
    assert rows, f"README.md has no table of {first!r} under {heading!r}"
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def word(cell: str) -> str:
    """The word between the backticks of a cell, or empty."""
    found = re.search(r"`([^`]*)`", cell)
    return found[1] if found else ""
