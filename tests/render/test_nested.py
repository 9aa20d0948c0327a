"""Nested values: items to XML and back, and XML as models write it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.grammar.model import Field, Nested
from roobridge.render.nested import is_complete, mend_items, objects, read_items, write_items

FILES = Nested(
    "file",
    "files",
    (Field("path", "path", required=True), Field("line_range", "line_ranges", repeated=True)),
    lone="path",
)
DIFFS = Nested(
    "file",
    "files",
    (
        Field("path", "path"),
        Field(
            "diff",
            "diffs",
            repeated=True,
            fields=(Field("content", "content"), Field("start_line", "start_line", number=True)),
        ),
    ),
)
SUGGESTIONS = Nested(
    "suggest", "follow_up", (Field("", "text", text=True), Field("mode", "mode", attribute=True))
)

# The client trims a field's text, and XML has no control characters.
texts = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc", "Co"], include_characters="\n\t\r", exclude_characters="\ufffe\uffff"
    ),
    max_size=12,
).filter(lambda text: text == text.strip())
words = texts | st.sampled_from(
    ["a < b && c", "]]>", "<path>x</path>", "a\n]]>\nb", "x\r\ny", "12", "&lt;", '"q"']
)


def items(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries({}, optional=fields), max_size=3)


@given(items({"path": words, "line_ranges": st.lists(words, min_size=1, max_size=3)}))
def test_files_come_back(files: list[dict[str, Any]]) -> None:
    assert read_items(write_items(files, FILES), FILES) == files


@given(
    items(
        {
            "path": words,
            "diffs": st.lists(
                st.fixed_dictionaries(
                    {"content": words}, optional={"start_line": st.integers(-(10**17), 10**17)}
                ),
                min_size=1,
                max_size=2,
            ),
        }
    )
)
def test_diffs_come_back(files: list[dict[str, Any]]) -> None:
    assert read_items(write_items(files, DIFFS), DIFFS) == files


suggested = st.lists(st.fixed_dictionaries({"text": words}, optional={"mode": words}), max_size=3)


@given(suggested)
def test_suggestions_come_back(suggestions: list[dict[str, Any]]) -> None:
    """Text that looks like an entity is written as it is, since the client does not decode it."""
    entities = [{**one, "text": re.sub("&(?:lt|gt|amp);", "&", one["text"])} for one in suggestions]
    assert read_items(write_items(entities, SUGGESTIONS), SUGGESTIONS) == entities


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a & b && c > d", "a & b && c > d"),
        ("Do <b>it</b><br/>", "Do <b>it</b><br/>"),
        ("a &amp; b", "a &amp; b"),
        ('<a href="x">y</a>', '<a href="x">y</a>'),
        ("a < b", "a &lt; b"),
        ("a <b", "a &lt;b"),
        ('<a href="x>', '&lt;a href="x>'),
        ("</suggest>", "&lt;/suggest>"),
        ("<suggest >", "&lt;suggest >"),
        ("<suggestion>", "<suggestion>"),
        ("<!-- x", "&lt;!-- x"),
        ("<![CDATA[", "&lt;![CDATA["),
    ],
)
def test_a_suggestion_is_raw_where_its_reader_takes_it(text: str, written: str) -> None:
    assert write_items([{"text": text}], SUGGESTIONS) == f"<suggest>{written}</suggest>"


@pytest.mark.parametrize(
    ("path", "written"),
    [("a&b.ts", "a&b.ts"), ("a&lt;.ts", "a&amp;lt;.ts"), ("a<b>.ts", "a&lt;b>.ts"), ("x=&y;", "x=&y;")],
)
def test_a_path_is_escaped_only_where_its_reader_decodes(path: str, written: str) -> None:
    assert write_items([{"path": path}], FILES) == f"<file>\n<path>{written}</path>\n</file>"


# As models write it, and what it holds.
WRITTEN: list[tuple[Nested, str, list[dict[str, Any]]]] = [
    (FILES, "\n<file>\n  <path> a.py </path>\n</file>\n", [{"path": "a.py"}]),
    (FILES, "<file><path>a & b < c</path></file>", [{"path": "a & b < c"}]),
    (FILES, "<file><path>a &amp; b</path></file>", [{"path": "a & b"}]),
    (FILES, "<file><path>&unknown; b</path></file>", [{"path": "&unknown; b"}]),
    (FILES, "<file><path><![CDATA[a<b>]]></path></file>", [{"path": "a<b>"}]),
    (FILES, "<file><path><![CDATA[a<b>]]></path>&</file>", [{"path": "a<b>"}]),
    (FILES, "<file><path><![CDATA[a<b>]]></path></file> a < b", [{"path": "a<b>"}]),
    (FILES, "words <file><path>a</path></file> words", [{"path": "a"}]),
    (FILES, "<file><path>a</path><path>b</path></file>", [{"path": "b"}]),
    (FILES, "<file><path>a</path></file><file><path>b", [{"path": "a"}]),
    (FILES, "<file><other>a</other></file>", [{}]),
    (FILES, "</r><file><path>a</path></file>", [{"path": "a"}]),
    (FILES, "no items", []),
    (FILES, "", []),
    (FILES, "\x00<file><path>a</path></file>", [{"path": "a"}]),
    (SUGGESTIONS, '<suggest mode="code">Do <b>it</b></suggest>', [{"text": "Do <b>it</b>", "mode": "code"}]),
    (SUGGESTIONS, "<suggest mode='code'>a & b</suggest>", [{"text": "a & b", "mode": "code"}]),
    (SUGGESTIONS, '<suggest mode="code">a < b</suggest>', [{"text": "a < b", "mode": "code"}]),
    (SUGGESTIONS, "<suggest>a < b</suggest>", [{"text": "a < b"}]),
    (SUGGESTIONS, "<suggest>a</suggest><suggest >b</suggest>", [{"text": "a"}, {"text": "b"}]),
    (DIFFS, "<file><diff><content>\na\n b\n</content><start_line> 7 </start_line></diff></file>",
     [{"diffs": [{"content": "a\n b", "start_line": 7}]}]),
    (DIFFS, "<file><diff><content>& b\r\nc</content></diff></file>", [{"diffs": [{"content": "& b\r\nc"}]}]),
    (DIFFS, "<file><diff><content>a\r\nb</content></diff></file>", [{"diffs": [{"content": "a\r\nb"}]}]),
]  # fmt: skip


@pytest.mark.parametrize(("nested", "text", "wanted"), WRITTEN)
def test_what_a_nested_value_holds(nested: Nested, text: str, wanted: list[dict[str, Any]]) -> None:
    assert read_items(text, nested) == wanted


@pytest.mark.parametrize("number", ["--5", "1" * 5000, "٣", "1.5", "0x1", "", "-", "01"])
def test_what_is_no_number_stays_text(number: str) -> None:
    text = f"<file><diff><start_line>{number}</start_line></diff></file>"
    assert read_items(text, DIFFS) == [{"diffs": [{"start_line": number}]}]


@pytest.mark.parametrize(
    ("nested", "text", "wanted"),
    [
        (FILES, "<file>\n<path>a.py\n</file>", [{"path": "a.py"}]),
        (FILES, "<file><path>a</path></file><file><path>b", [{"path": "a"}, {"path": "b"}]),
        (FILES, '<file path="a.py"/>', [{"path": "a.py"}]),
        (FILES, '<file path="a.py" size="3" line_range=""/>', [{"path": "a.py"}]),
        (
            FILES,
            "<file path='a'><line_range>1-2</line_range></file>",
            [{"path": "a", "line_ranges": ["1-2"]}],
        ),
        (FILES, "<path>a</path>", [{"path": "a"}]),
        (
            FILES,
            "<path>a</path><line_range>1-2</line_range><path>b</path>",
            [{"path": "a", "line_ranges": ["1-2"]}, {"path": "b"}],
        ),
        (FILES, "\n a.py \n\nb c.py\n", [{"path": "a.py"}, {"path": "b c.py"}]),
        (FILES, "<file><path></path></file>", []),
        (FILES, "<file></file><path>a</path>", [{"path": "a"}]),
        (FILES, "<other>a</other>", []),
        (FILES, "", []),
        (SUGGESTIONS, "<suggest>a<suggest mode='code'>b", [{"text": "a"}, {"text": "b", "mode": "code"}]),
        (DIFFS, "<file><path>a", []),
    ],
)
def test_what_is_not_quite_xml_is_mended(nested: Nested, text: str, wanted: list[dict[str, Any]]) -> None:
    assert mend_items(text, nested) == wanted
    assert not wanted or is_complete(wanted, nested)


@pytest.mark.parametrize("text", ["<file " * 20_000, "<path>" * 20_000, "<file path='" * 20_000])
def test_degenerate_text_is_mended_in_one_go(text: str) -> None:
    assert mend_items(text, FILES) == [] or text


def test_what_is_too_long_holds_nothing() -> None:
    item = "<file><path>a</path></file>"
    assert read_items(item + " " * (2_000_000 - len(item)), FILES) == [{"path": "a"}]
    assert read_items(item + " " * 2_000_000, FILES) == []


def test_entities_are_not_expanded_nor_files_read() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><file><path>&a;</path></file>'
    assert read_items(bomb, FILES) == [{"path": "&a;"}]


@pytest.mark.parametrize(
    "text", ["<file><path>" * 20_000, "<file>&" * 40_000, "<file><path>a</path></file>&" * 9_000]
)
def test_degenerate_text_is_read_in_one_go(text: str) -> None:
    assert len(read_items(text, FILES)) == text.count("</file>")


# -- JSON as models write it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nested", "value", "wanted"),
    [
        (FILES, [{"path": "a"}], [{"path": "a"}]),
        (FILES, {"path": "a"}, [{"path": "a"}]),
        (FILES, ["a", "b"], [{"path": "a"}, {"path": "b"}]),
        (FILES, "a", [{"path": "a"}]),
        (FILES, {"file": [{"path": "a"}]}, [{"path": "a"}]),
        (FILES, {"files": {"path": "a"}}, [{"path": "a"}]),
        (FILES, {"file": "a", "line_range": "1-2"}, [{"path": "a", "line_range": "1-2"}]),
        (FILES, {"path": "a", "line_range": ["1-2"]}, [{"path": "a", "line_ranges": ["1-2"]}]),
        (FILES, {"path": "a", "line_range": "x", "line_ranges": "y"}, [{"path": "a", "line_ranges": "y"}]),
        (SUGGESTIONS, ["a", {"text": "b", "mode": "code"}], [{"text": "a"}, {"text": "b", "mode": "code"}]),
        (FILES, [], []),
    ],
)
def test_the_items_of_a_json_value(nested: Nested, value: Any, wanted: list[dict[str, Any]]) -> None:
    assert objects(value, nested) == wanted


@pytest.mark.parametrize("value", [1, None, True, {}, {"other": 1}, [1], [{"path": "a"}, {}]])
def test_what_stands_for_no_items(value: Any) -> None:
    with pytest.raises(ValueError, match="object"):
        objects(value, FILES)


def test_a_bare_string_needs_a_field_to_be() -> None:
    with pytest.raises(ValueError, match="object"):
        objects("a", DIFFS)


def test_an_item_is_written_under_its_xml_names() -> None:
    text = write_items([{"path": "a & b", "line_ranges": ["1-2", 3]}], FILES)
    assert text == (
        "<file>\n<path>a & b</path>\n<line_range>1-2</line_range>\n<line_range>3</line_range>\n</file>"
    )
    suggestions = [{"text": "a < b", "mode": '"c"'}]
    assert write_items(suggestions, SUGGESTIONS) == "<suggest mode='\"c\"'>a &lt; b</suggest>"
