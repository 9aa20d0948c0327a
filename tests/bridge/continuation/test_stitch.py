"""Continuations of every kind: what was sent stays, and nothing is delivered as whole that is not."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from roobridge.bridge.continuation.stitch import Stitch
from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta
from tests.bridge.continuation.going_on import assert_whole_or_failed, broken, go_on
from tests.oracle.cuts import CUTTINGS, characters, cut, every
from tests.oracle.dialect_writer import DIALECTS, TEXT_DIALECTS, qwen, roo_xml, write
from tests.oracle.expected import agree, delivered
from tests.oracle.outcome import join
from tests.oracle.plans import AGENTS, CLINE, ROO_31, ROO_52, Client
from tests.oracle.replies import Call, calls, soups
from tests.oracle.unfinished import opening_of
from tests.service.continuing import PATH, STYLES, Style, file_of

NOT_CLINES = {"apply_diff", "execute_command"}
CONTRADICTING = {"another value", "another path"}
FILE = Call("write_to_file", {"path": PATH, "content": file_of(14)})
clients = st.sampled_from(AGENTS)
endings = st.sampled_from(["length", "error", "cut", "silence"])


@given(calls, clients, st.sampled_from(DIALECTS), st.sampled_from(list(Wrap)), endings, st.data())
def test_what_goes_on_exactly_becomes_the_whole_call(
    call: Call, client: Client, dialect: str, wrap: Wrap, finish: str, data: st.DataObject
) -> None:
    assume(client is not CLINE or call.name not in NOT_CLINES)
    small = cut([write(dialect, call.name, call.params)], characters)
    end = data.draw(st.integers(2, len(small)))
    reply, sent = broken(client, small[:end], wrap)
    opening = opening_of(reply, finish)
    rest = small[end:]
    if opening is not None and opening.told:
        whole = qwen(call.name, call.params)
        assert whole.startswith(opening.text)
        rest = [Delta(content=whole[len(opening.text) :])]
    outcome = go_on(reply, sent, rest, finish, exact=True)
    assert_whole_or_failed(client, call, outcome)
    if opening is not None and not opening.told and dialect != "fenced":
        assert not outcome.fail or "misread" in outcome.fail


@given(
    st.sampled_from([ROO_31, ROO_52]),
    st.sampled_from([name for name in TEXT_DIALECTS if name != "fenced"]),
    st.sampled_from(STYLES),
    endings,
    st.integers(0, 10_000),
    st.integers(1, 600),
)
def test_every_style_becomes_the_whole_call_or_a_failure(
    client: Client, dialect: str, style: Style, finish: str, place: int, size: int
) -> None:
    whole = TEXT_DIALECTS[dialect](FILE.name, FILE.params)
    first = 110 if style.name in CONTRADICTING else 4
    at = first + place % (len(whole) - first)
    reply, sent = broken(client, [Delta(content=whole[:at])])
    continuation = cut([Delta(content=style.make(whole, at))], every(size))
    outcome = go_on(reply, sent, continuation, finish, exact=False)
    assert_whole_or_failed(client, FILE, outcome)
    assert outcome.fail or style.name not in CONTRADICTING or at >= len(whole) - 30


@given(calls, clients, st.sampled_from(DIALECTS), endings, st.booleans(), soups(), st.data())
def test_whatever_a_continuation_says_what_was_sent_stays(
    call: Call,
    client: Client,
    dialect: str,
    finish: str,
    exact: bool,
    continuation: str,
    data: st.DataObject,
) -> None:
    assume(client is not CLINE or call.name not in NOT_CLINES)
    small = cut([write(dialect, call.name, call.params)], characters)
    end = data.draw(st.integers(2, len(small) - 1))
    reply, sent = broken(client, small[:end])
    outcome = go_on(reply, sent, [Delta(content=continuation)], finish, exact=exact)
    before = join(sent)
    assert outcome.content.startswith(before.content)
    assert outcome.tool_deltas[: len(before.tool_deltas)] == before.tool_deltas
    if outcome.finish and not client.xml:
        assert all(isinstance(arguments, dict) for _, arguments in delivered(client, outcome))
    if outcome.fail and not client.xml:
        assert outcome.fail in ("unfinished_call", "unreadable_call", "unfinished_text", "degenerate")


@pytest.mark.parametrize("cutting", CUTTINGS.values(), ids=CUTTINGS)
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_continuation_may_be_cut_anywhere(style: Style, cutting: object) -> None:
    whole = roo_xml(FILE.name, FILE.params)
    outcomes = []
    for pieces in (CUTTINGS["whole"], cutting):
        reply, sent = broken(ROO_31, [Delta(content=whole[:210])])
        again = cut([Delta(content=style.make(whole, 210))], pieces)  # type: ignore[arg-type]
        outcomes.append(go_on(reply, sent, again, "length", exact=False).same_at_any_cutting)
    assert outcomes[0] == outcomes[1]


def test_a_call_told_again_in_another_spelling_goes_on_in_the_first() -> None:
    whole = roo_xml(FILE.name, FILE.params)
    for spell in TEXT_DIALECTS.values():
        for client in (ROO_31, ROO_52):
            reply, sent = broken(client, [Delta(content=whole[:210])])
            again = [Delta(content="I write it again:\n\n" + spell(FILE.name, FILE.params))]
            outcome = go_on(reply, sent, again, "length", exact=False)
            if spell is TEXT_DIALECTS["fenced"]:
                assert outcome.fail
            else:
                (got,) = delivered(client, outcome)
                assert agree(client, FILE, got)
                assert "call_restarted" in outcome.repairs


def test_a_call_made_anew_in_deltas() -> None:
    whole = roo_xml(FILE.name, FILE.params)
    reply, sent = broken(ROO_31, [Delta(content=whole[:210])])
    again = cut([write("deltas", FILE.name, FILE.params)], every(9))
    outcome = go_on(reply, sent, [Delta(content="Again."), *again], "length", exact=False)
    assert_whole_or_failed(ROO_31, FILE, outcome)
    assert not outcome.fail


@pytest.mark.parametrize("size", [7, 5000])
@pytest.mark.parametrize("said", ["Go on.", "Go on. " * 100 + "Now.", ""], ids=["short", "long", "empty"])
def test_thinking_before_a_continuation_is_thinking(said: str, size: int) -> None:
    whole = roo_xml(FILE.name, FILE.params)
    for thought in (Delta(reasoning=said), Delta(content=f"<think>{said}</think>\n\n")):
        reply, sent = broken(ROO_31, [Delta(content=whole[:210])])
        again = cut([thought, Delta(content=whole[210:])], every(size))
        outcome = go_on(reply, sent, again, "length", exact=False)
        assert outcome.reasoning == said
        assert_whole_or_failed(ROO_31, FILE, outcome)
        assert not outcome.fail


def test_a_fence_with_something_else_behind_it_may_have_been_the_files() -> None:
    whole = roo_xml(FILE.name, FILE.params)
    begun = "```python\n" + whole[210:260]
    for behind in ("\n```\nThe rest:\n```python\n" + whole[260:] + "\n```", "\n```\nThat is all of it.\n"):
        for size in (7, 5000):
            reply, sent = broken(ROO_31, [Delta(content=whole[:210])])
            again = cut([Delta(content=begun + behind)], every(size))
            assert go_on(reply, sent, again, "length", exact=False).fail == "unfinished_call"


def test_text_beside_a_call_made_anew_in_deltas_is_dropped_by_name() -> None:
    whole = roo_xml(FILE.name, FILE.params)
    reply, sent = broken(ROO_31, [Delta(content=whole[:210])])
    again = cut([write("deltas", FILE.name, FILE.params)], every(9))
    beside = [*again[:6], Delta(content="Writing"), Delta(content=" it."), *again[6:]]
    outcome = go_on(reply, sent, beside, "length", exact=False)
    assert not outcome.fail
    assert_whole_or_failed(ROO_31, FILE, outcome)
    assert outcome.repairs[:3] == ("continued", "call_restarted", "text_beside_call_dropped")


def test_a_restart_that_breaks_off_before_anything_new_leaves_the_reply_as_it_was() -> None:
    whole = roo_xml(FILE.name, FILE.params)
    reply, sent = broken(ROO_31, [Delta(content=whole[:300])])
    resumption = reply.resumption("length")
    assert resumption is not None
    stitch = Stitch(resumption, exact=False)
    assert stitch.feed(Delta(content=whole[:200])) + stitch.close() == []
    assert not stitch.added
    outcome = go_on(reply, sent, [Delta(content=whole[300:])], "length", exact=False)
    assert_whole_or_failed(ROO_31, FILE, outcome)
    assert outcome.repairs.count("continued") == 2


def test_repairs_of_a_continuation_are_named() -> None:
    whole = roo_xml(FILE.name, FILE.params)
    said = {
        "a line again": ["continued", "overlap_removed"],
        "a preamble and a fence": ["continued", "preamble_removed", "fence_removed"],
        "all again": ["continued", "call_restarted"],
        "exact": ["continued"],
    }
    for style in STYLES:
        if style.name in said:
            reply, sent = broken(ROO_31, [Delta(content=whole[:210])])
            outcome = go_on(reply, sent, [Delta(content=style.make(whole, 210))], "length", exact=False)
            assert [name for name in outcome.repairs if name != "computed_line_count"] == said[style.name]


def test_native_calls_that_came_whole_stay() -> None:
    first = ToolDelta(0, "call_1", "list_files", '{"path": ".", "recursive": true}')
    second = ToolDelta(1, "call_2", "execute_command", '{"command": "make cle')
    reply, sent = broken(ROO_52, [Delta(tool_calls=(first, second))])
    opening = opening_of(reply, "length")
    assert opening is not None
    assert opening.call is not None
    assert opening.call.before == 1
    rest = "an\n</parameter>\n</function>\n</tool_call>"
    outcome = go_on(reply, sent, [Delta(content=rest)], "length", exact=True)
    assert [(call.name, call.parsed) for call in outcome.calls] == [
        ("list_files", {"path": ".", "recursive": True}),
        ("execute_command", {"command": "make clean"}),
    ]
