"""Continuations that say again what stands somewhere in what was received, and then go on."""

from __future__ import annotations

import pytest

from roobridge.bridge.continuation.stitch import Stitch
from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta
from tests.bridge.continuation.going_on import assert_whole_or_failed, broken, go_on
from tests.oracle.cuts import Cutting, cut, every, whole
from tests.oracle.dialect_writer import TEXT_DIALECTS, qwen, roo_xml, write
from tests.oracle.outcome import Outcome
from tests.oracle.plans import ROO_31, ROO_52, Client
from tests.oracle.replies import Call
from tests.oracle.unfinished import opening_of
from tests.service.continuing import PATH, file_of

FILE = Call("write_to_file", {"path": PATH, "content": file_of(500)})
SPELLINGS = ["roo_xml", "qwen", "hermes", "hermes_escaped"]
# Within the head that is looked at, beyond it, and beyond all that is compared from the end.
BACK = [300, 700, 3000, 5000]
CUTTINGS = [every(7), every(600), whole]
WORDS = "".join(f"Line {number} of the answer.\n" for number in range(60))
LIST = ToolDelta(0, "call_1", "list_files", '{"path": ".", "recursive": true}')
clients = pytest.mark.parametrize("client", [ROO_31, ROO_52], ids=["xml", "native"])


def line_of(text: str, at: int) -> int:
    """Where the function begins that stands before `at`."""
    return text.rindex("def value_", 0, at)


@clients
@pytest.mark.parametrize("cutting", CUTTINGS, ids=["small", "large", "whole"])
@pytest.mark.parametrize("back", BACK)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_much_is_said_again_it_stands_there_once(
    spelling: str, back: int, cutting: Cutting, client: Client
) -> None:
    text = TEXT_DIALECTS[spelling](FILE.name, FILE.params)
    reply, sent = broken(client, [Delta(content=text[:9000])])
    again = cut([Delta(content=text[line_of(text, 9000 - back) :])], cutting)
    outcome = go_on(reply, sent, again, "length", exact=False)
    assert not outcome.fail
    assert_whole_or_failed(client, FILE, outcome)
    assert outcome.repairs[:2] == ("continued", "overlap_removed")


@clients
@pytest.mark.parametrize("back", BACK)
def test_the_same_of_a_call_that_came_as_deltas(back: int, client: Client) -> None:
    reply, sent = broken(client, cut([write("deltas", FILE.name, FILE.params)], every(9))[:900])
    opening = opening_of(reply, "length")
    assert opening is not None
    at, text = len(opening.text), qwen(FILE.name, FILE.params)
    again = cut([Delta(content=text[line_of(text, at - back) :])], every(7))
    outcome = go_on(reply, sent, again, "length", exact=False)
    assert not outcome.fail
    assert_whole_or_failed(client, FILE, outcome)


@pytest.mark.parametrize(
    ("first", "second"),
    [("hermes", "hermes_escaped"), ("hermes_escaped", "hermes")],
    ids=["plain", "escaped"],
)
@pytest.mark.parametrize("back", [100, *BACK])
def test_what_is_spelled_otherwise_is_not_said_twice(first: str, second: str, back: int) -> None:
    """Within the head it is known for the same; beyond it nothing is joined on (RFC 8259, section 7)."""
    said, again = (TEXT_DIALECTS[each](FILE.name, FILE.params) for each in (first, second))
    reply, sent = broken(ROO_52, [Delta(content=said[: said.index("value_300")])])
    behind = again[line_of(again, again.index("value_300") - back) :]
    outcome = go_on(reply, sent, cut([Delta(content=behind)], every(7)), "length", exact=False)
    assert_whole_or_failed(ROO_52, FILE, outcome)
    assert outcome.fail == ("" if back <= 300 else "unfinished_call")


def test_what_departs_from_what_was_received_is_not_joined_on() -> None:
    text = roo_xml(FILE.name, FILE.params)
    reply, sent = broken(ROO_31, [Delta(content=text[:9000])])
    again = text[line_of(text, 6000) :].replace("value_300", "another_300")
    assert "value_300" in text[6000:9000]
    outcome = go_on(reply, sent, cut([Delta(content=again)], every(7)), "length", exact=False)
    assert outcome.fail == "unfinished_call"
    assert "overlap_removed" not in outcome.repairs


@pytest.mark.parametrize("said", [100, 400, 2900, 3000])
def test_one_that_says_nothing_new_leaves_the_reply_as_it_was(said: int) -> None:
    text = roo_xml(FILE.name, FILE.params)
    reply, sent = broken(ROO_31, [Delta(content=text[:9000])])
    again = cut([Delta(content=text[6000 : 6000 + said])], every(7))
    resumption = reply.resumption("length")
    assert resumption is not None
    stitch = Stitch(resumption, exact=False)
    assert [piece for delta in again for piece in stitch.feed(delta)] + stitch.close() == []
    assert not stitch.added
    outcome = go_on(reply, sent, [Delta(content=text[9000:])], "length", exact=False)
    assert not outcome.fail
    assert_whole_or_failed(ROO_31, FILE, outcome)


def answer(client: Client, continuation: list[Delta], said: str = WORDS) -> Outcome:
    reply, sent = broken(client, [Delta(content=said)])
    return go_on(reply, sent, continuation, "length", exact=False)


@clients
def test_an_answer_that_begins_further_up_goes_on_as_one(client: Client) -> None:
    behind = WORDS[WORDS.index("Line 9 ") :] + "That is all."
    for cutting in CUTTINGS:
        outcome = answer(client, cut([Delta(content=behind)], cutting))
        (use,) = outcome.calls if not client.xml else [None]
        result = use.parsed["result"] if use is not None else outcome.content
        assert WORDS + "That is all." in result
        assert outcome.repairs == ("continued", "overlap_removed")


@pytest.mark.parametrize(
    ("behind", "text", "repairs"),
    [
        ("", WORDS, ("continued",)),
        ("Now I look.", WORDS + "Now I look.", ("continued",)),
        ("Line 59 of the answer.\nNow I look.", WORDS + "Now I look.", ("continued", "overlap_removed")),
        (WORDS[100:400], WORDS, ("continued", "overlap_removed")),
        (WORDS[100:900], WORDS, ("continued", "overlap_removed")),
        ("<think>Hm.</think>\n\nNow I look.", WORDS + "Now I look.", ("continued",)),
    ],
)
def test_a_text_that_broke_off_goes_on_with_a_call(behind: str, text: str, repairs: tuple[str, ...]) -> None:
    for cutting in (whole, every(7)):
        outcome = answer(ROO_52, [*cut([Delta(content=behind)], cutting), Delta(tool_calls=(LIST,))])
        assert outcome.content.rstrip() == text.rstrip()
        assert [(call.name, call.parsed) for call in outcome.calls] == [
            ("list_files", {"path": ".", "recursive": True})
        ]
        assert outcome.finish == "tool_calls"
        assert outcome.repairs == repairs
