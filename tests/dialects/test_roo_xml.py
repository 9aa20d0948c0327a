"""Roo XML as it is written, and what is close to it."""

from __future__ import annotations

import pytest

from roobridge.dialects.roo_xml import ROO_XML
from roobridge.grammar.model import Kind, Param, Toolset
from roobridge.spelling.states import Terminal
from tests.dialects.spoken import said
from tests.oracle.dialect_writer import roo_xml
from tests.parser.machine import TOOLSET

PARAMS = {"path": "a b.py", "content": "x < 1\n\n  y = '</path>'"}


def test_a_call() -> None:
    assert said(roo_xml("write_to_file", PARAMS)) == ([("roo-xml", "write_to_file", PARAMS)], "", [])


def test_its_openers_are_the_tools() -> None:
    openers = ROO_XML.openers(TOOLSET)
    assert {raw: (found.terminal, found.name) for raw, found in openers.items()} == {
        f"<{name}>": (
            Terminal.COMPLETION_OPEN if name == "attempt_completion" else Terminal.TOOL_OPEN,
            name,
        )
        for name in TOOLSET.tools
    }
    assert all(found.dialect is ROO_XML for found in openers.values())
    no_completion = Toolset(TOOLSET.tools)
    assert {found.terminal for found in ROO_XML.openers(no_completion).values()} == {Terminal.TOOL_OPEN}
    assert not ROO_XML.inner(TOOLSET)


@pytest.mark.parametrize("kind", Kind)
def test_it_trims_what_the_client_trims(kind: Kind) -> None:
    assert ROO_XML.trims(Param("p", kind)) is (kind is not Kind.VERBATIM)


@pytest.mark.parametrize(
    ("text", "params", "repairs"),
    [
        ("<list_files>\n<path>\n . \n</path>\n</list_files>", {"path": "."}, []),
        ("<list_files></list_files>", {}, []),
        ("<list_files>\n<path>a</path>\n", {"path": "a"}, ["call_closed"]),
        ("<list_files>\n<path>a", {"path": "a"}, ["value_closed"]),
        ("<list_files>\n<path>a</list_files>", {"path": "a"}, ["parameter_closed"]),
        ("<list_files>\n<path>a</pa", {"path": "a"}, ["partial_close", "value_closed"]),
        ("<list_files>\n<path>a</path>\n</list_fi", {"path": "a"}, ["partial_close", "call_closed"]),
        ("<list_files>\n<path>a<|im_end|>", {"path": "a"}, ["parameter_closed", "end_mark"]),
    ],
)
def test_where_a_call_ends(text: str, params: dict[str, str], repairs: list[str]) -> None:
    calls, words, found = said(text)
    assert (calls, words) == ([("roo-xml", "list_files", params)], "")
    assert sorted(found) == sorted(repairs)


@pytest.mark.parametrize(
    "text",
    [
        "<list_files> is a tool",
        "`<list_files><path>.</path></list_files>`",
        "<nobody><path>.</path></nobody>",
        "<list_files>\n<nobody>.</nobody>\n</list_files>",
        "<list_files",
        "</list_files> in a line",
        "> <list_files><path>.</path></list_files>\n\nmore",
    ],
)
def test_a_mention_is_text(text: str) -> None:
    assert said(text) == ([], text, [])


def test_text_in_the_completion_is_its_result() -> None:
    text = "<attempt_completion>\nAll done.\n</attempt_completion>"
    assert said(text) == (
        [("", "attempt_completion", {"result": "All done."})],
        "",
        ["completion_without_parameter"],
    )
