"""The model's own completion on its way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Markup,
    ParamEnd,
    ParamStart,
    Repaired,
    Text,
    Unfinished,
    Value,
)
from roobridge.grammar.model import Completion
from roobridge.policy.completion import CompletionFilter
from tests.oracle.cuts import at_positions
from tests.oracle.roo_reader import utf16_length
from tests.parser.machine import merged
from tests.parser.pieces import of_parts

COMPLETION = Completion("attempt_completion", "result")
START = CallStart("attempt_completion", "roo-xml", "<attempt_completion>")


def filtered(events: list[Event], limit: int = 0) -> list[Event]:
    completion = CompletionFilter(COMPLETION, limit)
    return merged([out for event in events for out in completion.feed(event)])


def of(values: list[str], param: str = "result") -> list[Event]:
    return [START, ParamStart(param), *map(Value, values), ParamEnd(), CallEnd()]


def result(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Value))


@given(st.text().filter(lambda text: not text.strip().startswith("<")), st.sets(st.integers(1, 20)))
def test_a_speaking_completion_passes_as_it_is(text: str, cuts: set[int]) -> None:
    events = of(at_positions("a" + text, cuts))
    assert filtered(events) == merged(events)


@pytest.mark.parametrize("text", ["", "\n", "...", "-- !", "\u200b"])
def test_one_without_a_letter_or_digit_is_dropped(text: str) -> None:
    events = of(list(text))
    assert filtered(events) == [Repaired("blank_completion")]
    assert filtered([START, CallEnd()]) == [Repaired("blank_completion")]


def test_nothing_goes_out_before_its_first_letter() -> None:
    completion = CompletionFilter(COMPLETION, 0)
    early: list[Event] = [START, Markup("\n"), ParamStart("result"), Value("- ")]
    for event in early:
        assert completion.feed(event) == []
        assert not completion.passing
    given = completion.feed(Value("a"))
    assert given == [*early, Value("a")]
    assert completion.feed(Value("...")) == [Value("...")]
    assert completion.feed(ParamEnd()) == [ParamEnd()]
    assert not completion.passing
    assert completion.feed(CallEnd()) == [CallEnd()]
    assert completion.passing


def test_a_completion_left_unfinished_in_silence_was_never_begun() -> None:
    assert filtered([START, ParamStart("result"), Value("..."), Unfinished("result")]) == [
        Unfinished("result")
    ]
    spoken: list[Event] = [START, ParamStart("result"), Value("a"), Unfinished("result")]
    assert filtered(spoken) == spoken


def test_other_calls_pass() -> None:
    events: list[Event] = [
        Text("a"),
        CallStart("list_files", ""),
        ParamStart("result"),
        Value(""),
        ParamEnd(),
        CallEnd(),
    ]
    assert filtered(events) == events


def test_repairs_are_told_at_once() -> None:
    assert filtered([START, Repaired("x"), CallEnd()]) == [Repaired("x"), Repaired("blank_completion")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("<attempt_completion>\n<result>\nDone.\n</result>\n</attempt_completion>", "Done."),
        ("\n<attempt_completion><result>Done.</result></attempt_completion>\n", "Done."),
        ("<result>Done.</result>", "Done."),
        ("<result>Done.", "Done."),
        ("<attempt_completion><result>Long. " + "x" * 200 + "</result>", "Long. " + "x" * 200),
    ],
)
def test_a_completion_in_a_completion_is_unwrapped(written: str, meant: str) -> None:
    for pieces in ([written], list(written), at_positions(written, range(0, len(written), 7))):
        events = filtered(of(pieces))
        assert result(events) == meant
        assert [event for event in events if isinstance(event, Repaired)] == [Repaired("nested_completion")]


@given(
    of_parts("<attempt_completion>", "<result>", "</result>", "<resu", "a", "\n", "<", " "),
    st.sets(st.integers(1, 60)),
)
def test_the_cutting_does_not_show(text: str, cuts: set[int]) -> None:
    whole = filtered(of([text] if text else []))
    assert filtered(of(at_positions(text, cuts))) == whole
    assert filtered(of(list(text))) == whole


@pytest.mark.parametrize(
    "written", ["<result", "<attempt_completion> a", "a <result>b</result>", "<attempt_completion>a"]
)
def test_what_only_looks_like_one_stays(written: str) -> None:
    assert result(filtered(of(list(written)))) == written


@given(st.text(min_size=1, max_size=40), st.integers(1, 30), st.sets(st.integers(1, 40)))
def test_what_is_over_the_limit_is_cut(text: str, limit: int, cuts: set[int]) -> None:
    text = "a" + text
    events = filtered(of(at_positions(text, cuts)), limit)
    kept = result(events)
    assert text.startswith(kept)
    assert utf16_length(kept) <= limit
    assert (Repaired("completion_cut") in events) == (utf16_length(text) > limit)
    assert events[-1] == CallEnd()


def test_the_limit_counts_each_completion_anew() -> None:
    completion = CompletionFilter(COMPLETION, 4)
    for _ in range(2):
        events = [out for event in of(["abc"]) for out in completion.feed(event)]
        assert Repaired("completion_cut") not in events
