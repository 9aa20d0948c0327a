from __future__ import annotations

import pytest

from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.agent import AgentReply
from roobridge.bridge.reply.unfinished import OpenCall, as_text, open_call
from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Form,
    Markup,
    ParamEnd,
    ParamStart,
    Text,
    ToolDelta,
    Value,
)
from roobridge.spelling.dialect import Given
from tests.oracle.dialect_writer import hermes, qwen, roo_xml
from tests.oracle.plans import OTHER, PLAIN, ROO_31, ROO_52, Client
from tests.oracle.unfinished import opening_of

WRITE = {"path": "a.py", "content": "one\ntwo\n"}
ABNORMAL = ["length", "error", "silence", "cut"]


def reply(client: Client, *deltas: Delta | str) -> AgentReply:
    reply = AgentReply(client.plan())
    for delta in deltas:
        reply.feed(Delta(content=delta) if isinstance(delta, str) else delta)
    return reply


def test_the_call_that_events_leave_open() -> None:
    whole: list[Event] = [CallStart("a", "d"), ParamStart("p"), Value("x"), ParamEnd(), CallEnd()]
    begun: list[Event] = [
        CallStart("b", "d"),
        ParamStart("p", Form.JSON),
        Value("1"),
        ParamEnd(),
        ParamStart("q"),
        Markup("\n"),
    ]
    params = (Given("p", "1", closed=True), Given("q", "", closed=False))
    assert open_call([Text("t"), *whole, *begun]) == OpenCall("b", "d", params, before=1, lead=True)
    assert open_call(whole) is None
    assert open_call([]) is None


def test_calls_as_text() -> None:
    begun: list[Event] = [
        CallStart("write", "native"),
        ParamStart("path"),
        Value("a"),
        ParamEnd(),
        ParamStart("content"),
    ]
    text = as_text([*begun, Value("x\n"), Value("y")])
    assert text == (
        "<tool_call>\n<function=write>\n<parameter=path>\na\n</parameter>\n<parameter=content>\nx\ny"
    )
    assert (
        as_text([CallStart("list", ""), CallEnd()])
        == "<tool_call>\n<function=list>\n</function>\n</tool_call>"
    )


@pytest.mark.parametrize("finish", [*ABNORMAL, "stop"])
@pytest.mark.parametrize("client", [ROO_31, ROO_52], ids=["xml", "native"])
def test_a_call_that_would_do_harm_is_open(client: Client, finish: str) -> None:
    text = "I write.\n" + roo_xml("write_to_file", WRITE)[:-30]
    opening = opening_of(reply(client, text), finish)
    assert opening is not None
    assert opening.call is not None
    assert opening.call.params[0] == Given("path", "a.py", closed=True)
    assert (opening.text, opening.told, opening.escaped) == (text, False, False)


@pytest.mark.parametrize("finish", [*ABNORMAL, "stop"])
def test_a_call_of_any_client_is_open(finish: str) -> None:
    text = '<tool_call>\n{"name": "run_shell_command", "arguments": {"command": "rm -r build'
    opening = opening_of(reply(OTHER, text), finish)
    assert opening is not None
    assert opening.escaped
    assert opening.call is not None
    assert opening.call.param == Given("command", "rm -r build", closed=False)


def test_what_was_received_is_the_text_of_a_call_told_in_deltas() -> None:
    begun = ToolDelta(0, "call_1", "write_to_file", '{"path": "a.py", "content": "one\\nt')
    opening = opening_of(reply(ROO_52, "I write.", Delta(tool_calls=(begun,))), "length")
    assert opening is not None
    assert opening.told
    assert opening.text == "I write.\n" + qwen("write_to_file", {**WRITE, "content": "one\nt"})[:-38]


@pytest.mark.parametrize("finish", ["content_filter", "stop"])
def test_an_answer_that_is_short_for_no_mendable_reason_is_not_open(finish: str) -> None:
    assert opening_of(reply(ROO_31, "The answer"), finish) is None


@pytest.mark.parametrize(
    "text",
    [
        "<attempt_completion>\n<result>\nDone",
        "<read_file>\n<args><file><path>a.py</path></file></args>",
        "I read.\n<read_file>\n<args><file><path>a.py</pa",
    ],
)
def test_what_does_no_harm_when_short_is_closed_at_a_normal_end(text: str) -> None:
    assert opening_of(reply(ROO_31, text), "stop") is None
    assert opening_of(reply(ROO_31, text), "length") is not None


@pytest.mark.parametrize("finish", ABNORMAL)
def test_text_of_agents_is_open_at_an_abnormal_end(finish: str) -> None:
    opening = opening_of(reply(ROO_31, "The answer <wri"), finish)
    assert opening is not None
    assert (opening.call, opening.begun) == (None, "<wri")
    assert opening_of(reply(ROO_31, "..."), finish) is None
    assert opening_of(reply(ROO_31, Delta(reasoning="I think")), finish) is None
    assert opening_of(reply(OTHER, "The answer"), finish) is None
    assert opening_of(reply(PLAIN, "The answer"), finish) is None


@pytest.mark.parametrize("client", [ROO_31, ROO_52], ids=["xml", "native"])
def test_a_whole_call_leaves_nothing_open(client: Client) -> None:
    for spell in (roo_xml, qwen, hermes):
        assert opening_of(reply(client, spell("write_to_file", WRITE) + "\n\nmore"), "length") is None


def test_what_is_text_and_nothing_else() -> None:
    assert reply(ROO_31, "Done with ", "it.").lone_text("stop") == "Done with it."
    assert reply(ROO_31, "Done.").lone_text("length") == ""
    assert reply(ROO_31, "...").lone_text("stop") == ""
    assert reply(OTHER, "Done.").lone_text("stop") == ""
    assert (
        reply(ROO_31, "```json\n" + '{"name": "read_file", "arguments": {"path": "a"}}').lone_text("stop")
        == ""
    )
    assert reply(ROO_52, Delta(tool_calls=(ToolDelta(0, "c", "read_file"),))).lone_text("stop") == ""
