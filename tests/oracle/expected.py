"""What a scenario's call must look like in the client's hands."""

from __future__ import annotations

from typing import Any

from tests.oracle.dialect_writer import plain
from tests.oracle.outcome import Outcome
from tests.oracle.plans import Client
from tests.oracle.replies import Call
from tests.oracle.roo_reader import js_trim, tool_uses

COMPUTED = "line_count"
ZWSP = "\u200b"


def delivered(client: Client, outcome: Outcome) -> list[tuple[str, dict[str, Any]]]:
    """Calls as the client reads them, computed parameters left out."""
    if client.xml:
        uses = tool_uses(client.read(outcome.content))
        calls: list[tuple[str, dict[str, Any]]] = [(use.name, dict(use.params)) for use in uses]
    else:
        calls = [(call.name, call.parsed) for call in outcome.calls]
    return [(name, {k: v for k, v in params.items() if k != COMPUTED}) for name, params in calls]


def agree(client: Client, call: Call, got: tuple[str, dict[str, Any]]) -> bool:
    """The call came through: content to the letter, other values but for white space at their ends.

    In an XML reply booleans are words, and a value may hold the zero-width space that keeps it whole.
    """
    name, params = got
    if name != call.name or params.keys() != call.params.keys():
        return False
    return all(_same(client, key, call.params[key], params[key]) for key in call.params)


def _same(client: Client, key: str, wanted: object, got: object) -> bool:
    if isinstance(wanted, bool) and not client.xml:
        return wanted is got
    assert isinstance(wanted, str | bool)
    text = plain(wanted)
    if not isinstance(got, str):
        return False
    if key == "content":
        return got == text
    return js_trim(got) in (js_trim(text), js_trim(text.replace("</", f"<{ZWSP}/")))
