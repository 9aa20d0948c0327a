"""Law 3: what is examined grows linearly with the reply, whatever the cutting.

Counted twice. The machine counts the characters it looks at; flat means that a longer reply costs no more a
character. And because that count is the machine's own word, the lines of Python that it runs are counted as
well: four times the reply may run little more than four times as many.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings

from roobridge.bridge.plan import Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import new_reply
from roobridge.events import ToolDelta
from tests.oracle.dialect_writer import DIALECTS, TEXT_DIALECTS
from tests.oracle.plans import PLAIN, ROO_41, ROO_52

THOROUGH = settings().max_examples > 100
LARGE = 10_000_000 if THOROUGH else 1_000_000
CUTS = (1, 4, 4096)
LINE_CUTS = (1, 4, 512) if THOROUGH else (4, 512)  # few, for a traced line takes twenty times as long
CLIENTS = {"xml": ROO_41, "native": ROO_52, "plain": PLAIN}
CODE = 'if a < b and c > d:  # a "quoted" line, `code`, <b>tag</b>\n    return x\n\n'


def _calls(dialect: str) -> Callable[[int], str]:
    def write(size: int) -> str:
        content = (CODE * (size // len(CODE) + 1))[:size]
        params = {"path": "a.py", "content": content, "line_count": "9"}
        return json.dumps(params) if dialect == "deltas" else TEXT_DIALECTS[dialect]("write_to_file", params)

    return write


def _repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    return lambda size: before + unit * (size // len(unit)) + after


_OPEN = "<write_to_file>\n<path>a</path>\n<content>\n"
_QWEN = "<tool_call>\n<function=write_to_file>\n<parameter=content>\n"
_HERMES = '<tool_call>\n{"name": "write_to_file", "arguments": '

REPLIES: dict[str, Callable[[int], str]] = {
    **{dialect: _calls(dialect) for dialect in DIALECTS},
    "words": _repeated("Some words, and more of them. "),
    "paragraphs": _repeated("Some words.\n\n"),
    "blank lines": _repeated("\n", "Words.", "More."),
    "spaces": _repeated(" ", "Words.", "More."),
    "code": _repeated(CODE),
    "<": _repeated("<"),
    "</": _repeated("</"),
    "< in a value": _repeated("<", _OPEN),
    "half closes in a value": _repeated("</conten", _OPEN),
    "closes in a value": _repeated("</content>\n", _OPEN),
    "closes and spaces in a value": _repeated("</content>" + " " * 50 + "x", _OPEN),
    "tool closes in a value": _repeated("</write_to_file> x ", _OPEN),
    "parameters in a value": _repeated("\n<path>", _OPEN),
    "half closes in a Qwen value": _repeated("</parameter", _QWEN),
    "closes in a Qwen value": _repeated("</parameter>\nx", _QWEN),
    "calls behind a chain in doubt": _repeated(
        "x <read_file><path> ", _QWEN + "'</parameter></function></tool_call>"
    ),
    "functions' ends in a Qwen value": _repeated("</parameter>\n</function> x", _QWEN),
    "spaces after an opening tag": _repeated(" ", "<read_file>"),
    "newlines after a closing tag": _repeated("\n", "<read_file>\n<path>a</path>"),
    "spaces after a wrapper": _repeated(" ", "<tool_call>"),
    "spaces after a stray": _repeated(" ", "Words.\n</tool_call>"),
    "strays": _repeated("</tool_call>\n"),
    "strays in a row": _repeated("</tool_call>"),
    "backticks": _repeated("`"),
    "backticks in a line": _repeated("` <read_file> "),
    "tildes": _repeated("~"),
    "backticks, line by line": _repeated("`" * 60 + "\n"),
    "fences": _repeated("```\nx\n```\n"),
    "open fences with tags": _repeated("```\n<read_file>\n<path>a</path>\n"),
    "a fence that never ends, full of tags": _repeated("<read_file>\n<path>a</path>\n", "```xml\n"),
    "backticks after an example": _repeated("`", "```xml\n<read_file>\n<path>a</path>\n</read_file>\n"),
    "spaces after an example": _repeated(" ", "```xml\n<read_file>\n<path>a</path>\n</read_file>\n```"),
    "JSON fences": _repeated('```json\n{"a": 1}\n```\n'),
    "a JSON fence that never ends": _repeated('"a", ', '```json\n{"name": ['),
    "quotes": _repeated("> <read_file>\n"),
    "indented": _repeated("    <read_file>\n"),
    "mentions": _repeated("Use <read_file> for it. "),
    "mentions and their closes": _repeated("Use <read_file></read_file> for it.\n"),
    "completions that never close": _repeated("<attempt_completion>\nDone.\n"),
    "one completion that never closes": _repeated("Done. ", "<attempt_completion>\n"),
    "<think>": _repeated("<think>"),
    "<think> at line starts": _repeated("<think>\n"),
    "thinking": _repeated("<think>a</think>\n"),
    "</think>": _repeated("a</think>\n"),
    "half thinking closes": _repeated("</thin", "<think>"),
    "end marks": _repeated("<|im_end|>\nx"),
    "nested objects": _repeated('{"a":', _HERMES),
    "nested lists": _repeated("[", _HERMES + '{"content": '),
    "escapes": _repeated("\\u0041\\n", _HERMES + '{"content": "'),
    "escaped quotes": _repeated('\\"', _HERMES + '{"content": "'),
    "keys": _repeated('"a": 1, ', _HERMES + "{"),
    "quotes in a string": _repeated('say "hi" ', _HERMES + '{"content": "'),
    "quotes and commas in a string": _repeated('"x", ', _HERMES + '{"content": "'),
    "false starts": _repeated('<tool_call>{"a": "'),
    "false starts in a comment": _repeated("<tool_call>{#"),
    "bare objects that never end": _repeated('{"args":\n'),
    "objects that break off in one another": _repeated(
        '{"name": "read_file", "arguments": {\n "data": {\n "path": "a",\n "func": {\n "name": "b"\n }\n '
    ),
    "bare calls": _repeated('{"name": "list_files", "arguments": {"path": "."}}\n'),
    "wrappers": _repeated("<tool_call>\n"),
    "objects of no tool": _repeated('<tool_call>\n{"name": "none"}\n</tool_call>\n'),
    "calls": _repeated("<read_file>\n<path>a</path>\n</read_file>\n"),
}


def deltas(name: str, text: str, cut: int) -> Iterator[Delta]:
    parts = (text[at : at + cut] for at in range(0, len(text), cut))
    if name != "deltas":
        yield from (Delta(content=part) for part in parts)
        return
    yield Delta(tool_calls=(ToolDelta(0, "call_1", "write_to_file"),))
    yield from (Delta(tool_calls=(ToolDelta(0, arguments=part),)) for part in parts)


def examined(plan: Plan, name: str, size: int, cut: int) -> float:
    """Characters looked at a character."""
    reply = new_reply(plan)
    text = REPLIES[name](size)
    for delta in deltas(name, text, cut):
        reply.feed(delta)
    reply.close("stop")
    return reply.examined / len(text)


def lines_run(plan: Plan, name: str, size: int, cut: int) -> int:
    """Lines of the package that one reply runs."""
    said = list(deltas(name, REPLIES[name](size), cut))
    count = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
        return line

    reply = new_reply(plan)
    before = sys.gettrace()
    sys.settrace(line)
    try:
        for delta in said:
            reply.feed(delta)
        reply.close("stop")
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", DIALECTS)
def test_characters_of_calls(name: str, client: str, cut: int) -> None:
    plan = CLIENTS[client].plan()
    sizes = (10_000, LARGE if THOROUGH or cut == 4096 else 40_000)
    small, large = (examined(plan, name, size, cut) for size in sizes)
    assert large <= small * 1.05 + 0.05


@pytest.mark.parametrize("cut", CUTS if THOROUGH else (1, 4096))
@pytest.mark.parametrize("name", REPLIES)
def test_characters(name: str, cut: int) -> None:
    small, large = (examined(ROO_41.plan(), name, size, cut) for size in (2_500, 10_000))
    assert large <= small * 1.05 + 0.05
    assert large < 20


@pytest.mark.parametrize("client", ["xml", "native"])
@pytest.mark.parametrize("cut", LINE_CUTS)
@pytest.mark.parametrize("name", REPLIES)
def test_lines(name: str, cut: int, client: str) -> None:
    plan = CLIENTS[client].plan()
    small, large = (lines_run(plan, name, 1_024 * times, cut) for times in (1, 4))
    assert large <= small * 4.6


@pytest.mark.parametrize("wrap", Wrap)
@pytest.mark.parametrize("name", ["words", "paragraphs", "blank lines", "code", "fences", "mentions"])
def test_lines_of_text_under_each_policy(name: str, wrap: Wrap) -> None:
    small, large = (lines_run(ROO_41.plan(wrap), name, size, 4) for size in (2_000, 8_000))
    assert large <= small * 4.6
