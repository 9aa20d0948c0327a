"""The oracle against what the client was seen to make of each input."""

from __future__ import annotations

import pytest

from tests.oracle.roo_reader import (
    MAX_REPLY,
    Block,
    TextBlock,
    TooLongError,
    ToolUse,
    js_trim,
    read_as,
    tool_uses,
    utf16_length,
)

V31 = (3, 31, 3)
V41 = (3, 41, 3)


def text(content: str) -> TextBlock:
    return TextBlock(content)


def tool(name: str, /, partial: bool = False, **params: str) -> ToolUse:
    return ToolUse(name, params, partial)


ROWS: list[tuple[str, list[Block]]] = [
    (
        "Let me look.\n\n<read_file>\n<path>a.py</path>\n</read_file>",
        [text("Let me look."), tool("read_file", path="a.py")],
    ),
    ("I will use <read_file> to read.", [text("I will use"), tool("read_file", partial=True)]),
    ("The `<read_file>` tool reads.", [text("The `"), tool("read_file", partial=True)]),
    (
        "Example:\n```xml\n<read_file>\n<path>a</path>\n</read_file>\n```\nDone",
        [text("Example:\n```xml"), tool("read_file", path="a"), text("```\nDone")],
    ),
    ('<read_file path="a"></read_file>', [text('<read_file path="a"></read_file>')]),
    ("<read_file ><path>a</path></read_file>", [text("<read_file ><path>a</path></read_file>")]),
    ("<READ_FILE></READ_FILE>", [text("<READ_FILE></READ_FILE>")]),
    ("<attempt_completion/> done", [text("<attempt_completion/> done")]),
    ("<foo_tool><path>a</path></foo_tool>", [text("<foo_tool><path>a</path></foo_tool>")]),
    ("<read_file><bogus>x</bogus><path>a</path></read_file>", [tool("read_file", path="a")]),
    ('<read_file><path type="x">a</path></read_file>', [tool("read_file")]),
    (
        "<write_to_file><path>p</path><content>\n\n  x\n\n</content></write_to_file>",
        [tool("write_to_file", path="p", content="\n  x\n")],
    ),
    (
        "<write_to_file><path>p</path><content>A</content>B</content><line_count>1</line_count></write_to_file>",
        [tool("write_to_file", path="p", content="A</content>B", line_count="1")],
    ),
    (
        "<write_to_file><path>p</path><content>x</write_to_file>y</content></write_to_file>",
        [tool("write_to_file", path="p", content="x</write_to_file>y")],
    ),
    (
        "<write_to_file><path>p</path><content>A</content><path>evil</path></content></write_to_file>",
        [tool("write_to_file", path="evil", content="A</content><path>evil</path>")],
    ),
    (
        "<attempt_completion><result>Use <read_file><path>x</path></read_file></result></attempt_completion>",
        [tool("attempt_completion", result="Use <read_file><path>x</path></read_file>")],
    ),
    (
        "<attempt_completion><result>the tag </result> closes</result></attempt_completion>",
        [tool("attempt_completion", result="the tag")],
    ),
    (
        "<attempt_completion><result>x </attempt_completion> y</result></attempt_completion>",
        [tool("attempt_completion", result="x </attempt_completion> y")],
    ),
    (
        "<attempt_completion>\n<result>\n<attempt_completion>\n<result>\ninner\n</result>\n</attempt_completion>\n"
        "</result>\n</attempt_completion>",
        [
            tool("attempt_completion", result="<attempt_completion>\n<result>\ninner"),
            text("</result>\n</attempt_completion>"),
        ],
    ),
    (
        "<attempt_completion><result>done</result> then <path>p</path> </attempt_completion>",
        [tool("attempt_completion", result="done", path="p")],
    ),
    (
        "<attempt_completion><result>a</result><result>b</result></attempt_completion>",
        [tool("attempt_completion", result="b")],
    ),
    ("<attempt_completion>All done</attempt_completion>", [tool("attempt_completion")]),
    ("<attempt_completion><result></result></attempt_completion>", [tool("attempt_completion", result="")]),
    (
        "<attempt_completion><result> \n</result></attempt_completion>",
        [tool("attempt_completion", result="")],
    ),
    (
        "<attempt_completion>\n<result>\npartial answer",
        [tool("attempt_completion", partial=True, result="\npartial answer")],
    ),
    (
        "<attempt_completion>\n<result>\npartial answer\n</resu",
        [tool("attempt_completion", partial=True, result="\npartial answer\n</resu")],
    ),
    (
        "<read_file><path>a</path></read_file><read_file><path>b</path></read_file>",
        [tool("read_file", path="a"), tool("read_file", path="b")],
    ),
    ("<read_file><path>a</path></readfile> trailing text", [tool("read_file", partial=True, path="a")]),
    ("text x <rea", [text("text x <rea")]),
    ("<result>hi</result>", [text("<result>hi</result>")]),
    (
        "<tool_call>\n<function=read_file>\n<parameter=path>\na\n</parameter>\n</function>\n</tool_call>",
        [
            text(
                "<tool_call>\n<function=read_file>\n<parameter=path>\na\n</parameter>\n</function>\n</tool_call>"
            )
        ],
    ),
    (
        '<tool_call>\n{"name": "read_file", "arguments": {}}\n</tool_call>',
        [text('<tool_call>\n{"name": "read_file", "arguments": {}}\n</tool_call>')],
    ),
    (
        "<tool_use><read_file><path>a</path></read_file></tool_use>",
        [text("<tool_use>"), tool("read_file", path="a"), text("</tool_use>")],
    ),
    (
        '<ask_followup_question><question>Q</question><follow_up><suggest mode="code">A</suggest></follow_up>'
        "</ask_followup_question>",
        [tool("ask_followup_question", question="Q", follow_up='<suggest mode="code">A</suggest>')],
    ),
    (
        "<read_file><args><file><path>a</path></file><file><path>b</path></file></args></read_file>",
        [tool("read_file", args="<file><path>a</path></file><file><path>b</path></file>")],
    ),
    # The finer points.
    (
        "<write_to_file><path>abc</content></write_to_file>",
        [tool("write_to_file", partial=True, path="abc</content></write_to_file>")],
    ),
    (
        "<write_to_file><bogus>12345</content></write_to_file>",
        [tool("write_to_file", content="2345")],
    ),
    (
        "<write_to_file><path>x<content>y</path><content>z</content></content></write_to_file>",
        [tool("write_to_file", path="x<content>y", content="y</path><content>z</content>")],
    ),
    ("<read_file><path>a</path><path>", [tool("read_file", partial=True, path="a")]),
    ("\ufeff\u00a0x\u0085", [text("x\u0085")]),
    ("<read_file><path>\ufeffa\u001c</path></read_file>", [tool("read_file", path="a\u001c")]),
]


@pytest.mark.parametrize(("reply", "blocks"), ROWS)
def test_reads_what_roo_reads(reply: str, blocks: list[Block]) -> None:
    assert read_as(V31, reply) == blocks


def test_line_count_is_no_parameter_of_late_versions() -> None:
    reply = "<write_to_file><content>A</content><line_count>1</line_count></write_to_file>"
    assert read_as(V41, reply) == [tool("write_to_file", content="A")]


@pytest.mark.parametrize("letter", ["x", "\U0001f600"])
def test_a_result_holds_102391_units_with_its_close(letter: str) -> None:
    fits = letter * (102_391 // utf16_length(letter))
    whole = f"<attempt_completion><result>{fits}</result></attempt_completion>"
    assert tool_uses(read_as(V31, whole)) == [tool("attempt_completion", result=fits)]


def test_a_longer_result_is_frozen_untrimmed_with_a_piece_of_its_close() -> None:
    value = "x" * (102_400 - len("</result"))
    whole = f"<attempt_completion><result>{value}</result></attempt_completion>"
    assert tool_uses(read_as(V31, whole)) == [tool("attempt_completion", result=value + "</result")]


def test_the_rest_of_a_frozen_value_is_scanned_for_tags() -> None:
    value = "x" * 102_398 + "<path>evil</path>"
    whole = f"<attempt_completion><result>{value}</result></attempt_completion>"
    (use,) = tool_uses(read_as(V31, whole))
    assert use.params["path"] == "evil"
    assert use.params["result"] == "x" * 102_398 + "<p"


def test_write_to_file_recovers_a_long_content() -> None:
    value = "line\n" * 30_000
    whole = f"<write_to_file><path>p</path><content>{value}</content></write_to_file>"
    (use,) = tool_uses(read_as(V31, whole))
    assert use.params["content"] == value.removesuffix("\n")


def test_a_reply_over_a_million_units_throws() -> None:
    with pytest.raises(TooLongError):
        read_as(V31, "x" * (MAX_REPLY + 1))


def test_trimming_is_javascripts() -> None:
    assert js_trim("\ufeff\u00a0\u2029a\u0085\u001c\n") == "a\u0085\u001c"
