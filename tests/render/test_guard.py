"""The guard speaks up exactly where Roo reads a value differently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.grammar.model import Param, Tool
from roobridge.render.guard import ZERO_WIDTH, MisreadError, ValueGuard, neutralise
from tests.oracle import roo_reader
from tests.oracle.cuts import at_positions
from tests.oracle.plans import ROO_41
from tests.parser.pieces import of_parts

TOOLSET = ROO_41.plan().toolset
# What may stand around a value so that each of its characters counts: the client trims most values.
PARAMS = {
    ("execute_command", "command"): ("x", "x"),
    ("write_to_file", "path"): ("x", "x"),
    ("write_to_file", "content"): ("\n", "\n"),
    ("attempt_completion", "result"): ("x", "x"),
    ("apply_diff", "diff"): ("x", "x"),
}
# What follows a path: a guard that watches the path cannot know, so it reckons with the worst.
CONTENT = "c</content>c"
values = of_parts(
    *(
        "</command>",
        "</path>",
        "</content>",
        "</result>",
        "</diff>",
        "<path>",
        "<content>",
        "</write_to_file>",
    ),
    *(
        "</execute_command>",
        "</attempt_completion>",
        "<read_file>",
        "<",
        "</",
        "</con",
        "tent>",
        "a",
        "\n",
        ">",
        "<b>",
    ),
    longest=8,
)


def tool_and_param(name: str, param: str) -> tuple[Tool, Param]:
    tool = TOOLSET.tools[name]
    return tool, tool.params[param]


def guarded(name: str, param: str, pieces: list[str]) -> tuple[str, bool]:
    """What goes out, and whether it was softened. Raises MisreadError."""
    guard = ValueGuard(TOOLSET, *tool_and_param(name, param))
    shown = "".join([guard.feed(piece) for piece in pieces]) + guard.end()
    return shown, guard.neutralised


def seen_by_roo(name: str, param: str, value: str) -> dict[str, str] | None:
    """The parameters Roo reads of a call with this value; None where it reads anything but one whole call."""
    before, after = PARAMS[name, param]
    text = f"<{name}>\n<{param}>{before}{value}{after}</{param}>\n"
    if (name, param) == ("write_to_file", "path"):
        text += f"<content>\n{CONTENT}\n</content>\n"
    blocks = ROO_41.read(text + f"</{name}>")
    match blocks:
        case [roo_reader.ToolUse(found, params, False)] if found == name:
            return params
        case _:
            return None


def meant(name: str, param: str, value: str) -> dict[str, str]:
    before, after = PARAMS[name, param]
    whole = {param: value if param == "content" else before + value + after}
    return {**whole, "content": CONTENT} if (name, param) == ("write_to_file", "path") else whole


@given(st.sampled_from(list(PARAMS)), values, st.sets(st.integers(1, 60)))
def test_it_speaks_up_exactly_where_roo_misreads(place: tuple[str, str], value: str, cuts: set[int]) -> None:
    misread = seen_by_roo(*place, value) != meant(*place, value)
    # A second <content> that is closed again does no harm; the guard does not wait to see that.
    reopened = place[1] == "content" and "<content>" in value.partition("</content>")[2]
    for pieces in ([value] if value else [], list(value), at_positions(value, cuts)):
        try:
            shown, softened = guarded(*place, pieces)
        except MisreadError:
            assert misread or reopened
            continue
        assert seen_by_roo(*place, shown) == meant(*place, shown)
        assert softened == misread
        assert shown.replace("<" + ZERO_WIDTH, "<") == value


@given(st.sampled_from(list(PARAMS)), values)
def test_what_may_still_go_out_closes_nothing(place: tuple[str, str], value: str) -> None:
    guard = ValueGuard(TOOLSET, *tool_and_param(*place))
    out = ""
    try:
        for char in value:
            out += guard.feed(char)
    except MisreadError as error:
        out += error.before
        assert value.startswith(out)
        before, _ = PARAMS[place]
        blocks = ROO_41.read(f"<{place[0]}>\n<{place[1]}>{before}{out}")
        assert [type(block) for block in blocks] == [roo_reader.ToolUse]
        assert all(block.partial for block in blocks if isinstance(block, roo_reader.ToolUse))


LIMIT = TOOLSET.value_limit


@pytest.mark.parametrize("param", ["command", "diff"])
def test_a_value_over_the_limit_is_refused_before_it_is_frozen(param: str) -> None:
    name = next(tool for tool, it in PARAMS if it == param)
    fits = "a" * (LIMIT - len(f"\n\n</{param}>"))
    assert guarded(name, param, [fits]) == (fits, False)
    for pieces in ([fits + "ab"], [fits, "a"], [fits[:-1], "aab"]):
        guard = ValueGuard(TOOLSET, *tool_and_param(name, param))
        out = "".join([guard.feed(piece) for piece in pieces[:-1]])
        with pytest.raises(MisreadError, match=f"{param} is longer") as caught:
            guard.feed(pieces[-1])
        assert out + caught.value.before == fits


@pytest.mark.parametrize("parts", [1, 2, 1000])
def test_long_content_may_hold_tags_only_before_the_limit(parts: int) -> None:
    early = "<path>x</path>\n" + "a\n" * LIMIT
    late = "a" * LIMIT + "<path>x</path>"
    assert seen_by_roo("write_to_file", "content", early) == {"content": early}
    assert seen_by_roo("write_to_file", "content", late) != {"content": late}
    step = len(early) // parts + 1
    cut = at_positions(early, range(step, len(early), step))
    assert guarded("write_to_file", "content", cut) == (early, False)
    with pytest.raises(MisreadError, match="behind what the client reads"):
        guarded("write_to_file", "content", at_positions(late, range(step, len(late), step)))


def test_a_tag_across_the_limit_counts() -> None:
    close = len("\n\n</content>")
    for at in range(LIMIT - close - 8, LIMIT + 2):
        value = "a" * at + "<path>"
        misread = seen_by_roo("write_to_file", "content", value) != {"content": value}
        for pieces in ([value], [value[: at + 3], value[at + 3 :]]):
            try:
                guarded("write_to_file", "content", pieces)
            except MisreadError:
                # The room for the closing tag is counted in, so a tag right before the limit is refused too.
                assert misread or at > LIMIT - close - 6
            else:
                assert not misread


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("use <read_file> here", f"use <{ZERO_WIDTH}read_file> here"),
        ("<read_file><path>", f"<{ZERO_WIDTH}read_file><path>"),
        ("</read_file> <readfile> <read_file x>", "</read_file> <readfile> <read_file x>"),
        (f"<{ZERO_WIDTH}read_file>", f"<{ZERO_WIDTH}read_file>"),
        ("a < b", "a < b"),
    ],
)
def test_opening_tags_are_made_harmless(text: str, harmless: str) -> None:
    assert neutralise(text, frozenset({"read_file", "list_files"})) == harmless
    assert neutralise(text, frozenset()) == text


@given(of_parts("<read_file>", "<list_files>", "<", "read_file>", ZERO_WIDTH, "a"))
def test_harmless_text_opens_no_tool(text: str) -> None:
    harmless = neutralise(text, TOOLSET.read_tools)
    assert not roo_reader.tool_uses(ROO_41.read(harmless))
    assert neutralise(harmless, TOOLSET.read_tools) == harmless
