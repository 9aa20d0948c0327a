"""The READMEs in their parts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from tests.house_rules.source import ROOT


class Readme(msgspec.Struct, frozen=True):
    """The README.md of one folder. folder: as seen from the top; empty for the top itself."""

    folder: str = ""

    @property
    def name(self) -> str:
        return f"{self.folder}/README.md".lstrip("/")

    @property
    def file(self) -> Path:
        return ROOT / self.name

    @property
    def text(self) -> str:
        return _read(self.file)

    def blocks(self, language: str) -> list[str]:
        """The contents of the fenced blocks of a language."""
        fenced = re.findall(r"^```(\w*)\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        return [content for found, content in fenced if found == language]

    def section(self, heading: str) -> str:
        """What stands under a heading of the second level; before the first one, where none is named."""
        if not heading:
            return self.text.partition("\n## ")[0]
        _, _, rest = self.text.partition(f"\n## {heading}\n")
        assert rest, f"{self.name} has no section {heading!r}"
        return rest.partition("\n## ")[0]

    def table(self, heading: str, first: str) -> list[list[str]]:
        """The rows, as their cells, of the table in a section whose first column is called `first`."""
        lines = iter(self.section(heading).splitlines())
        for line in lines:
            if _cells(line)[:1] == [first]:
                break
        next(lines, "")
        rows: list[list[str]] = []
        for line in lines:
            if not line.startswith("|"):
                break
            rows.append(_cells(line))
        assert rows, f"{self.name} has no table of {first!r} under {heading!r}"
        return rows

    def anchors(self) -> set[str]:
        """What a link may name behind its `#`."""
        headings = re.findall(r"^#+ (.*)$", self.text, re.MULTILINE)
        return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}

    def links(self) -> Iterator[tuple[str, str]]:
        """Each link to a place in the project: the file, as seen from this one's folder, and the anchor."""
        for target in re.findall(r"\]\(([^)\s]+)\)", self.text):
            if "://" not in target:
                file, _, anchor = target.partition("#")
                yield file, anchor


TOP = Readme()
COMMANDS = Readme("roobridge/cli")
SERVICE = Readme("roobridge/service")
UPSTREAMS = Readme("roobridge/upstream")
BRIDGE = Readme("roobridge/bridge")
DIALECTS = Readme("roobridge/dialects")
MACHINE = Readme("roobridge/parser")
GRAMMAR = Readme("grammar")
DEPLOYING = Readme("deploy")
SETUP = Readme("deploy/clients")
WATCHING = Readme("deploy/prometheus")
FIXTURES = Readme("fixtures")
LAWS = Readme("tests/laws")
CLIENTS = Readme("tests/e2e")
SPEED = Readme("tests/bench")
ALL = (
    TOP,
    DEPLOYING,
    SETUP,
    WATCHING,
    COMMANDS,
    SERVICE,
    UPSTREAMS,
    BRIDGE,
    DIALECTS,
    MACHINE,
    GRAMMAR,
    FIXTURES,
    LAWS,
    CLIENTS,
    SPEED,
)


@cache
def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def word(cell: str) -> str:
    """The word between the backticks of a cell, or empty."""
    found = re.search(r"`([^`]*)`", cell)
    return found[1] if found else ""
