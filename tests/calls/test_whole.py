"""Texts that are JSON calls and nothing else, and the watch over one that still comes."""

from __future__ import annotations

import pytest

from roobridge.calls.whole import Probe, whole_calls
from roobridge.events import CallStart
from tests.jsontext.json_texts import repairs_of
from tests.parser.machine import TOOLSET

LISTED = '{"name": "list_files", "arguments": {"path": "."}}'
OTHER = '{"name": "list_files", "arguments": {"path": "lib"}}'


@pytest.mark.parametrize(
    ("body", "calls", "repairs"),
    [
        (LISTED, 1, []),
        (f"\n{LISTED}\n{OTHER}\n", 2, []),
        (f"[{LISTED}, {OTHER}]", 2, ["json_array_of_calls"]),
        (f"```json\n{LISTED}\n```", 1, ["fenced_call"]),
        (f"[{LISTED}", 0, []),
        (f"{LISTED} so", 0, []),
        (f'{LISTED}\n{{"name": "list_files", "arguments": {{}}}}', 0, []),
        ("[]", 0, []),
        ("", 0, []),
    ],
)
def test_whole_calls(body: str, calls: int, repairs: list[str]) -> None:
    events = whole_calls(body, TOOLSET.tools, "fenced-json", ("name",))
    assert sum(isinstance(event, CallStart) for event in events) == calls
    assert repairs_of(events) == repairs


@pytest.mark.parametrize(
    ("text", "dead", "calls"),
    [
        (LISTED, False, 1),
        (f"[\n{LISTED},\n{OTHER}]\n", False, 2),
        ('{"name": "list_files", "arg', False, 0),
        ('{"name": "nobody", "age": 3}', True, 0),
        ('{"rows": [1, 2', True, 0),
        ("{[", True, 0),
    ],
)
def test_a_probe_says_whether_a_call_may_come(text: str, dead: bool, calls: int) -> None:
    for pieces in ([text], list(text)):
        probe = Probe(TOOLSET.tools, ("name",), bare=True)
        rest = ""
        for piece in pieces:
            rest += piece
            rest = rest[probe.read(rest, 0) :]
        assert (probe.dead, probe.calls) == (dead, calls)


def test_a_probe_stops_before_what_belongs_to_no_call() -> None:
    probe = Probe(TOOLSET.tools, ("name",), bare=True)
    assert probe.read(f"{LISTED}\nSo.", 0) == len(LISTED) + 1
    assert probe.between
    assert not probe.dead
