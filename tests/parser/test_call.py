"""One call in tags, terminal by terminal."""

from __future__ import annotations

import pytest

from roobridge.dialects.qwen3_coder import WRAPPED
from roobridge.dialects.roo_xml import ROO_XML
from roobridge.events import CallEnd, CallStart, Event, Markup, ParamEnd, ParamStart, Repaired, Value
from roobridge.grammar.model import Field, Kind, Nested, Param
from roobridge.parser.call import MARKS, TagCall, is_complete
from roobridge.parser.dialect import Dialect
from roobridge.parser.scanner import Found, Miss
from roobridge.parser.states import State, Terminal
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
    opened = [(_T.TOOL_OPEN, "", "list_files"), (_T.PARAM_OPEN, "", "path"), (_T.PARAM_CLOSE, "", "")]
    said(call, *opened)
    assert Repaired("doubled_parameter_close") in said(call, (_T.PARAM_CLOSE, "", ""))
    assert said(call, (_T.TOOL_CLOSE, "", "")) == []
    assert said(call, (_T.TOOL_CLOSE, "", "")) == [Repaired("doubled_function_close")]
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
    assert call.complete() is complete
    assert call.may_end_open() is may_end


def test_a_tool_that_no_grammar_describes_never_ends_open() -> None:
    call = TagCall(ROO_XML, tool("own", Param("p", cut_safe=True)))
    said(call, (_T.PARAM_OPEN, "", "p"))
    assert call.may_end_open()
    unknown = TagCall(ROO_XML, type(call.tool)("own", call.tool.params))
    said(unknown, (_T.PARAM_OPEN, "", "p"))
    assert not unknown.may_end_open()


# What counts in a state: the literals, in the two spellings.
@pytest.mark.parametrize(
    ("state", "roo", "qwen"),
    [
        (
            State.OPENED,
            "<path> <recursive> </list_files>",
            "<parameter=path> <parameter=recursive> </function>",
        ),
        (
            State.VALUE,
            "</path> </list_files> <|im_end|>",
            "</parameter> </function> </tool_call> <parameter=recursive> <|im_end|>",
        ),
        (
            State.CLOSING,
            "</path> <recursive> </list_files> <|im_end|>",
            "</parameter> <parameter=recursive> <parameter=other> </function> </tool_call> <|im_end|>",
        ),
        (State.TAIL, "<|im_end|>", "</tool_call> <|im_end|>"),
        (State.LOOSE, "</list_files>", "</function>"),
    ],
)
def test_what_counts_in_a_state(state: State, roo: str, qwen: str) -> None:
    every = {*roo.split(), *qwen.split(), "<path>", "<parameter=path>"}
    for dialect, words in ((ROO_XML, roo), (WRAPPED, qwen)):
        call = begun(dialect)
        if state is not State.OPENED:
            said(call, (_T.TOOL_OPEN, "", "list_files"), (_T.PARAM_OPEN, "", "path"))
        found = {word for word in every if isinstance(call.lexicon(state).match(word, 0)[0], Found)}
        extra = {"<parameter=path>"} if dialect is WRAPPED and state is State.CLOSING else set()
        assert found == {*words.split()} | extra


def test_a_parameter_is_opened_once() -> None:
    call = begun()
    assert isinstance(call.lexicon(State.OPENED).match("<path>", 0)[0], Found)
    said(call, (_T.PARAM_OPEN, "<path>", "path"), (_T.PARAM_CLOSE, "</path>", ""))
    assert call.lexicon(State.CLOSING).match("<path>", 0)[0] is Miss.NONE


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
