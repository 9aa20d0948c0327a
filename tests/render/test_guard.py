"""The guard speaks up exactly where Roo reads a value differently."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.grammar.model import Kind, Param
from roobridge.render.guard import ZERO_WIDTH, CallGuard, MisreadError, neutralise
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
# What follows a path, which may be read differently for what stands in the path.
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


def guarded(name: str, params: dict[str, list[str]], *, close: bool = True) -> tuple[str, bool]:
    """What goes out of a call with these values, and whether it was softened. Raises MisreadError."""
    tool = TOOLSET.tools[name]
    guard = CallGuard(TOOLSET, tool)
    out, softened = f"<{name}>\n", False
    try:
        for param, pieces in params.items():
            out += guard.open(tool.params.get(param) or Param(param), f"<{param}>")
            for piece in pieces:
                out += guard.feed(piece)
            rest, soft = guard.rest()
            out += rest
            softened = softened or soft
            out += guard.close(f"</{param}>\n") if close else ""
        return out + (guard.end(f"</{name}>") if close else ""), softened
    except MisreadError as error:
        error.before = out + error.before
        raise


def call_of(name: str, param: str, pieces: list[str]) -> dict[str, list[str]]:
    before, after = PARAMS[name, param]
    others = {"content": [CONTENT]} if (name, param) == ("write_to_file", "path") else {}
    return {param: [before, *pieces, after], **others}


def seen_by_roo(name: str, params: dict[str, list[str]]) -> dict[str, str] | None:
    """The parameters Roo reads of a call with these values; None where that is not one whole call."""
    inside = "".join(f"<{param}>{''.join(pieces)}</{param}>\n" for param, pieces in params.items())
    return roo_params(name, f"<{name}>\n{inside}</{name}>")


def roo_params(name: str, text: str) -> dict[str, str] | None:
    match ROO_41.read(text):
        case [roo_reader.ToolUse(found, params, False)] if found == name:
            return params
        case _:
            return None


def meant(params: dict[str, list[str]]) -> dict[str, str]:
    """What Roo should read: the last value told of each parameter."""
    whole = {param: "".join(pieces) for param, pieces in params.items()}
    return {param: value[1:-1] if value[:1] == "\n" else value for param, value in whole.items()}


def misread(name: str, seen: dict[str, str] | None, wanted: dict[str, str]) -> bool:
    """Values of parameters that the tool does not have do no harm."""
    kept = {param: v for param, v in (seen or {}).items() if param in TOOLSET.tools[name].params}
    return seen is None or kept != wanted


@given(st.sampled_from(list(PARAMS)), values, st.sets(st.integers(1, 60)))
def test_it_speaks_up_exactly_where_roo_misreads(place: tuple[str, str], value: str, cuts: set[int]) -> None:
    name, param = place
    params = call_of(name, param, [value])
    wrong = misread(name, seen_by_roo(name, params), meant(params))
    heads = set()
    for pieces in ([value] if value else [], list(value), at_positions(value, cuts)):
        try:
            shown, softened = guarded(name, call_of(name, param, pieces))
        except MisreadError as error:
            assert wrong
            heads.add(error.before)
            continue
        soft = [part.replace(f"</{param}>", f"<{ZERO_WIDTH}/{param}>") for part in params[param]]
        assert softened == wrong
        assert not misread(
            name, roo_params(name, shown), meant({**params, param: soft} if softened else params)
        )
        assert shown.replace("<" + ZERO_WIDTH, "<") == shown or softened
    assert len(heads) < 2


several = st.lists(
    st.tuples(st.sampled_from(["path", "content", "line_count", "diff"]), values), min_size=1, max_size=3
)


@given(several)
def test_the_last_value_told_is_what_counts(given_params: list[tuple[str, str]]) -> None:
    """In any order, with values that another one sets right."""
    params = {param: ["x", value, "x"] for param, value in given_params}
    seen = seen_by_roo("write_to_file", params)
    # line_count is none of this release's.
    wanted = {param: value for param, value in meant(params).items() if param in ("path", "content")}
    try:
        shown, _ = guarded("write_to_file", params)
    except MisreadError:
        # A short value that the client ends early, though a later one would set it right, is refused at once.
        early = any(f"</{param}>" in value for param, value in given_params if param != "content")
        assert misread("write_to_file", seen, wanted) or early
    else:
        assert not misread("write_to_file", seen, wanted)
        assert shown


@pytest.mark.parametrize(
    ("inside", "right"),
    [
        ("<content>one</content>", True),
        ("</content>", True),
        ("</content> <path>p</path>", True),  # the same value again
        ("</content> <path>q</path>", False),
        ("<path>q</path> </content>", True),
        ("</content> <content>one</content> <tool_call>", True),
        ("</content> <content>", False),
        ("</content> <diff>d</diff>", True),  # none of the tool's
        ("</content> <diff>", False),
        ("</content> </write_to_file>", False),
        ("</write_to_file> </content>", True),
    ],
)
def test_content_is_read_to_its_last_close(inside: str, right: bool) -> None:
    for pieces in ([f"a\n{inside}\nb"], list(f"a\n{inside}\nb")):
        params = {"path": ["p"], "content": ["\n", *pieces, "\n"]}
        assert misread("write_to_file", seen_by_roo("write_to_file", params), meant(params)) != right
        if right:
            shown, softened = guarded("write_to_file", params)
            assert (f"<content>\na\n{inside}\nb\n</content>" in shown, softened) == (True, False)
        else:
            with pytest.raises(MisreadError, match="another tool"):
                guarded("write_to_file", params)


def test_what_a_later_path_sets_right_does_no_harm() -> None:
    inside = {"content": ["\na</content> <path>q</path>\n"], "path": ["p"]}
    assert guarded("write_to_file", inside)
    assert not misread("write_to_file", seen_by_roo("write_to_file", inside), meant(inside))


@given(st.sampled_from(list(PARAMS)), values)
def test_what_may_still_go_out_closes_nothing(place: tuple[str, str], value: str) -> None:
    try:
        guarded(place[0], call_of(*place, list(value)))
    except MisreadError as error:
        blocks = ROO_41.read(error.before)
        assert [type(block) for block in blocks] == [roo_reader.ToolUse]
        assert all(block.partial for block in blocks if isinstance(block, roo_reader.ToolUse))


LIMIT = TOOLSET.value_limit


@pytest.mark.parametrize("param", ["command", "diff"])
def test_a_value_over_the_limit_is_refused_before_it_is_frozen(param: str) -> None:
    name = next(tool for tool, it in PARAMS if it == param)
    fits = "a" * (LIMIT - len(f"</{param}>"))
    assert seen_by_roo(name, {param: [fits]}) == {param: fits}
    assert guarded(name, {param: [fits]})
    for pieces in (
        [fits + "ab"],
        [fits, "a"],
        [fits[:-1], "aab"],
        [fits + "a" * 99],
        [fits, "a" * 9, "a" * 90],
    ):
        with pytest.raises(MisreadError, match=f"{param} is longer") as caught:
            guarded(name, {param: pieces})
        read = ROO_41.read(caught.value.before)[0]
        assert isinstance(read, roo_reader.ToolUse)
        assert len(read.params[param]) <= LIMIT


@pytest.mark.parametrize("parts", [1, 2, 1000])
def test_long_content_may_hold_tags_only_before_the_limit(parts: int) -> None:
    early = "<path>x</path>\n" + "a\n" * LIMIT
    late = "a" * LIMIT + "<path>x</path>"
    step = len(early) // parts + 1
    for value, right in ((early, True), (late, False)):
        cut = at_positions(value, range(step, len(value), step))
        params = {"path": ["p"], "content": ["\n", *cut, "\n"]}
        assert misread("write_to_file", seen_by_roo("write_to_file", params), meant(params)) != right
        if right:
            assert guarded("write_to_file", params)
        else:
            with pytest.raises(MisreadError, match="reads path otherwise"):
                guarded("write_to_file", params)


def test_a_tag_across_the_limit_counts() -> None:
    for at in range(LIMIT - 20, LIMIT + 2):
        value = "a" * at + "<path>"
        for pieces in ([value], [value[: at + 3], value[at + 3 :]]):
            params = {"path": ["p"], "content": ["\n", *pieces, "\n"]}
            wrong = misread("write_to_file", seen_by_roo("write_to_file", params), meant(params))
            try:
                guarded("write_to_file", params)
            except MisreadError:
                assert wrong, at
            else:
                assert not wrong, at


def test_a_closing_tag_in_json_is_escaped() -> None:
    tool = TOOLSET.tools["use_mcp_tool"]
    assert tool.params["arguments"].kind is Kind.JSON
    for pieces in (['{"a": "</arguments>"}'], list('{"a": "</arguments>"}')):
        shown, softened = guarded("use_mcp_tool", {"arguments": pieces})
        assert '<arguments>{"a": "<\\/arguments>"}</arguments>' in shown
        assert softened


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
