"""A text read by the machine, as calls with their parameters."""

from __future__ import annotations

from roobridge.events import CallEnd, CallStart, Event, Text
from tests.jsontext.json_texts import params_of, repairs_of
from tests.parser.machine import read

Said = tuple[str, str, dict[str, str]]  # dialect, tool, parameters as characters


def said(text: str, *, normal: bool = True) -> tuple[list[Said], str, list[str]]:
    """Calls, the text around them, and the repairs; the same at any cutting."""
    events = read([text], normal=normal)[0]
    assert read(text, normal=normal)[0] == events
    calls: list[Said] = []
    inside: list[Event] = []
    for event in events:
        if isinstance(event, CallStart):
            inside = []
        inside.append(event)
        if isinstance(event, CallEnd):
            start = inside[0]
            assert isinstance(start, CallStart)
            params = {name: value for name, _, value in params_of(inside)}
            calls.append((start.dialect, start.name, params))
    words = "".join(event.text for event in events if isinstance(event, Text))
    return calls, words, repairs_of(events)
