"""White space between reasoning and the first text goes; all other text stays."""

from __future__ import annotations

import pytest

from roobridge.events import Aside, CallEnd, CallStart, Event, Reasoning, Text
from roobridge.policy.first_text import FirstText


def kept(events: list[Event]) -> list[Event]:
    first = FirstText()
    fed = [first.feed(event) for event in events]
    return [event for event in fed if event is not None]


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([Text("\n\na")], [Text("\n\na")]),
        ([Reasoning("r"), Text("\n\na\n")], [Reasoning("r"), Text("a\n")]),
        ([Reasoning("r"), Text("\n"), Text(" \n"), Text("a")], [Reasoning("r"), Text("a")]),
        (
            [Reasoning("r"), Text("\n"), Reasoning("s"), Text("\na")],
            [Reasoning("r"), Reasoning("s"), Text("a")],
        ),
        ([Text("a"), Reasoning("r"), Text("\nb")], [Text("a"), Reasoning("r"), Text("\nb")]),
        ([Text("\n"), Reasoning("r"), Text("\nb")], [Text("\n"), Reasoning("r"), Text("b")]),
        ([Text("r"), Aside(), Text("\n\na")], [Text("r"), Aside(), Text("a")]),
        (
            [Reasoning("r"), CallStart("t", ""), CallEnd(), Text("\na")],
            [Reasoning("r"), CallStart("t", ""), CallEnd(), Text("\na")],
        ),
    ],
)
def test_what_stays(events: list[Event], left: list[Event]) -> None:
    assert kept(events) == left
