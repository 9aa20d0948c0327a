"""A dialect that nobody has: what its one file says is all that is needed, beside every other dialect."""

from __future__ import annotations

from types import MappingProxyType

import msgspec
import pytest

from roobridge.dialects import DIALECTS, FENCED_JSON
from roobridge.events import CallEnd, CallStart, Event, Repaired, Text
from roobridge.grammar.model import Param, Tool
from roobridge.parser.machine import Parser
from roobridge.policy.attempt import find_attempt
from roobridge.spelling.dialect import Dialect, Holds, Position, openings
from roobridge.spelling.loose import loose_tool
from roobridge.spelling.rows import ARGUMENT_ROWS, OBJECT_ROWS
from roobridge.spelling.tags import TagForm, in_tags
from tests.parser.machine import TOOLSET

CALL = '{"name": "list_files", "arguments": {"path": "."}}'
STEP = '<step id="list_files">\n<given id="path">\n.\n</given>\n</step>'


def in_object(opening: str, closing: str) -> Dialect:
    """JSON between two literals."""
    return Dialect(
        name="toy",
        table=OBJECT_ROWS,
        begins=frozenset({Position.WRAPPER}),
        around=MappingProxyType({opening: closing}),
        holds=Holds.CALL,
        call_open=opening,
        call_close=closing,
        noise=(closing,),
    )


def named(begin: str, end: str) -> Dialect:
    """The tool's name before an object of the arguments."""
    return Dialect(
        name="toy",
        table=ARGUMENT_ROWS,
        begins=frozenset({Position.CONTENT}),
        holds=Holds.ARGUMENTS,
        object_closes=(end,),
        tool_open=f"{begin}{{}}:",
    )


def in_elements(call: str, tool: str, param: str) -> Dialect:
    """Elements that give their names as an attribute."""
    return in_tags(
        "toy",
        call=TagForm(f"<{call}>", f"</{call}>"),
        tool=TagForm(f'<{tool} id="{{}}">', f"</{tool}>", loose=loose_tool(tool)),
        param=TagForm(f'<{param} id="{{}}">', f"</{param}>"),
    )


def events_of(dialect: Dialect, text: str, size: int) -> list[Event]:
    parser = Parser(TOOLSET, (*DIALECTS, dialect), FENCED_JSON)
    events: list[Event] = []
    for at in range(0, len(text), size):
        events += parser.feed(text[at : at + size])
    return events + parser.close(normal=True)


TOYS = {
    "tags": (in_object("<do_it>", "</do_it>"), f"<do_it>\n{CALL}\n</do_it>"),
    "brackets": (in_object("⟦call⟧", "⟦/call⟧"), f"⟦call⟧{CALL}⟦/call⟧"),
    "words": (in_object("[DO <it>]", "[DONE]"), f"[DO <it>] {CALL} [DONE]"),
    "named": (named("@@", "@@"), '@@list_files:{"path": "."}@@'),
    "tokens": (named("<|run|>", "<|ran|>"), '<|run|>list_files:{"path": "."}<|ran|>'),
    "elements": (in_elements("steps", "step", "given"), f"<steps>\n{STEP}\n</steps>"),
}
toys = pytest.mark.parametrize(("dialect", "text"), TOYS.values(), ids=list(TOYS))


@pytest.mark.parametrize("size", [1, 3, 1000])
@toys
def test_a_dialect_of_one_file(dialect: Dialect, text: str, size: int) -> None:
    for before, behind in (("", ""), ("I look.\n\n", ""), ("", "\n")):
        events = events_of(dialect, before + text + behind, size)
        starts = [event for event in events if isinstance(event, CallStart)]
        assert [(start.name, start.dialect) for start in starts] == [("list_files", "toy")]
        assert sum(isinstance(event, CallEnd) for event in events) == 1
        assert "".join(event.text for event in events if isinstance(event, Text)).strip() == before.strip()
        assert not [event for event in events if isinstance(event, Repaired)]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize("text", [f"[{CALL}]", CALL, f"I look.\n\n[{CALL}]"])
def test_an_opener_that_begins_with_a_bracket_leaves_bare_json_as_it_is(text: str, size: int) -> None:
    events = events_of(in_object("[TOOL_CALLS]", "[/TOOL_CALLS]"), text, size)
    starts = [event for event in events if isinstance(event, CallStart)]
    assert [(start.name, start.dialect) for start in starts] == [("list_files", "fenced-json")]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_opener_of_any_character_leaves_text_as_it_is(size: int) -> None:
    text = "A list:\n\n- [x] done, `[a]`\n- [ ] open\n\n```json\n[1]\n```\n@ [TOOL and @@ end."
    for toy in (in_object("[TOOL_CALLS]", "[/TOOL_CALLS]"), named("@@", "@@")):
        events = events_of(toy, text, size)
        assert "".join(event.text for event in events if isinstance(event, Text)) == text


def test_an_opener_may_not_end_with_the_tools_name() -> None:
    with pytest.raises(ValueError, match="opener of a tool in toy"):
        msgspec.structs.replace(named("@@", "@@"), tool_open="@@{}")


@toys
def test_a_call_in_it_that_cannot_be_read_is_an_attempt(dialect: Dialect, text: str) -> None:
    opener = next(iter(openings([dialect])))
    unknown = text.replace("list_files", "no_such_tool")
    assert find_attempt(f"I look.\n\n{unknown}", TOOLSET, openings([dialect])) is not None
    mention = f"A call begins with {opener} in that form, and I will not use it."
    assert find_attempt(mention, TOOLSET, openings([dialect])) is None


@pytest.mark.parametrize("size", [1, 1000])
def test_the_others_stay_what_they_are(size: int) -> None:
    toy = in_object("<do_it>", "</do_it>")
    for text in (f"<tool_call>\n{CALL}\n</tool_call>", "<list_files><path>.</path></list_files>"):
        events = events_of(toy, text, size)
        (start,) = [event for event in events if isinstance(event, CallStart)]
        assert start.dialect != "toy"
        assert not [event for event in events if isinstance(event, (Text, Repaired))]


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("name", ["tool_call", "function_calls", "tools"])
def test_a_tool_may_have_the_name_of_a_wrapper(name: str, size: int) -> None:
    tools = {**TOOLSET.tools, name: Tool(name, {"name": Param("name"), "arguments": Param("arguments")})}
    toolset = msgspec.structs.replace(TOOLSET, tools=tools)
    text = f"I look.\n\n<tool_call>\n{CALL}\n</tool_call>"
    parser = Parser(toolset, DIALECTS, FENCED_JSON)
    events: list[Event] = []
    for at in range(0, len(text), size):
        events += parser.feed(text[at : at + size])
    events += parser.close(normal=True)
    assert [event.name for event in events if isinstance(event, CallStart)] == ["list_files"]
