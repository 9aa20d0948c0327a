"""Families that have native calls alone: without a reader of XML, and those that went on from another."""

from __future__ import annotations

from pathlib import Path

from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import Completion
from tests.grammar.test_load import family, folder_of


def test_a_family_without_a_reader_needs_no_completion(tmp_path: Path) -> None:
    text = '<family name="box"><tool name="a"><param name="p" kind="text"/></tool></family>'
    box = load_grammar(folder_of(tmp_path, text)).family("box")
    assert (box.completion, box.reads_xml) == (None, False)
    for version in (None, (1, 0, 0)):
        assert list(box.toolset(version).tools) == ["a"]
        assert box.toolset(version).completion is None


def test_a_family_goes_on_from_a_release_of_another(tmp_path: Path) -> None:
    text = family('<tool name="a" until="1.0.0"/>', '<tool name="b" protocol="native" since="1.0.1"/>')
    folder_of(tmp_path, text, "z-box.xml")
    (tmp_path / "bag.xml").write_text('<successor name="bag" base="box" release="1.0.1"/>', encoding="utf-8")
    grammar = load_grammar(tmp_path)
    bag = grammar.family("bag")
    assert (bag.name, bag.completion, bag.reads_xml) == ("bag", Completion("done", "out"), False)
    for version in (None, (0, 1, 0), (9, 0, 0)):
        toolset = bag.toolset(version)
        assert toolset.tools.keys() == {"done", "b"}
        assert (toolset.completion, toolset.read_tools) == (bag.completion, frozenset())
