"""What a continuation can do with a reply that broke off."""

from __future__ import annotations

from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.agent import AgentReply
from roobridge.bridge.reply.resumption import Resumption
from roobridge.events import Content, Fail, ToolDelta, Value
from tests.oracle.outcome import join
from tests.oracle.plans import ROO_31, ROO_52, Client

HALF = "<execute_command>\n<command>make cl"


def broken(client: Client, *deltas: Delta) -> tuple[AgentReply, Resumption]:
    reply = AgentReply(client.plan())
    for delta in deltas:
        reply.feed(delta)
    resumption = reply.resumption("length")
    assert resumption is not None
    return reply, resumption


def test_it_goes_on_where_the_reply_stopped() -> None:
    reply, resumption = broken(ROO_31, Delta(content=HALF))
    assert resumption.opening.text == HALF
    assert resumption.feed(Delta(content="ean")) == [Content("ean")]
    resumption.feed(Delta(content="</command>\n</execute_command>"))
    assert resumption.done
    assert reply.done


def test_another_reading_tells_nothing_before_it_is_asked_to() -> None:
    reply, resumption = broken(ROO_31, Delta(content=HALF))
    again = resumption.read_again()
    assert again.feed(Delta(content=HALF))[-1] == Value("make cl")
    assert resumption.take([Value("e")]) == [Content("e")]
    again.feed(Delta(content="e"))
    resumption.hand_over(again, same_spelling=True)
    assert resumption.feed(Delta(content="an")) == [Content("an")]
    assert reply.said.endswith("make clean")
    assert reply.repairs == []


def test_text_beside_a_call_that_is_told_anew_is_dropped_by_name() -> None:
    begun = ToolDelta(0, "a", "execute_command", '{"command": "make cl')
    reply, resumption = broken(ROO_52, Delta(tool_calls=(begun,)), Delta(content="words"))
    again = resumption.read_again()
    again.feed(Delta(content=HALF))
    resumption.hand_over(again, same_spelling=False)
    assert reply.repairs == ["text_beside_call_dropped"]
    assert reply.open_call == "execute_command"


def test_giving_up_is_a_failure_that_names_the_call() -> None:
    reply, resumption = broken(ROO_31, Delta(content=HALF))
    resumption.note("continued")
    (fail,) = resumption.give_up("it calls list_files instead")
    assert isinstance(fail, Fail)
    assert "execute_command" in fail.message
    assert "it calls list_files instead" in fail.message
    assert join([fail], reply.repairs).repairs == ("continued",)
    assert resumption.done
