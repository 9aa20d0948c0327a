"""One call in tags, terminal by terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.calls.tagged import TagCall, is_complete
from roobridge.dialects.qwen3_coder import WRAPPED
from roobridge.dialects.roo_xml import ROO_XML
from roobridge.events import CallEnd, CallStart, Event, Markup, ParamEnd, ParamStart, Repaired, Value
from roobridge.grammar.model import Field, Kind, Nested, Param
from roobridge.parser.lexicons import MARKS
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.scanner import Found, Miss
from roobridge.spelling.states import Terminal
from tests.parser.machine import TOOLSET, tool

_T = Terminal


def begun(dialect: Dialect = ROO_XML, name: str = "list_files") -> TagCall:
    return TagCall(dialect, TOOLSET.tools[name])


def said(call: TagCall, *parts: tuple[Terminal, str, str] | str) -> list[Event]:
    """The events of terminals, and of characters of the value between them."""
    out: list[Event] = []
    for part in parts:
        if isinstance(part, str):
            call.text(part, out)
        else:
            call.say(*part, out)
    return out


def test_a_call_keeps_its_source() -> None:
    call = begun()
    out = said(
        call,
        (_T.TOOL_OPEN, "<list_files>", "list_files"),
        (_T.SPACE, "\n", ""),
        (_T.PARAM_OPEN, "<path>", "path"),
        " a ",
        (_T.PARAM_CLOSE, "</path>", ""),
        (_T.SPACE, "\n", ""),
        (_T.TOOL_CLOSE, "</list_files>", ""),
    )
    call.end(out)
    assert out == [
        CallStart("list_files", "roo-xml", "<list_files>"),
        Markup("\n"),
        ParamStart("path", raw="<path>"),
        Markup(" "),
        Value("a"),
        Markup(" "),
        ParamEnd("</path>"),
        Markup("\n"),
        CallEnd("</list_files>"),
    ]


def test_the_wrapper_belongs_to_both_ends() -> None:
    call = begun(WRAPPED)
    out = said(
        call,
        (_T.CALL_OPEN, "<tool_call>", ""),
        (_T.SPACE, "\n", ""),
        (_T.TOOL_OPEN, "<function=list_files>", "list_files"),
        (_T.TOOL_CLOSE, "</function>", ""),
        (_T.SPACE, "\n", ""),
        (_T.CALL_CLOSE, "</tool_call>", ""),
    )
    call.end(out)
    assert out == [
        CallStart("list_files", "qwen3-coder", "<tool_call>\n<function=list_files>"),
        CallEnd("</function>\n</tool_call>"),
    ]


def test_what_stands_twice_is_named() -> None:
    call = begun(WRAPPED)
    close, end = (_T.PARAM_CLOSE, "</parameter>", ""), (_T.TOOL_CLOSE, "</function>", "")
    said(call, (_T.TOOL_OPEN, "<function=list_files>", "list_files"))
    said(call, (_T.PARAM_OPEN, "<parameter=path>", "path"), close)
    assert said(call, close) == [Repaired("doubled_parameter_close")]
    assert said(call, end) == []
    assert said(call, end) == [Repaired("doubled_function_close")]
    assert said(call, (_T.MARK, MARKS[0], "")) == [Repaired("end_mark")]


def test_the_open_parameter() -> None:
    call = begun()
    assert call.param == ""
    said(call, (_T.PARAM_OPEN, "<path>", "path"))
    assert call.param == "path"
    assert not call.flow("a")
    said(call, "a")
    assert call.flow("b c") == "b c"
    assert not call.flow(" ")
    assert call.flow("d ") == "d"
    assert call.flow("e") == " e"
    said(call, (_T.PARAM_CLOSE, "</path>", ""))
    assert call.param == ""
    assert not call.flow("a")


@pytest.mark.parametrize(
    ("text", "closes"),
    [
        ("<file><path>a", ["</path>", "</file>"]),
        ("<file>\n<path>a</path>", ["</file>"]),
        ("<file><path>a</path></file>", []),
        ("<file><path>a</path></file><file/>", []),
        ("no tags", []),
    ],
)
def test_a_nested_value_cut_short_is_closed(text: str, closes: list[str]) -> None:
    call = begun(name="read_file")
    out = said(call, (_T.PARAM_OPEN, "<args>", "args"), *text)
    call.end(out)
    values = [event.text for event in out if isinstance(event, Value)]
    assert "".join(values) == text + "".join(closes)
    assert out[-2:] == [ParamEnd(), CallEnd()]


@given(st.lists(st.text("a \r\n", min_size=1), max_size=6))
def test_it_knows_what_its_value_holds(pieces: list[str]) -> None:
    call = begun()
    said(call, (_T.TOOL_OPEN, "<list_files>", "list_files"), (_T.PARAM_OPEN, "<path>", "path"))
    out: list[Event] = []
    for piece in pieces:
        if not call.flow(piece):
            call.text(piece, out)
    text = "".join(pieces)
    assert call.so_far.said == bool(text.strip())
    assert call.so_far.lines == ("\n" in text.lstrip())
    assert call.so_far.tail == text[-48:]


def test_a_text_as_a_call() -> None:
    out: list[Event] = []
    begun(name="attempt_completion").wrap("result", "Done.", out)
    assert out == [
        CallStart("attempt_completion", ""),
        ParamStart("result"),
        Value("Done."),
        ParamEnd(),
        CallEnd(),
    ]


@pytest.mark.parametrize(
    ("name", "param", "complete", "may_end"),
    [
        ("list_files", "path", True, True),
        ("list_files", "recursive", False, False),
        ("write_to_file", "content", False, False),
        ("execute_command", "command", True, False),
        ("attempt_completion", "result", True, True),
    ],
)
def test_where_a_call_may_end(name: str, param: str, complete: bool, may_end: bool) -> None:
    call = begun(name=name)
    assert not call.may_end_open()
    said(call, (_T.PARAM_OPEN, "", param))
    assert not call.may_end_open()
    said(call, "a")
    assert call.complete() is complete
    assert call.may_end_open() is may_end


def test_a_tool_that_no_grammar_describes_never_ends_open() -> None:
    call = TagCall(ROO_XML, tool("own", Param("p", cut_safe=True)))
    said(call, (_T.PARAM_OPEN, "", "p"), "a")
    assert call.may_end_open()
    unknown = TagCall(ROO_XML, type(call.tool)("own", call.tool.params))
    said(unknown, (_T.PARAM_OPEN, "", "p"), "a")
    assert not unknown.may_end_open()


@pytest.mark.parametrize(
    ("word", "roo", "qwen"),
    [
        ("path", Level.PARAM, Level.PARAM),
        ("parameter", Level.PARAM, Level.PARAM),
        ("param", Level.PARAM, Level.PARAM),
        ("pth", Level.PARAM, Level.PARAM),
        ("list_files", Level.TOOL, Level.TOOL),
        ("function", Level.TOOL, Level.TOOL),
        ("invoke", Level.TOOL, Level.TOOL),
        ("list_file", Level.TOOL, Level.TOOL),
        ("tool_call", None, Level.CALL),
        ("tool_calls", None, Level.CALL),
        ("recursive", None, None),
        ("div", None, None),
    ],
)
def test_what_a_closing_tag_closes(word: str, roo: Level | None, qwen: Level | None) -> None:
    for dialect, level in ((ROO_XML, roo), (WRAPPED, qwen)):
        call = begun(dialect)
        said(call, (_T.TOOL_OPEN, "", "list_files"), (_T.PARAM_OPEN, "", "path"))
        assert call.tags.level(word) is level


def test_openers_are_those_of_every_parameter() -> None:
    for tag in ("<path>", "<recursive>", "<parameter=path>"):
        assert isinstance(begun().openers.match(tag, 0)[0], Found)
    assert isinstance(begun(WRAPPED).openers.match("<parameter=other>", 0)[0], Found)
    assert begun().openers.match("<parameter=other>", 0)[0] is Miss.NONE


def test_a_closing_tag_that_is_not_the_right_one_is_named() -> None:
    call = begun()
    said(call, (_T.TOOL_OPEN, "<list_files>", "list_files"), (_T.PARAM_OPEN, "<path>", "path"), "a")
    assert said(call, (_T.NEAR_CLOSE, "</pth>", "")) == [Repaired("closing_tag_mended"), ParamEnd("</path>")]
    assert said(call, (_T.TOOL_CLOSE, "</list_file>", "")) == [Repaired("closing_tag_mended")]


def test_an_opening_tag_that_is_not_the_right_one_is_named() -> None:
    out = said(begun(), (_T.PARAM_OPEN, "<parameter=path>", "path"))
    assert out == [Repaired("opening_tag_mended"), ParamStart("path", raw="<path>")]


def test_the_one_parameter_that_is_missing() -> None:
    call = begun(name="write_to_file")
    assert call.sole_missing == ""
    said(call, (_T.PARAM_OPEN, "<path>", "path"))
    assert call.sole_missing == "content"


FORMS = Nested("file", "files", (Field("path", "path"), Field("diff", "diff")), lone="file_path")


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ([], False),
        (["path"], False),
        (["path", "args"], True),
        (["args"], True),
        (["path", "files"], True),
        (["path", "file_path"], True),
        (["files"], False),
    ],
)
def test_a_required_parameter_may_be_given_in_another_form(given: list[str], complete: bool) -> None:
    nested = Param("args", Kind.XML, required=True, nested=FORMS)
    assert is_complete(tool("t", Param("path", required=True), nested, Param("x")), given) is complete
