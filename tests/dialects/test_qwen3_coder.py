"""Qwen3-Coder XML as it is written, and the faults the models make."""

from __future__ import annotations

import pytest

from roobridge.dialects.qwen3_coder import BARE, WRAPPED
from roobridge.grammar.model import Kind, Param
from tests.dialects.spoken import said
from tests.oracle.dialect_writer import qwen, qwen_bare
from tests.parser.machine import TOOLSET

PARAMS = {"path": "a b.py", "content": "x < 1\n\n  y = '</path>'"}
CALL = "<function=list_files>\n<parameter=path>\n.\n</parameter>\n</function>"


def test_a_call() -> None:
    assert said(qwen("write_to_file", PARAMS)) == ([("qwen3-coder", "write_to_file", PARAMS)], "", [])


def test_a_call_without_its_wrapper() -> None:
    wanted = ([("qwen3-coder", "write_to_file", PARAMS)], "", ["missing_call_open"])
    assert said(qwen_bare("write_to_file", PARAMS)) == wanted
    assert said(qwen_bare("write_to_file", PARAMS) + "\n</tool_call>")[0] == wanted[0]


def test_its_openers() -> None:
    assert WRAPPED.around == {"<tool_call>": "</tool_call>"}
    assert not WRAPPED.openers(TOOLSET)
    functions = {f"<function={name}>" for name in TOOLSET.tools}
    assert set(WRAPPED.inner(TOOLSET)) == set(BARE.openers(TOOLSET)) == functions
    assert all(found.dialect is WRAPPED for found in WRAPPED.inner(TOOLSET).values())
    assert all(found.dialect is BARE for found in BARE.openers(TOOLSET).values())
    assert not BARE.inner(TOOLSET)


@pytest.mark.parametrize("kind", Kind)
def test_more_than_a_newline_at_each_end_is_trimmed_where_it_is_no_text(kind: Kind) -> None:
    short = kind in (Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.BOOLEAN)
    for dialect in (WRAPPED, BARE):
        assert dialect.strict_space
        assert dialect.trims(Param("p", kind)) is short
        assert not dialect.trims(Param("p", kind, prose=True))


# What the model left out or wrote twice, the parameters, and the repairs.
FAULTS = [
    (
        "<tool_call>\n<function=list_files>\n<parameter=path>\n.\n"
        "<parameter=recursive>\ntrue\n</parameter>\n</function>\n</tool_call>",
        {"path": ".", "recursive": "true"},
        ["missing_parameter_close"],
    ),
    (
        "<tool_call>\n<function=list_files>\n<parameter=path>\n.\n</function>\n</tool_call>",
        {"path": "."},
        ["missing_parameter_close"],
    ),
    (
        "<tool_call>\n<function=list_files>\n<parameter=path>\n.\n</parameter>\n</parameter>\n</function>\n</tool_call>",
        {"path": "."},
        ["doubled_parameter_close"],
    ),
    (
        "<tool_call>\n<function=list_files>\n<parameter=path>\n.\n</parameter>\n</function>\n</function>\n</tool_call>",
        {"path": "."},
        ["doubled_function_close"],
    ),
    (
        "<tool_call>\n<function=list_files>\n<parameter=path>\n.\n</parameter>\n</tool_call>",
        {"path": "."},
        ["missing_function_close"],
    ),
    (f"<tool_call>\n{CALL}", {"path": "."}, ["missing_call_close"]),
    ("<tool_call>\n<function=list_files>\n</function>", {}, ["missing_call_close"]),
    (f"<tool_call>\n{CALL}\n</tool", {"path": "."}, ["partial_close", "missing_call_close"]),
    (f"<tool_call>\n{CALL}\n<|im_end|>", {"path": "."}, ["end_mark", "missing_call_close"]),
]


@pytest.mark.parametrize(("text", "params", "repairs"), FAULTS)
def test_a_fault(text: str, params: dict[str, str], repairs: list[str]) -> None:
    calls, words, found = said(text)
    assert (calls, words.strip()) == ([("qwen3-coder", "list_files", params)], "")
    assert sorted(found) == sorted(repairs)


def test_another_call_stands_for_the_wrappers_end() -> None:
    calls, words, repairs = said(f"<tool_call>\n{CALL}\n<tool_call>\n{CALL}\n</tool_call>")
    assert calls == [("qwen3-coder", "list_files", {"path": "."})] * 2
    assert (words.strip(), repairs) == ("", ["missing_call_close"])


def test_a_value_ends_at_its_own_close_that_the_grammar_follows() -> None:
    value = "a </parameter> b\n</function> c\n<parameter=x>"
    assert said(qwen("write_to_file", {"path": "p", "content": value}))[0][0][2]["content"] == value


@pytest.mark.parametrize(
    "text",
    [
        "<tool_call> is what it writes",
        "<tool_call>\n<function=nobody>\n</function>\n</tool_call>",
        "<function=x>",
    ],
)
def test_a_mention_is_text(text: str) -> None:
    assert said(text) == ([], text, [])
