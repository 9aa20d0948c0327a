"""The literals that count outside calls, and what is remembered of mentions."""

from __future__ import annotations

import pytest

from roobridge.spelling.scanner import Found, Miss
from roobridge.spelling.states import State, Terminal
from tests.parser.machine import Traced


@pytest.mark.parametrize(
    ("text", "terminal", "name"),
    [
        ("<list_files>", Terminal.TOOL_OPEN, "list_files"),
        ("<attempt_completion>", Terminal.COMPLETION_OPEN, "attempt_completion"),
        ("<tool_call>", Terminal.CALL_OPEN, "tool_call"),
        ("<function=list_files>", Terminal.TOOL_OPEN, "list_files"),
        ("<function=nobody>", Terminal.TEXT, "nobody"),
        ("<parameter=path>", Terminal.TEXT, "path"),
        ("<path>", Terminal.TEXT, "path"),
        ("</path>", Terminal.STRAY_CLOSE, "/path"),
        ("</list_files>", Terminal.STRAY_CLOSE, "/list_files"),
        ("<think>", Terminal.THINK_OPEN, "think"),
        ("</thinking>", Terminal.THINK_CLOSE, "/thinking"),
        ("<|im_end|>", Terminal.MARK, ""),
    ],
)
def test_a_literal_outside_calls(text: str, terminal: Terminal, name: str) -> None:
    found, end = Traced().words.match(text, 0)
    assert isinstance(found, Found)
    assert (found.terminal, found.name, end) == (terminal, name, len(text))


@pytest.mark.parametrize("text", ["<nobody>", "</nobody>", "<recursive>", "<>", "< list_files>"])
def test_what_is_no_literal(text: str) -> None:
    assert Traced().words.match(text, 0)[0] is Miss.NONE


@pytest.mark.parametrize(("tag", "name"), [("<list_files>", "list_files"), ("<parameter=path>", "parameter")])
def test_a_mention_is_counted_by_its_name(tag: str, name: str) -> None:
    point = Traced()
    point.mentioned(tag)
    point.mentioned(tag)
    assert point.opened == {name: 2}


def test_rows_are_those_of_the_open_calls_dialect_and_of_content() -> None:
    point = Traced()
    assert point.row(Terminal.TOOL_OPEN) is not None
    assert point.row(Terminal.PARAM_OPEN) is None
    point.feed("<list_files>")
    assert point.state is State.OPENED
    assert point.row(Terminal.PARAM_OPEN) is not None
    assert point.row(Terminal.TOOL_OPEN) is None
