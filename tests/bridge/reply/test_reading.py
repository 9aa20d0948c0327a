"""The model's half of a reply: what is kept of it, and the two ways in that must agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reading import Reading
from roobridge.events import CallEnd, CallStart, Event, Text, ToolDelta, Value
from tests.oracle.plans import AGENTS, ROO_52, Client
from tests.oracle.replies import soups

BEGUN = ToolDelta(0, "a", "list_files", '{"path": ')
REST = ToolDelta(0, arguments='"."}')


@given(st.lists(soups(), max_size=4), st.sampled_from(AGENTS))
def test_text_that_flows_is_text_that_is_read(pieces: list[str], client: Client) -> None:
    one, other = Reading(client.plan()), Reading(client.plan())
    for piece in pieces:
        if piece:
            event = one.flow(piece)
            events = [event] if event is not None else one.read(piece)
            assert events == other.feed(Delta(content=piece))
    assert one.length == other.length == sum(map(len, pieces))
    assert one.close(normal=True) == other.close(normal=True)


def test_content_waits_while_a_native_call_is_open() -> None:
    reading = Reading(ROO_52.plan())
    assert reading.read_call(BEGUN) == [CallStart("list_files", "native", id="a")]
    assert reading.flow("words") is None
    assert reading.read("words") == []
    assert reading.has_waiting
    events = reading.read_call(REST)
    assert [type(event) for event in events[-2:]] == [CallEnd, Text]
    assert not reading.has_waiting


def test_a_value_of_a_native_call_flows() -> None:
    reading = Reading(ROO_52.plan())
    reading.read_call(BEGUN)
    reading.read_call(ToolDelta(0, arguments='"a'))
    assert reading.flow_call(ToolDelta(0, arguments="b")) == "b"
    assert reading.flow_call(REST) == ""
    assert reading.length == len("list_files" + BEGUN.arguments + '"ab')


def test_one_becomes_another_with_all_that_it_has_read() -> None:
    reading = Reading(ROO_52.plan())
    reading.feed(Delta(content="I list.\n", tool_calls=(BEGUN,)))
    other = reading.anew(reasoned=False)
    assert (other.length, other.open_call) == (0, "")
    events: list[Event] = other.feed(Delta(content="<list_files>\n<path>src"))
    reading.become(other)
    assert events[-1] == Value("src")
    assert (reading.open_call, reading.has_calls) == ("list_files", False)
    assert reading.heard(reasoned=False).text == "<list_files>\n<path>src"
