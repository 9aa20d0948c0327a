"""What each client gets done with each upstream, with the bridge and without.

`python -m tests.e2e.matrix` writes the table into the README.md beside this file, between its markers. The
end-to-end tests hold every run to its row here, and print what they measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.e2e.scenario import Dialect
from tests.house_rules.marked import Marked

PLACE = Marked(Path(__file__).resolve().parent / "README.md", "matrix")

CLINE = "cline 2.18.0, XML"
QWEN_CODE = "qwen-code 0.24.4, native"
KILO = "Kilo 7.7.9, native"
ROO_XML = "Roo 3.31 rules, XML"
ROO_NATIVE = "Roo 3.52 rules, native"


class Outcome(msgspec.Struct, frozen=True):
    """written: byte for byte. completed: the client told the user the model's closing words. turns: requests
    that the client made."""

    written: bool
    edited: bool
    ran: bool
    completed: bool
    turns: int


class Row(msgspec.Struct, frozen=True):
    """One run. bridged: through the bridge, else the client speaks to the upstream itself."""

    client: str
    dialect: Dialect
    bridged: bool
    outcome: Outcome


_ALL = Outcome(written=True, edited=True, ran=True, completed=True, turns=4)
_ONE_MORE = Outcome(written=True, edited=True, ran=True, completed=True, turns=5)


def _nothing(turns: int) -> Outcome:
    return Outcome(written=False, edited=False, ran=False, completed=False, turns=turns)


# Without the bridge. An agent that meets text alone asks again: once for the closing words, or until it gives
# up where every call is text to it. chat.qwen.ai has no OpenAI API, so nobody speaks to it directly.
_ALONE = {
    CLINE: {
        Dialect.DASHSCOPE: _ONE_MORE,
        Dialect.QWEN_TEXT: _nothing(1),
        Dialect.HERMES_TEXT: _nothing(1),
    },
    QWEN_CODE: {
        Dialect.DASHSCOPE: _ALL,
        Dialect.QWEN_TEXT: _nothing(1),
        Dialect.HERMES_TEXT: _nothing(1),
    },
    KILO: {
        Dialect.DASHSCOPE: _ALL,
        Dialect.QWEN_TEXT: _nothing(1),
        Dialect.HERMES_TEXT: _nothing(1),
    },
    ROO_XML: {
        Dialect.DASHSCOPE: _ONE_MORE,
        Dialect.QWEN_TEXT: _nothing(3),
        Dialect.HERMES_TEXT: _nothing(3),
    },
    ROO_NATIVE: {
        Dialect.DASHSCOPE: _ONE_MORE,
        Dialect.QWEN_TEXT: _nothing(3),
        Dialect.HERMES_TEXT: _nothing(3),
    },
}


def expected(client: str) -> list[Row]:
    """The rows of one client."""
    bridged = [Row(client, dialect, True, _ALL) for dialect in Dialect]
    return bridged + [Row(client, dialect, False, outcome) for dialect, outcome in _ALONE[client].items()]


def table(rows: Iterable[Row]) -> str:
    """The rows in Markdown: a line for a client and an upstream, in each cell with and without the bridge."""
    runs: dict[tuple[str, Dialect], dict[bool, Outcome]] = {}
    for row in rows:
        runs.setdefault((row.client, row.dialect), {})[row.bridged] = row.outcome
    lines = [
        "| client | upstream | file | edit | command | completed | turns |",
        "|---|---|---|---|---|---|---|",
    ]
    for (client, dialect), outcomes in runs.items():
        pairs = zip(_cells(outcomes.get(True)), _cells(outcomes.get(False)), strict=True)
        lines.append(" | ".join([f"| {client}", dialect.value, *(" / ".join(pair) for pair in pairs)]) + " |")
    return "\n".join(lines)


def _cells(outcome: Outcome | None) -> list[str]:
    """File, edit, command, completed, turns; a dash each where there was no run."""
    if outcome is None:
        return ["\u2013"] * 5
    done = (outcome.written, outcome.edited, outcome.ran, outcome.completed)
    return [*("yes" if each else "**no**" for each in done), str(outcome.turns)]


def expected_table() -> str:
    """The whole table that the README shows."""
    return table(row for client in _ALONE for row in expected(client))


def main() -> None:
    """Write the table. Exits with a message where the README or its markers are missing."""
    PLACE.write(expected_table())


if __name__ == "__main__":
    main()
