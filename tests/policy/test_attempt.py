"""What is an attempt at a call, and what only speaks of one: the texts of the table of named cases."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.grammar.model import Toolset
from roobridge.policy.attempt import SHOWN, find_attempt, show
from tests.cases.table import Case, cases
from tests.oracle.plans import AGENTS
from tests.oracle.replies import soups
from tests.parser.machine import TOOLSET

ROWS = {name: case for name, case in cases() if name.startswith("attempts:")}


@pytest.mark.parametrize("case", ROWS.values(), ids=ROWS.keys())
def test_a_row_of_the_table(case: Case) -> None:
    assert isinstance(case.reply, str)
    found = find_attempt(case.reply, case.request.plan().toolset)
    assert (found is not None) == (case.expect.attempt or case.expect.error), found


def test_the_table_has_both_sorts() -> None:
    tried = [name for name in ROWS if name.startswith("attempts:tried-")]
    assert len(tried) > 60
    assert len(ROWS) - len(tried) > 60


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('<tool_call>\n{"name": "list_files", "arguments": {"path": "."', "list_files"),
        ('<tool_call>\n{"name": "grep_repo", "arguments": {}}\n</tool_call>', "grep_repo"),
        ("<function=grep_repo>\n<parameter=a>\nb\n</parameter>", "grep_repo"),
        ("<tool_call>\n<function=list_files>\n{", "list_files"),
        ("<ListFiles>\n<path>.</path>\n</ListFiles>", "list_files"),
        ("<call_tool>\n<name>list_files</name>\n</call_tool>", "list_files"),
        ('{"tool": "list_files", "path": "."}', "list_files"),
        ("Action: list_files\nAction Input: {}", "list_files"),
        ('Use ```list``` here.\n<tool_call>\n{"name": "list_files", "arguments": {', "list_files"),
        ("<tool_call>", ""),
    ],
)
def test_it_names_the_tool(text: str, name: str) -> None:
    found = find_attempt(text, TOOLSET)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        'The tool is:\n\n```json\n{"name": "list_files", "description": "Lists.", "parameters": '
        '{"type": "object", "properties": {"path": {"type": "string"}}}}\n```',
        "<list_files></list_files> is refused now.",
        'For example:\n\n```json\n{"name": "list_files", "arguments": {"path": "."}}\n```\n\nis one call.',
        "All 37 tests pass.\n</parameter>\n</function>\n</tool_call>",
    ],
)
def test_a_text_is_no_attempt(text: str) -> None:
    assert find_attempt(text, TOOLSET) is None


@pytest.mark.parametrize("text", ["", " ", "<", "{", "[", "<tool_call", "```\n<", "Action:", "\n\n    "])
def test_short_texts_are_read(text: str) -> None:
    assert (find_attempt(text, TOOLSET) is not None) == (text == "<tool_call")


def test_no_tool_is_no_obstacle() -> None:
    assert find_attempt("<list_files>\n<path>.</path>\n</list_files>", Toolset()) is None
    assert find_attempt('<tool_call>\n{"name": "a_b", "arguments": {}}\n</tool_call>', Toolset()) is not None


def test_a_reply_that_is_indented_as_a_whole_is_no_example() -> None:
    call = '    <list_files>\n    {"path": "."}\n    </list_files>'
    assert find_attempt(call, TOOLSET) is not None
    assert find_attempt(f"{call}\n\nThis is the form.", TOOLSET) is None


def test_tags_of_tools_that_the_client_reads_count_like_declared_ones() -> None:
    toolset = Toolset(read_tools=frozenset({"apply_diff"}))
    assert find_attempt("<apply_diff>\n<path>a</path>\n</apply_diff>", toolset) is not None


def test_what_is_shown_stands_on_one_line_and_is_bounded() -> None:
    assert show("<a>\n\tb\x00\x1b[0m\u202e c") == "<a> b[0m c"
    assert len(show("<tool_call>" + "x" * 1000)) == SHOWN + 1
    found = find_attempt("I look.\n\n<tool_call>\n" + '{"a": ' * 5000, TOOLSET)
    assert found is not None
    assert found.shown.startswith("<tool_call> {")
    assert len(found.shown) == SHOWN + 1


@given(st.text())
def test_what_is_shown_has_no_control_characters(text: str) -> None:
    assert all(c.isprintable() or c == " " or c.isspace() or ord(c) > 127 for c in show(text))
    assert "\n" not in show(text)


@given(soups(), st.sampled_from(AGENTS))
def test_every_text_is_read(soup: str, client: Any) -> None:
    find_attempt(soup, client.plan().toolset)


@given(st.text(alphabet="abc \n.,;:-*#|", max_size=200))
def test_a_text_without_a_sign_is_no_attempt(text: str) -> None:
    assert find_attempt(text, TOOLSET) is None


SIGNS = [
    "<read_file> is. ",
    "x <tool_call>\n",
    "a <function=x> b",
    '{"name": "list_files", ',
    '{"',
    '[{ "a": ',
    "<",
    "<a:",
    "`<tool_call>` ",
    '```json\n{"name": "list_files", "arguments": {}}\n```\nx\n',
    "> <tool_call>\n",
    "Action: list_files\n",
    "[TOOL_CALLS] ",
    "<execute_command>a </execute_command> b\n",
    "<tool_call>          ",
]


@pytest.mark.parametrize("sign", SIGNS)
def test_the_work_grows_linearly(sign: str) -> None:
    """Counted in calls; what one call looks at is bounded, or never looked at again."""
    assert calls_in(sign * 500) <= calls_in(sign * 50) * 12


def calls_in(text: str) -> int:
    count = 0

    def profile(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        find_attempt(text, TOOLSET)
    finally:
        sys.setprofile(None)
    return count
