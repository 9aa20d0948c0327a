"""Examples, fences, and the completion without its parameter."""

from __future__ import annotations

import pytest

from roobridge.events import CallEnd, CallStart, Event, ParamEnd, ParamStart, Repaired, Text, Value
from roobridge.parser.actions.block import fence_body
from tests.parser.machine import Traced, merged, read

CALL = "<list_files>\n<path>.</path>\n</list_files>"


@pytest.mark.parametrize(
    ("whole", "body", "closed"),
    [
        ("```json\n{}\n```", "{}", True),
        ("```json\n{}\n```\n \n", "{}", True),
        ("```json\n{}\n````", "{}", True),
        ("````json\n{}\n```", "{}\n```", False),
        ("```json\n{}\n~~~", "{}\n~~~", False),
        ("```json\n{}", "{}", False),
        ("```json\n```", "", True),
        ("```json", "", False),
        ("```json\n\n{}\n\n  ```  ", "\n{}\n", True),
    ],
)
def test_the_body_of_a_fence(whole: str, body: str, closed: bool) -> None:
    assert fence_body(whole) == (body, closed)


def gathered(inside: str) -> str:
    text = f"<attempt_completion>{inside}</attempt_completion>"
    events = read([text])[0]
    assert read(text)[0] == events
    assert events[0] == Repaired("completion_without_parameter")
    assert [type(event) for event in events[1:]] == [CallStart, ParamStart, Value, ParamEnd, CallEnd]
    [value] = [event.text for event in events if isinstance(event, Value)]
    return value


@pytest.mark.parametrize(
    ("inside", "result"),
    [
        ("Done.", "Done."),
        ("\nDone.\n\nAll of it.\n", "Done.\n\nAll of it."),
        ("Done: <result>all</result>.", "Done: all."),
        ("Done: <result>all", "Done: all"),
        ("Done <list_files><path>.</path></list_files>", "Done <list_files><path>.</path></list_files>"),
    ],
)
def test_a_completion_without_its_parameter_is_gathered(inside: str, result: str) -> None:
    assert gathered(inside) == result


def test_one_whose_end_never_comes_is_read_again() -> None:
    text = f"<attempt_completion>Done.\n\n{CALL}"
    for pieces in ([text], list(text)):
        events, parser = read(pieces)
        assert [event.name for event in events if isinstance(event, CallStart)] == ["list_files"]
        assert "".join(event.text for event in events if isinstance(event, Text)) == text.removesuffix(CALL)
        assert parser.examined <= 6 * len(text)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (f"See:\n\n```\n{CALL}\n```", "See:\n\n"),
        (f"See:\n\n```xml\n{CALL}\n```\n\n", "See:\n\n"),
        ("See:\n\n> <list_files><path>.</path></list_files>", "See:\n\n> "),
        (f"See:\n\n    {CALL}", "See:\n\n    "),
    ],
)
def test_an_example_at_the_end_is_the_call(text: str, before: str) -> None:
    for pieces in ([text], list(text)):
        events, _ = read(pieces)
        assert [event.name for event in events if isinstance(event, CallStart)] == ["list_files"]
        assert [event.name for event in events if isinstance(event, Repaired)] == ["fenced_call"]
        assert "".join(event.text for event in events if isinstance(event, Text)) == before
        cut, _ = read(pieces, normal=False)
        assert not [event for event in cut if isinstance(event, CallStart)]


@pytest.mark.parametrize("tail", ["\n```\nand more", "x", "\n</path>\n```"])
def test_an_example_that_something_follows_is_text(tail: str) -> None:
    text = f"```\n{CALL}{tail}"
    for pieces in ([text], list(text)):
        events, _ = read(pieces)
        assert "".join(event.text for event in events if isinstance(event, Text)) == text
        assert not [event for event in events if isinstance(event, CallStart)]


def test_no_event_of_an_example_is_given_before_its_fate_is_known() -> None:
    parser = Traced()
    given: list[Event] = []
    for char in f"See:\n```\n{CALL}\n```\n":
        given += parser.feed(char)
    assert merged(given) == [Text("See:\n")]
    assert CallStart("list_files", "roo-xml", "<list_files>") in parser.close(normal=True)
