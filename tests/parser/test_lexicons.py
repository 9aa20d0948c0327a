"""The literals that count outside calls."""

from __future__ import annotations

import pytest

from roobridge.parser.lexicons import lexicons
from roobridge.spelling.scanner import Found, Miss
from roobridge.spelling.states import Terminal
from tests.parser.machine import DIALECTS, TOOLSET

KNOWN = lexicons(
    frozenset(TOOLSET.tools), TOOLSET.completion, tuple(DIALECTS.values()), frozenset({"tool_call", "path"})
)


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
    found, end = KNOWN.words.match(text, 0)
    assert isinstance(found, Found)
    assert (found.terminal, found.name, end) == (terminal, name, len(text))


@pytest.mark.parametrize("text", ["<nobody>", "</nobody>", "<recursive>", "<>", "< list_files>"])
def test_what_is_no_literal(text: str) -> None:
    assert KNOWN.words.match(text, 0)[0] is Miss.NONE
