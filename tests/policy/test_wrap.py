"""The stages of a reply as a table, and what each policy makes of text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.events import (
    Aside,
    Break,
    CallEnd,
    CallStart,
    Complete,
    Event,
    Outcome,
    ParamEnd,
    ParamStart,
    Preview,
    Reasoning,
    Repaired,
    Text,
    Undeclared,
    Undeliverable,
    Unfinished,
    Value,
)
from roobridge.policy.waiting import Held, HeldLive, HeldPreview
from roobridge.policy.wrap import Stage, Wrapper, does_not_fit
from tests.oracle.roo_reader import utf16_length
from tests.parser.machine import TOOLSET

_U, _C, _B, _S, _O = Stage.UNDECIDED, Stage.CALL, Stage.BETWEEN, Stage.SKIPPING, Stage.OVER

START = CallStart("list_files", "roo-xml")
COMPLETION: list[Event] = [
    CallStart("attempt_completion", "roo-xml"),
    ParamStart("result"),
    Value("Done."),
    ParamEnd(),
    CallEnd(),
]
CALL: list[Event] = [START, ParamStart("path"), Value("."), ParamEnd(), CallEnd()]
BEFORE: dict[Stage, list[Event]] = {
    _U: [],
    _C: [START],
    _B: CALL,
    _S: [*CALL, COMPLETION[0], *COMPLETION[1:3]],
    _O: [*COMPLETION],
}


def wrapper(policy: type[Held] | None = Held, *, several: bool = True) -> Wrapper:
    return Wrapper(TOOLSET, policy() if policy else None, {}, several=several)


def outcome(
    events: list[Event], finish: str = "stop", *, held: type[Held] | None = Held, several: bool = True
) -> list[Outcome]:
    wrap = wrapper(held, several=several)
    out: list[Outcome] = []
    for event in events:
        out += wrap.feed([event])
    return out + wrap.close(finish, normal=finish == "stop")


def wrapped(text: str, head: str = "") -> list[Outcome]:
    out: list[Outcome] = [Text(head)] if head else []
    out += [CallStart("attempt_completion", ""), ParamStart("result"), Value(text), ParamEnd(), CallEnd()]
    return [*out, Complete(called=True)]


# Stage, an event, the stage after it, and what goes out at once.
STAGES: list[tuple[Stage, Event, Stage, list[Outcome]]] = [
    (_U, Text("a"), _U, []),
    (_U, Break(), _U, []),
    (_U, Aside(), _U, []),
    (_U, Reasoning("r"), _U, [Reasoning("r")]),
    (_U, Repaired("x"), _U, [Repaired("x")]),
    (_U, START, _C, [START]),
    (_U, Unfinished(), _U, [Unfinished()]),
    (_C, Value("a"), _C, [Value("a")]),
    (_C, Reasoning("r"), _C, [Reasoning("r")]),
    (_C, CallEnd(), _B, [CallEnd()]),
    (_C, Unfinished("p"), _C, [Unfinished("p")]),
    (_B, Text(" \n"), _B, []),
    (_B, Text("a \n"), _B, [Text("a")]),
    (_B, Break(), _B, []),
    (_B, START, _C, [START]),
    (_B, Reasoning("r"), _B, [Reasoning("r")]),
    (_S, Value("a"), _S, []),
    (_S, Repaired("x"), _S, [Repaired("x")]),
    (_S, CallEnd(), _B, []),
    (_O, Text(" \n"), _O, []),
    (_O, Text("a"), _O, [Repaired("tail_dropped")]),
    (_O, START, _O, [Repaired("tail_dropped")]),
    (_O, Reasoning("r"), _O, []),
    (_O, Unfinished(), _O, []),
]


@pytest.mark.parametrize(("stage", "event", "after", "given"), STAGES)
def test_an_event_in_a_stage(stage: Stage, event: Event, after: Stage, given: list[Outcome]) -> None:
    wrap = wrapper()
    wrap.feed(BEFORE[stage])
    assert wrap.stage is stage
    assert wrap.feed([event]) == given
    assert wrap.stage is after


def test_every_stage_is_in_the_table() -> None:
    assert {stage for stage, _, _, _ in STAGES} == {after for _, _, after, _ in STAGES} == set(Stage)


# -- ends ---------------------------------------------------------------------------------------------------

ANSWER: list[Event] = [Text("The "), Text("answer.")]


@pytest.mark.parametrize(
    ("held", "shown"), [(Held, []), (HeldPreview, [Preview("The "), Preview("answer.")]), (HeldLive, [])]
)
def test_text_that_stayed_alone_is_wrapped(held: type[Held], shown: list[Outcome]) -> None:
    assert outcome(ANSWER, held=held) == [*shown, *wrapped("The answer.")]


def test_live_lets_finished_blocks_go() -> None:
    events: list[Event] = [Text("One.\n\n"), Break(), Text("Two.\n\n"), Break(), Text("***")]
    assert outcome(events, held=HeldLive) == [Text("One.\n\n"), *wrapped("Two.\n\n***")]


@pytest.mark.parametrize("held", [Held, HeldPreview, HeldLive])
def test_text_before_a_call_goes_out_with_it(held: type[Held]) -> None:
    out = [it for it in outcome([*ANSWER, *CALL], held=held) if not isinstance(it, Preview)]
    assert out == [Text("The answer."), *CALL, Complete(called=True)]


def test_a_client_that_needs_no_call_gets_text_as_it_comes() -> None:
    assert outcome(ANSWER, held=None) == [*ANSWER, Complete(called=False)]
    assert outcome(ANSWER, "length", held=None) == [*ANSWER, Complete(called=False, cut=True)]
    assert outcome([], held=None) == [Complete(called=False)]


@pytest.mark.parametrize(
    ("events", "finish", "held", "code"),
    [
        ([], "stop", Held, "degenerate"),
        ([Text("...")], "stop", Held, "degenerate"),
        ([Text("...")], "length", Held, "degenerate"),
        ([Reasoning("thought")], "stop", Held, "degenerate"),
        ([Text("thought"), Aside()], "stop", Held, "degenerate"),
        ([COMPLETION[0], CallEnd()], "stop", Held, "degenerate"),
        (ANSWER, "length", Held, "unfinished_text"),
        (ANSWER, "cut", HeldLive, "unfinished_text"),
        (ANSWER, "error", HeldPreview, "unfinished_text"),
        (ANSWER, "silence", None, "broken_off"),
        ([START, Unfinished()], "stop", Held, "unfinished_call"),
        ([START, Unfinished()], "stop", None, "unfinished_call"),
        ([*CALL, START, Unfinished()], "length", Held, "unfinished_call"),
        ([COMPLETION[0], Unfinished()], "cut", Held, "unfinished_call"),
        ([Text("<tool_"), Text("call>\n{")], "stop", Held, "unreadable_call"),
        ([Text("<tool_"), Text("call>\n{")], "stop", HeldPreview, "unreadable_call"),
        ([Text("<tool_"), Text("call>\n{")], "stop", HeldLive, "unreadable_call"),
        ([Text("<tool_call>\n{\n\n"), Break(), Text("And so on.")], "stop", HeldLive, "unreadable_call"),
        ([Text("I `look"), Undeclared("x", name="grep_repo")], "stop", Held, "unreadable_call"),
        ([Text("<tool_call>\n{")], "length", Held, "unfinished_text"),
    ],
)
def test_what_cannot_be_delivered(
    events: list[Event], finish: str, held: type[Held] | None, code: str
) -> None:
    last = outcome(events, finish, held=held)[-1]
    assert isinstance(last, Undeliverable)
    assert last.code == code
    assert last.message.startswith("The model's ")


def test_a_failure_names_the_call() -> None:
    last = outcome([START, Unfinished()])[-1]
    assert isinstance(last, Undeliverable)
    assert "list_files" in last.message


ATTEMPT = '<tool_call>\n{"name": "%s", "arguments": {\n</tool_call>'


@pytest.mark.parametrize(
    ("name", "says"), [("list_files", "in a form that"), ("grep_repo", "is none of the")]
)
def test_an_attempt_is_shown(name: str, says: str) -> None:
    last = outcome([Text("I look.\n"), Text(ATTEMPT % name)])[-1]
    assert isinstance(last, Undeliverable)
    assert name in last.message
    assert says in last.message
    assert last.message.endswith(" ".join((ATTEMPT % name).split()))


def test_an_attempt_beside_a_call_is_text() -> None:
    assert outcome([Text(ATTEMPT % "grep_repo"), *CALL])[-1] == Complete(called=True)
    undeclared = Undeclared("alien", name="grep_repo")
    assert outcome([undeclared, *CALL]) == [Text("alien"), *CALL, Complete(called=True)]


def test_what_was_set_aside_is_no_attempt() -> None:
    events = [Text(ATTEMPT % "grep_repo"), Aside(), *ANSWER]
    assert outcome(events) == [Reasoning(ATTEMPT % "grep_repo"), *wrapped("The answer.")]


def test_a_client_that_needs_no_call_gets_the_attempt_as_text() -> None:
    events: list[Event] = [Text(ATTEMPT % "grep_repo")]
    assert outcome(events, held=None) == [*events, Complete(called=False)]


def test_a_reply_that_broke_off_after_a_call_is_whole() -> None:
    assert outcome([*CALL, Text("\n")], "cut") == [*CALL, Complete(called=True)]


def test_closing_twice_ends_once() -> None:
    wrap = wrapper()
    wrap.feed(ANSWER)
    assert wrap.close("stop", normal=True)
    assert wrap.close("stop", normal=True) == []
    assert wrap.stage is Stage.OVER


# -- several calls ------------------------------------------------------------------------------------------


def test_one_call_ends_the_reply_where_only_one_may_stand() -> None:
    out = outcome([*CALL, Text("and"), *CALL], several=False)
    assert out == [*CALL, Complete(called=True), Repaired("tail_dropped")]


def test_several_calls_stand_with_the_text_between_them() -> None:
    events = [*CALL, Text("\n\n"), Text("and\n"), *CALL, Text("\n")]
    assert outcome(events) == [*CALL, Text("\n\nand"), *CALL, Complete(called=True)]


def test_nothing_stands_beside_a_completion() -> None:
    assert outcome([*CALL, *COMPLETION]) == [*CALL, Repaired("completion_beside_call"), Complete(called=True)]
    assert outcome([*COMPLETION, *CALL]) == [*COMPLETION, Complete(called=True), Repaired("tail_dropped")]


def test_a_call_follows_a_completion_that_was_skipped() -> None:
    out = outcome([*CALL, *COMPLETION, *CALL])
    assert out == [*CALL, Repaired("completion_beside_call"), *CALL, Complete(called=True)]


def test_a_blank_completion_leaves_the_text_to_be_wrapped() -> None:
    out = outcome([Text("It works."), COMPLETION[0], *COMPLETION[1:2], Value("..."), *COMPLETION[3:]])
    assert out == [Repaired("blank_completion"), *wrapped("It works.")]


def test_what_was_set_aside_is_reasoning() -> None:
    out = outcome([Text("hm"), Aside(), Text("So.")])
    assert out == [Reasoning("hm"), *wrapped("So.")]


# -- values on their way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "passes"),
    [([], False), ([START], True), (CALL, False), ([*CALL, START], True), (COMPLETION[:3], False)],
)
def test_values_pass_in_a_call_but_not_in_a_completion(events: list[Event], passes: bool) -> None:
    wrap = wrapper()
    wrap.feed(events)
    assert wrap.passes is passes


@given(st.text(st.sampled_from("a\n😀 "), min_size=1).map(lambda text: text * 9000 + "b"))
def test_a_result_stays_within_what_the_client_reads(text: str) -> None:
    out = outcome([Text(text)])
    values = "".join(it.text for it in out if isinstance(it, Value))
    head = "".join(it.text for it in out if isinstance(it, Text))
    assert head + values == text
    assert utf16_length(values) < TOOLSET.value_limit
    assert bool(head) == (utf16_length(text) > TOOLSET.value_limit - TOOLSET.value_limit // 40)


@pytest.mark.parametrize(("name", "code"), [("list_files", "unfinished_call"), ("", "unfinished_text")])
def test_a_continuation_that_does_not_fit(name: str, code: str) -> None:
    failed = does_not_fit(name, "it starts anew")
    assert failed.code == code
    assert "it starts anew" in failed.message
    assert name in failed.message
