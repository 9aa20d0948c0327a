"""One reply: channels in their order, native calls beside text, calls in reasoning, ends."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.agent import AgentReply
from roobridge.events import Content, Fail, Finish, Length, Thought, ToolDelta
from tests.oracle.outcome import Outcome, join, pieces_of, run
from tests.oracle.plans import CLIENTS, OTHER, PLAIN, ROO_36N, ROO_41, ROO_52, Client
from tests.oracle.replies import soups

CALL = "<list_files>\n<path>.</path>\n</list_files>"
NATIVE = (ToolDelta(0, "a", "list_files", '{"path": ".", "recursive": false}'),)
WRAPPED = "<attempt_completion>\n<result>\n{}\n</result>\n</attempt_completion>"


def said(client: Client, *deltas: Delta, finish: str = "stop", wrap: Wrap = Wrap.HOLD) -> Outcome:
    return run(client.plan(wrap), deltas, finish)


def names(outcome: Outcome) -> list[str]:
    return [call.name for call in outcome.calls]


@pytest.mark.parametrize("client", [ROO_41, ROO_52, PLAIN], ids=lambda client: client.name)
def test_what_the_model_wrote_is_counted_once(client: Client) -> None:
    reply = AgentReply(client.plan(Wrap.HOLD))
    reply.feed(Delta(reasoning="Well."))
    reply.feed(Delta(content="I look."))
    reply.feed(Delta(tool_calls=NATIVE))
    call = NATIVE[0]
    assert reply.length == Length(said=7 + len(call.name + call.arguments), thought=5)


def test_what_is_thought_in_the_content_is_not_said() -> None:
    reply = AgentReply(ROO_41.plan(Wrap.HOLD))
    reply.feed(Delta(content="<think>Well.</think>Done."))
    reply.close("stop")
    assert reply.length == Length(said=len("<think></think>Done."), thought=5)


# -- the four kinds -----------------------------------------------------------------------------------------


def test_text_is_wrapped_for_agents_alone() -> None:
    words = Delta(content="All done.")
    assert said(ROO_41, words).content == WRAPPED.format("All done.")
    assert [(call.name, call.arguments) for call in said(ROO_52, words).calls] == [
        ("attempt_completion", '{"result":"All done."}')
    ]
    assert said(OTHER, words).content == said(PLAIN, words).content == "All done."


def test_a_plain_reply_passes_untouched() -> None:
    deltas = [Delta(reasoning="<think>"), Delta(content=CALL), Delta(tool_calls=NATIVE)]
    outcome = said(PLAIN, *deltas, finish="length")
    assert (outcome.reasoning, outcome.content, outcome.tool_deltas) == ("<think>", CALL, NATIVE)
    assert (outcome.finish, outcome.repairs) == ("length", ())


def test_a_call_reaches_each_protocol_in_its_own_words() -> None:
    assert said(ROO_41, Delta(content=CALL)).content == CALL
    assert names(said(ROO_52, Delta(content=CALL))) == ["list_files"]
    assert names(said(ROO_52, Delta(tool_calls=NATIVE))) == ["list_files"]
    assert "<path>.</path>" in said(ROO_41, Delta(tool_calls=NATIVE)).content


# -- channels -----------------------------------------------------------------------------------------------


def test_reasoning_passes_at_once() -> None:
    reply = AgentReply(ROO_41.plan())
    assert reply.feed(Delta(reasoning="hm")) == [Thought("hm")]


def test_a_call_in_reasoning_counts_only_where_nothing_else_was_said() -> None:
    thought = Delta(reasoning=f"I could.\n{CALL}")
    alone = said(ROO_41, thought)
    assert alone.content == CALL
    assert "call_in_reasoning" in alone.repairs
    assert said(ROO_41, thought, Delta(content="No.")).content == WRAPPED.format("No.")
    assert said(ROO_41, Delta(reasoning="I could.\n<list_files>")).fail == "degenerate"
    assert said(ROO_41, thought, finish="cut").fail
    inline = said(ROO_41, Delta(content=f"<think>I could.\n{CALL}</think>"))
    assert (inline.content, inline.repairs) == (CALL, ("call_in_reasoning",))


def test_text_beside_native_calls_keeps_its_place() -> None:
    outcome = said(ROO_52, Delta(content="First. "), Delta(tool_calls=NATIVE), Delta(content="Then."))
    assert outcome.content.split() == ["First.", "Then."]
    assert names(outcome) == ["list_files"]


def test_text_that_comes_while_a_native_call_is_open_waits() -> None:
    begin = (ToolDelta(0, "a", "list_files", '{"path": '),)
    rest = (ToolDelta(0, arguments='"."}'),)
    pieces, _ = pieces_of(
        ROO_52.plan(), [Delta(tool_calls=begin), Delta(content="words"), Delta(tool_calls=rest)]
    )
    kinds = [type(piece) for piece in pieces]
    assert kinds.index(Content) > max(at for at, kind in enumerate(kinds) if kind is ToolDelta)


def test_a_candidate_in_the_text_is_settled_when_a_native_call_comes() -> None:
    outcome = said(ROO_52, Delta(content="See <list_fi"), Delta(tool_calls=NATIVE))
    assert (outcome.content, names(outcome)) == ("See <list_fi", ["list_files"])


# -- what is open, and ends ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delta", "name"),
    [
        (Delta(content="words"), ""),
        (Delta(content="<list_files>\n<path>"), "list_files"),
        (Delta(tool_calls=(ToolDelta(0, "a", "read_file", "{"),)), "read_file"),
    ],
)
def test_the_open_call(delta: Delta, name: str) -> None:
    reply = AgentReply(ROO_52.plan())
    reply.feed(delta)
    assert reply.open_call == name


def test_an_xml_reply_is_done_with_its_first_call() -> None:
    reply = AgentReply(ROO_41.plan())
    assert reply.feed(Delta(content=CALL))[-1] == Finish("stop")
    assert reply.done
    assert reply.feed(Delta(content="more " + CALL)) == []
    assert reply.close("stop") == []
    assert reply.repairs == ["tail_dropped"]


def test_a_native_reply_goes_on_where_it_may() -> None:
    two = Delta(content=f"{CALL}\n{CALL}")
    assert names(said(ROO_52, two)) == ["list_files", "list_files"]
    assert names(said(ROO_36N, two)) == ["list_files"]


@pytest.mark.parametrize("finish", ["length", "cut", "error", "silence"])
def test_an_unfinished_call_is_an_error(finish: str) -> None:
    for client in (ROO_41, ROO_52, OTHER):
        text = "<write_to_file>\n<path>a</path>\n<content>\nhalf"
        if client is OTHER:
            text = f'<tool_call>\n{{"name": "{next(iter(client.plan().toolset.tools))}", "arguments": {{"'
        assert said(client, Delta(content=text), finish=finish).fail == "unfinished_call"


def test_nothing_is_repaired_after_a_failure() -> None:
    text = "<execute_command>\n<command>echo </command> x</command>\n</execute_command>\n</execute_command>\n"
    outcome = said(ROO_41, Delta(content=text))
    assert (outcome.fail, outcome.repairs) == ("misread_call", ())


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
@pytest.mark.parametrize("deltas", [[], [Delta()], [Delta(content="")]], ids=["none", "empty", "blank"])
def test_a_reply_of_nothing_has_an_ending(client: Client, deltas: list[Delta]) -> None:
    outcome = said(client, *deltas)
    assert outcome.fail == ("degenerate" if client.agent else "")
    assert outcome.content == ""


def test_ids_are_told_apart_by_turn() -> None:
    pieces = AgentReply(ROO_52.plan(), "turn7").feed(Delta(content="<list_files>\n<path>."))
    assert pieces[0] == ToolDelta(0, "turn7_0", "list_files")


def test_characters_are_counted() -> None:
    reply = AgentReply(ROO_41.plan())
    for at in range(50):
        reply.feed(Delta(content=f"line {at}\n"))
    assert 0 < reply.examined < 1000


channels = st.sampled_from(["reasoning", "content", "call"])


def _deltas(parts: Iterable[tuple[str, str]]) -> list[Delta]:
    out: list[Delta] = []
    for at, (channel, text) in enumerate(parts):
        if channel == "call":
            out.append(Delta(tool_calls=(ToolDelta(at, f"id{at}", "list_files", '{"path": "."}'),)))
        else:
            out.append(Delta(reasoning=text) if channel == "reasoning" else Delta(content=text))
    return out


@given(
    st.lists(st.tuples(channels, soups()), max_size=5),
    st.sampled_from(list(CLIENTS.values())),
    st.sampled_from(list(Wrap)),
    st.sampled_from(["stop", "length", "cut"]),
)
def test_every_mixture_of_channels_has_one_ending(
    parts: list[tuple[str, str]], client: Client, wrap: Wrap, finish: str
) -> None:
    pieces, reply = pieces_of(client.plan(wrap), _deltas(parts), finish)
    outcome = join(pieces, reply.repairs)
    assert bool(outcome.finish) != bool(outcome.fail)
    assert reply.done
    assert sum(isinstance(piece, (Finish, Fail)) for piece in pieces) == 1


def test_a_plan_without_a_completion_wraps_nothing() -> None:
    plan = Plan(ClientKind.NATIVE_OTHER, OTHER.plan().toolset)
    assert run(plan, [Delta(content="words")]).content == "words"


@pytest.mark.parametrize(
    ("deltas", "said", "tried"),
    [
        ([Delta(content="All is done.")], "All is done.", ""),
        (
            [Delta(content="I look.\n<tool_call>\n{"), Delta(reasoning="hm")],
            "I look.\n<tool_call>\n{",
            "",
        ),
        (
            [Delta(content="I look."), Delta(tool_calls=(ToolDelta(0, "a", "grep", '{"x": 1}'),))],
            'I look.\n<tool_call>\n{"name": "grep", "arguments": {"x": 1}}\n</tool_call>',
            "grep",
        ),
        (
            [Delta(tool_calls=(ToolDelta(0, "a", "execute_command", '{"command": "l'),))],
            "<tool_call>\n<function=execute_command>\n<parameter=command>\nl",
            "execute_command",
        ),
    ],
)
def test_what_the_model_said_and_tried(deltas: list[Delta], said: str, tried: str) -> None:
    reply = AgentReply(ROO_41.plan())
    for delta in deltas:
        reply.feed(delta)
    if tried != "execute_command":
        reply.close("stop")
    assert (reply.said, reply.tried) == (said, tried)
