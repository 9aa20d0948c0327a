"""Which calls count as the same, and what a question shows of them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import new_reply
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.request.classify import classify
from roobridge.bridge.request.stuck import SHOWN, StuckCall, stuck_call, stuck_question
from roobridge.events import Content
from tests.bridge.request.agent_history import (
    FIRST,
    Message,
    joined,
    native,
    native_turn,
    row,
    side_by_side,
    xml,
)
from tests.oracle.plans import ROO_31, ROO_52, grammar
from tests.oracle.roo_reader import tool_uses

XML, NATIVE = ROO_31.plan(), ROO_52.plan()

# -- arguments as JSON values ------------------------------------------------------------------------

_VALUES = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=5,
)


def _turned(value: Any) -> Any:
    """The same value with its keys in the other order."""
    if isinstance(value, dict):
        return {key: _turned(value[key]) for key in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value


@given(_VALUES)
def test_the_order_of_keys_and_the_spacing_do_not_matter(value: dict[str, Any]) -> None:
    spaced = msgspec.json.format(msgspec.json.encode(_turned(value)), indent=2).decode()
    assert stuck_call([*row(2, native_turn, value, "ok"), *native_turn(spaced, "ok")], NATIVE, 3) is not None


@given(_VALUES, _VALUES, st.integers(0, 3))
def test_differing_values_do(one: dict[str, Any], other: dict[str, Any], at: int) -> None:
    turns = [native_turn(other if number == at else one, "ok") for number in range(4)]
    same = msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")
    assert (stuck_call(joined(turns), NATIVE, 4) is not None) is same


@pytest.mark.parametrize(("one", "other"), [("1", "true"), ("0", "false"), ("1", "1.0"), ("null", '""')])
def test_values_of_other_types_differ(one: str, other: str) -> None:
    turns = [*row(2, native_turn, f'{{"a": {one}}}', "ok"), *native_turn(f'{{"a": {other}}}', "ok")]
    assert stuck_call(turns, NATIVE, 3) is None


@pytest.mark.parametrize("broken", ['{"path": "sr', '"\\ud800"', "\ud800", ""])
def test_what_is_no_json_is_compared_to_the_letter(broken: str) -> None:
    assert stuck_call(row(3, native_turn, broken, "ok"), NATIVE, 3) is not None
    assert (
        stuck_call([*row(2, native_turn, broken, "ok"), *native_turn(broken + " ", "ok")], NATIVE, 3) is None
    )


def test_an_object_is_the_text_that_holds_it() -> None:
    said, *back = native()
    call = said["tool_calls"][0]
    function = {"name": "list_files", "arguments": {"recursive": False, "path": "src"}}
    other: Message = {**said, "tool_calls": [{**call, "function": function}]}
    assert stuck_call([*row(2, native), other, *back], NATIVE, 3) is not None


def test_what_is_nested_too_deep_is_not_compared() -> None:
    deep = '{"a":' * 5000 + "1" + "}" * 5000
    assert stuck_call(row(3, native_turn, deep, "ok"), NATIVE, 3) is None


# -- calls side by side --------------------------------------------------------------------------------

TWO: list[tuple[str, Any, str]] = [("read_file", {"path": "a"}, "A"), ("read_file", {"path": "b"}, "B")]


def test_calls_side_by_side_repeat_together() -> None:
    found = stuck_call(row(3, side_by_side, TWO), NATIVE, 3)
    assert found == StuckCall("read_file", '{"path":"a"}', beside=1)
    assert stuck_call([*row(2, side_by_side, TWO), *side_by_side(TWO, turned=True)], NATIVE, 3) == found


@pytest.mark.parametrize(
    "other", [TWO[:1], TWO[::-1], [*TWO, TWO[0]], [TWO[0], ("read_file", {"path": "b"}, "C")]]
)
def test_and_not_apart(other: list[tuple[str, Any, str]]) -> None:
    assert stuck_call([*row(2, side_by_side, TWO), *side_by_side(other)], NATIVE, 3) is None


def test_one_message_is_one_turn_however_often_it_says_the_same() -> None:
    assert stuck_call(side_by_side([TWO[0]] * 5), NATIVE, 5) is None


def test_each_call_needs_its_result() -> None:
    said, first, *_ = side_by_side(TWO)
    assert stuck_call([said, first] * 3, NATIVE, 3) is None
    stranger = {**first, "tool_call_id": "call_other"}
    assert stuck_call([said, stranger] * 3, NATIVE, 3) is None


def test_calls_that_are_no_functions_are_not_compared() -> None:
    said, *back = native()
    run: Message = {**said, "tool_calls": [{"id": "x", "type": "custom", "custom": {}}]}
    assert stuck_call([run, *back] * 3, NATIVE, 3) is None


# -- what is shown ---------------------------------------------------------------------------------------


@given(st.text(max_size=2000), st.text(min_size=1, max_size=300))
def test_what_is_shown_is_one_short_line(path: str, name: str) -> None:
    found = stuck_call(row(2, native_turn, {"path": path}, "ok", name), NATIVE, 2)
    assert found is not None
    assert len(found.shown) <= SHOWN + 1
    assert len(found.tool) <= SHOWN + 1
    assert (found.tool + found.shown).isprintable()


def test_a_call_without_arguments_shows_none() -> None:
    assert stuck_call(row(2, native_turn, "{}", "ok"), NATIVE, 2) == StuckCall("list_files")
    assert stuck_call(row(2, native_turn, "", "ok"), NATIVE, 2) == StuckCall("list_files")


_TAGS = st.sampled_from(
    ["<question>", "</question>", "</ask_followup_question>", "<read_file>", "</follow_up>", "<"]
)


@given(st.lists(_TAGS | st.text(max_size=5), max_size=12).map("".join))
def test_whatever_is_shown_the_client_reads_one_question(path: str) -> None:
    call = f"<list_files>\n<path>{path}</path>\n</list_files>"
    chat = parse_chat_request({"model": "m", "messages": [*FIRST, *row(2, xml, call=call)]})
    question = stuck_question(chat, XML, 2)
    assert question is not None
    reply = new_reply(XML)
    pieces = [*reply.feed(Delta(tool_calls=(question,))), *reply.close("tool_calls")]
    (use,) = tool_uses(ROO_31.read("".join(piece.text for piece in pieces if isinstance(piece, Content))))
    assert use.name == "ask_followup_question"
    assert use.params["question"].endswith("How should it go on?")
    assert use.params["follow_up"].count("<suggest>") == 3


# -- turns as clients recorded them ------------------------------------------------------------------------

# How many turns hold a call, and whether the client has a tool for questions.
RECORDED = {
    "roo_3.31.3_xml_turn7": (5, True),
    "roo_3.52.1_native_turn6": (4, True),
    "cline_2.18.0_xml_turn5": (3, False),
    "qwen_code_0.24.4_native_turn3": (2, False),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_turn_over_and_over(shared: Path, name: str) -> None:
    captured = msgspec.json.decode((shared / "payloads" / "client_requests" / f"{name}.json").read_bytes())
    body, headers = captured["body"], {key.lower(): value for key, value in captured["headers"]}
    messages = body["messages"]
    assert stuck_call(messages, XML if "xml" in name else NATIVE, 2) is None
    starts = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
    asked: list[bool] = []
    for start, stop in pairwise([*starts, len(messages)]):
        said = msgspec.json.encode(messages[start:stop])
        # The clock goes on.
        turns = [msgspec.json.decode(said.replace(b"3:1", b"%d:1" % number)) for number in range(5)]
        chat = parse_chat_request({**body, "messages": [*messages[: starts[0]], *joined(turns)]})
        plan = classify(headers, chat, grammar())
        if stuck_call(chat.messages, plan, 5) is not None:
            asked.append(stuck_question(chat, plan, 5) is not None)
    turns_with_a_call, has_tool = RECORDED[name]
    assert asked == [has_tool] * turns_with_a_call
