"""What dialects of tags share."""

from __future__ import annotations

import pytest

from roobridge.grammar.model import Kind, Param
from roobridge.spelling.dialect import Dialect, Given, Position
from roobridge.spelling.rows import BARE_ROWS, WRAPPED_ROWS
from roobridge.spelling.tags import TagForm, bare, in_tags, is_one_line, written
from tests.parser.machine import TOOLSET


def toy() -> Dialect:
    return in_tags(
        "toy",
        call=TagForm("<steps>", "</steps>"),
        tool=TagForm("<step {}>", "</step>"),
        param=TagForm("<given {}>", "</given {}>"),
    )


def test_a_wrapped_call_begins_behind_its_wrapper_and_a_bare_one_in_content() -> None:
    wrapped = toy()
    lone = bare(wrapped)
    assert (wrapped.table, lone.table) == (WRAPPED_ROWS, BARE_ROWS)
    assert [*wrapped.begins, *lone.begins] == [Position.WRAPPER, Position.CONTENT]
    openers = {f"<step {name}>": name for name in TOOLSET.tools}
    assert {raw: found.name for raw, found in wrapped.inner(TOOLSET).items()} == openers
    assert {raw: found.name for raw, found in lone.openers(TOOLSET).items()} == openers
    assert all(found.dialect is lone for found in lone.openers(TOOLSET).values())
    assert not wrapped.openers(TOOLSET)
    assert not lone.inner(TOOLSET)


@pytest.mark.parametrize("kind", list(Kind))
def test_short_values_lose_the_white_space_around_them(kind: Kind) -> None:
    short = kind in (Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.BOOLEAN)
    assert is_one_line(Param("p", kind)) is short
    assert not is_one_line(Param("p", kind, prose=True))


def test_a_call_is_written_as_far_as_it_came() -> None:
    params = [Given("path", "a.py", closed=True), Given("content", "one\ntw", closed=False)]
    begun = "<steps>\n<step write_to_file>\n<given path>\na.py\n</given path>\n<given content>\none\ntw"
    assert written(toy(), "write_to_file", params, whole=False) == begun
    whole = "<steps>\n<step list_files>\n<given path>\n.\n</given path>\n</step>\n</steps>"
    assert written(toy(), "list_files", [Given("path", ".", closed=True)], whole=True) == whole
