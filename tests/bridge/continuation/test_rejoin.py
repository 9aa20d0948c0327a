from __future__ import annotations

from collections.abc import Sequence

import pytest

from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.continuation.rejoin import Rejoin
from roobridge.bridge.reply.unfinished import OpenCall
from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Markup,
    ParamEnd,
    ParamStart,
    Reasoning,
    Repaired,
    Text,
    Value,
)
from roobridge.spelling.dialect import Given

PATH = Given("path", "a.py", closed=True)
SENT = OpenCall("write", "roo-xml", (PATH, Given("content", "one\ntwo\nth", closed=False)), lead=True)
HEAD: Sequence[Event] = (CallStart("write", "roo-xml"), ParamStart("path"), Value("a.py"), ParamEnd())
LEAD: Sequence[Event] = (ParamStart("content"), Markup("\n"))


def rejoined(*events: Event, sent: OpenCall = SENT, before: int = 0) -> list[Event]:
    rejoin = Rejoin(sent, before)
    new = [event for one in events for event in rejoin.take([one])]
    assert rejoin.joined
    return new


def test_what_was_sent_is_taken_out() -> None:
    assert rejoined(*HEAD, *LEAD, Value("one\n"), Value("two\nthree"), Value("\nfour"), ParamEnd()) == [
        Value("ree"),
        Value("\nfour"),
        ParamEnd(),
    ]


def test_it_is_joined_as_soon_as_all_was_told() -> None:
    rejoin = Rejoin(SENT)
    assert rejoin.take([*HEAD, *LEAD, Value("one\ntwo\nt")]) == []
    before = rejoin.joined
    assert rejoin.take([Value("h")]) == []
    assert (before, rejoin.joined) == (False, True)
    assert rejoin.same_spelling


def test_white_space_behind_the_value_is_new_and_before_it_is_not() -> None:
    end: list[Event] = [Markup("\n"), ParamEnd("</content>"), CallEnd("</write>")]
    assert rejoined(*HEAD, *LEAD, Value("one\ntwo\nth"), *end) == end
    begun = OpenCall("write", "roo-xml", (PATH, Given("content", "", closed=False)))
    assert rejoined(*HEAD, *LEAD, Value("x"), sent=begun) == [Markup("\n"), Value("x")]


def test_calls_before_it_are_passed_over() -> None:
    first: list[Event] = [
        CallStart("read", "x"),
        ParamStart("path"),
        Value("b.py"),
        ParamEnd(),
        CallEnd(),
        Text("\n"),
    ]
    told = [*first, *HEAD, *LEAD, Value("one\ntwo\nthree")]
    assert rejoined(*told, before=1) == [Value("ree")]


def test_thoughts_pass_and_repairs_of_what_was_told_do_not() -> None:
    assert rejoined(
        Reasoning("Hm."), *HEAD, Repaired("missing_call_open"), *LEAD, Value(SENT.params[1].text)
    ) == [Reasoning("Hm.")]


def test_a_value_may_go_on_with_an_overlap() -> None:
    long = OpenCall(
        "write", "x", (PATH, Given("content", "first\n# a comment of some length\nand", closed=False))
    )
    told = [*HEAD, *LEAD, Value("# a comment of some length\nand more"), ParamEnd()]
    assert rejoined(*told, sent=long) == [Repaired("overlap_removed"), Value(" more"), ParamEnd()]


def test_a_last_newline_that_was_sent_is_markup_in_another_spelling() -> None:
    sent = OpenCall("write", "native", (PATH, Given("content", "one\n", closed=False)))
    assert rejoined(*HEAD, *LEAD, Value("one"), Markup("\n"), ParamEnd(), sent=sent) == [ParamEnd()]


def test_between_parameters_the_next_one_is_new() -> None:
    sent = OpenCall("write", "hermes", (PATH,))
    assert rejoined(*HEAD, *LEAD, Value("x"), sent=sent) == [ParamStart("content"), Markup("\n"), Value("x")]
    assert rejoined(*HEAD, CallEnd(), sent=sent) == [CallEnd()]


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([CallStart("read", "roo-xml")], "calls read instead"),
        ([*HEAD[:2], Value("b.py"), ParamEnd()], "gives path another value"),
        ([*HEAD, *LEAD, Value("one\ntwo"), ParamEnd()], "shorter than what was sent"),
        ([*HEAD, *LEAD, Value("one\nto"), ParamEnd()], "another value than was sent"),
        ([*HEAD, *LEAD, Value("x" * 800)], "another value than was sent"),
        ([*HEAD, ParamStart("mode")], "gives mode before content"),
        ([*HEAD, CallEnd()], "leaves out content"),
    ],
)
def test_what_contradicts_does_not_fit(events: list[Event], why: str) -> None:
    with pytest.raises(MisfitError, match=why):
        Rejoin(SENT).take(events)
