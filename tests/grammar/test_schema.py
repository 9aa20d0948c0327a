"""Tools from a request's JSON schemas: types, kinds, what is required, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.errors import ClientError
from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import ANY_TYPE, Completion, Kind, Param, Tool, Toolset
from roobridge.grammar.schema import toolset_from_tools

ROO = load_grammar().family("roo")
STRING = {"type": "string"}


def nothing(_name: str) -> Tool | None:
    return None


def function(name: str, properties: object = None, **schema: object) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties or {}, **schema}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def unknown(schema: object, **root: object) -> Param:
    """The parameter that a schema makes of a tool that no grammar knows."""
    return (
        toolset_from_tools([function("box", {"p": schema}, **root)], nothing, None).tools["box"].params["p"]
    )


def roo(name: str, *required: str, **properties: object) -> Tool:
    tools = [function(name, properties, required=list(required))]
    return toolset_from_tools(tools, ROO.describe, None).tools[name]


def types(*words: str) -> frozenset[str]:
    return frozenset(words)


DEFS = {
    "$defs": {
        "line": {"type": "integer"},
        "either": {"anyOf": [{"$ref": "#/$defs/line"}, {"type": "null"}]},
        "loop": {"$ref": "#/$defs/loop"},
        "tree": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]},
        "a/b~c": {"type": "boolean"},
    }
}
SCHEMAS: list[tuple[object, frozenset[str], Kind]] = [
    (STRING, types("string"), Kind.VERBATIM),
    ({"type": ["string", "null"]}, types("string", "null"), Kind.VERBATIM),
    ({"type": ["integer", "string"]}, types("integer", "string"), Kind.VERBATIM),
    ({"type": "integer"}, types("integer"), Kind.NUMBER),
    ({"type": ["number", "null"]}, types("number", "null"), Kind.NUMBER),
    ({"type": "boolean"}, types("boolean"), Kind.BOOLEAN),
    ({"type": ["boolean", "null"]}, types("boolean", "null"), Kind.BOOLEAN),
    ({"type": ["boolean", "integer"]}, types("boolean", "integer"), Kind.JSON),
    ({"type": "array", "items": STRING}, types("array"), Kind.JSON),
    ({"type": "object"}, types("object"), Kind.JSON),
    ({"type": "null"}, types("null"), Kind.JSON),
    ({"items": STRING}, types("array"), Kind.JSON),
    ({"properties": {}}, types("object"), Kind.JSON),
    ({}, ANY_TYPE, Kind.VERBATIM),
    (True, ANY_TYPE, Kind.VERBATIM),
    ({"description": "whatever"}, ANY_TYPE, Kind.VERBATIM),
    ({"type": "file"}, ANY_TYPE, Kind.VERBATIM),
    ({"type": []}, ANY_TYPE, Kind.VERBATIM),
    ({"type": 3}, ANY_TYPE, Kind.VERBATIM),
    ({"enum": ["a", "b"]}, types("string"), Kind.LINE),
    ({"enum": [1, 2.5, None]}, types("integer", "number", "null"), Kind.NUMBER),
    ({"enum": [True, False]}, types("boolean"), Kind.BOOLEAN),
    ({"enum": [{}, []]}, types("object", "array"), Kind.JSON),
    ({"const": 3}, types("integer"), Kind.NUMBER),
    ({"type": "string", "enum": ["1", "2"]}, types("string"), Kind.LINE),
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, types("integer", "null"), Kind.NUMBER),
    ({"oneOf": [STRING, {"type": "object"}]}, types("string", "object"), Kind.VERBATIM),
    ({"anyOf": [{"anyOf": [STRING]}, {}]}, ANY_TYPE, Kind.VERBATIM),
    ({"type": ["integer", "null"], "anyOf": [{"type": "integer"}]}, types("integer"), Kind.NUMBER),
    ({"allOf": [{"type": ["string", "null"]}, STRING]}, types("string"), Kind.VERBATIM),
    ({"allOf": [{"type": "number"}, {"type": "integer"}]}, types("integer"), Kind.NUMBER),
    ({"allOf": [STRING, {"type": "integer"}]}, ANY_TYPE, Kind.VERBATIM),
    ({"type": "integer", "nullable": True}, types("integer", "null"), Kind.NUMBER),
    ({"$ref": "#/$defs/line"}, types("integer"), Kind.NUMBER),
    ({"$ref": "#/$defs/either"}, types("integer", "null"), Kind.NUMBER),
    ({"$ref": "#/$defs/a~1b~0c"}, types("boolean"), Kind.BOOLEAN),
    ({"$ref": "#/$defs/loop"}, ANY_TYPE, Kind.VERBATIM),
    ({"$ref": "#/$defs/tree"}, ANY_TYPE, Kind.VERBATIM),
    ({"$ref": "#/$defs/none"}, ANY_TYPE, Kind.VERBATIM),
    ({"$ref": "https://example.org/schema.json"}, ANY_TYPE, Kind.VERBATIM),
    ({"$ref": 3}, ANY_TYPE, Kind.VERBATIM),
]


@pytest.mark.parametrize(("schema", "expected", "kind"), SCHEMAS, ids=[str(row[0])[:60] for row in SCHEMAS])
def test_types_and_kinds(schema: object, expected: frozenset[str], kind: Kind) -> None:
    param = unknown(schema, **DEFS)
    assert param.types == expected
    assert param.kind is kind


def test_the_schema_is_kept_with_its_reference_resolved() -> None:
    assert unknown(STRING).schema == STRING
    assert unknown({"$ref": "#/$defs/line"}, **DEFS).schema == {"type": "integer"}
    assert unknown(True).schema is None


def test_a_deep_or_doubling_schema_costs_little() -> None:
    deep: dict[str, Any] = {"type": "integer"}
    for _ in range(200):
        deep = {"anyOf": [deep]}
    assert unknown(deep).types == ANY_TYPE
    doubling = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(64)}
    assert unknown({"$ref": "#/$defs/d0"}, **{"$defs": doubling}).types == ANY_TYPE


def test_an_unknown_tool_is_as_its_schema_says() -> None:
    tools = [function("box", {"b": STRING, "a": {"type": "integer"}}, required=["a"])]
    tool = toolset_from_tools(tools, ROO.describe, None).tools["box"]
    assert list(tool.params) == ["b", "a"]
    assert (tool.known, tool.required) == (False, ("a",))
    assert not any(param.cut_safe or param.prose for param in tool.params.values())


def test_what_a_known_parameter_is_stays_what_the_grammar_says() -> None:
    tool = roo("write_to_file", "path", "content", content=STRING, path=STRING)
    assert tool.known
    assert tool.params["content"].kind is Kind.VERBATIM
    assert tool.params["path"].kind is Kind.LINE
    search = roo(
        "search_files", "path", "regex", "file_pattern", path=STRING, regex=STRING, file_pattern=STRING
    )
    assert all(search.params[name].cut_safe for name in ("path", "regex", "file_pattern"))
    assert roo("attempt_completion", result=STRING).params["result"].prose


def test_strict_mode_requires_more_than_the_tool_does() -> None:
    maybe = {"type": ["string", "null"]}
    tool = roo("execute_command", "command", "cwd", command=STRING, cwd=maybe)
    assert tool.required == ("command",)
    assert tool.params["cwd"].types == types("string", "null")


def test_a_known_tools_new_parameter_is_required_as_the_schema_says() -> None:
    tool = roo("execute_command", "shell", command=STRING, shell=STRING, user=STRING)
    assert tool.required == ("command", "shell")
    assert tool.params["shell"].kind is Kind.VERBATIM


def test_a_schema_of_another_type_overrides_the_grammar() -> None:
    tool = roo("ask_followup_question", question=STRING, follow_up=STRING)
    assert tool.params["follow_up"].kind is Kind.VERBATIM
    assert tool.params["follow_up"].nested is None
    assert roo("execute_command", command={"type": "array"}).params["command"].kind is Kind.JSON
    assert roo("list_files", recursive=STRING).params["recursive"].kind is Kind.VERBATIM


def test_a_nested_value_is_xml_and_an_array() -> None:
    suggestions = roo("ask_followup_question", question=STRING, follow_up={"type": "array"}).params[
        "follow_up"
    ]
    assert (suggestions.kind, suggestions.types) == (Kind.XML, types("array"))
    assert suggestions.nested is not None
    assert suggestions.offered


@pytest.mark.parametrize(
    "properties", [{"path": STRING}, {"files": {"type": "array"}}], ids=["path", "files"]
)
def test_the_xml_spelling_of_a_native_parameter_is_recognised(properties: dict[str, object]) -> None:
    tool = roo("read_file", *properties, **properties)
    assert tool.required == tuple(properties)
    args = tool.params["args"]
    assert (args.kind, args.required, args.offered) == (Kind.XML, False, False)
    assert args.nested is not None
    assert (args.nested.key, args.nested.lone) == ("files", "path")
    assert {param.name for param in tool.params.values() if param.offered} == set(properties)


def test_a_count_of_lines_is_computed_only_where_it_is_asked_for() -> None:
    line_count = {"type": "integer"}
    assert (
        roo("write_to_file", path=STRING, content=STRING, line_count=line_count).params["line_count"].computed
    )
    assert not roo("write_to_file", path=STRING, content=STRING).params["line_count"].computed


def test_the_completion_is_kept_where_its_tool_is_there() -> None:
    completion = Completion("attempt_completion", "result")
    with_it = [function("attempt_completion", {"result": STRING}), function("box")]
    assert toolset_from_tools(with_it, ROO.describe, completion).completion == completion
    assert toolset_from_tools(with_it, ROO.describe, None).completion is None
    assert toolset_from_tools(with_it[1:], ROO.describe, completion).completion is None
    assert toolset_from_tools([], ROO.describe, completion) == Toolset()


def test_forms_that_are_read_all_the_same() -> None:
    flat = {"type": "function", "name": "flat", "parameters": {"properties": {"p": STRING}}}
    bare = {"name": "bare"}
    empty = {"type": "function", "function": {"name": "empty", "parameters": None}}
    other = {"type": "web_search"}
    null = function("null")
    null["function"]["parameters"] = {"properties": None, "required": None}
    twice = function("flat", {"q": STRING})
    tools = toolset_from_tools([flat, bare, empty, other, null, twice], nothing, None).tools
    assert {name: list(tool.params) for name, tool in tools.items()} == {
        "flat": ["p"],
        "bare": [],
        "empty": [],
        "null": [],
    }


MALFORMED: list[tuple[Any, str]] = [
    ("box", "tools[1]"),
    (None, "tools[1]"),
    ({"type": "function"}, "tools[1].name"),
    ({"type": "function", "function": None}, "tools[1].function"),
    ({"type": "function", "function": {}}, "tools[1].function.name"),
    ({"type": "function", "function": {"name": ""}}, "tools[1].function.name"),
    ({"type": "function", "function": {"name": 3}}, "tools[1].function.name"),
    ({"name": "box", "parameters": []}, "tools[1].parameters"),
    ({"function": {"name": "box", "parameters": "{}"}}, "tools[1].function.parameters"),
    (
        {"function": {"name": "box", "parameters": {"properties": []}}},
        "tools[1].function.parameters.properties",
    ),
    (function("box", {"p": "string"}), "tools[1].function.parameters.properties.p"),
    (function("box", {"p": None}), "tools[1].function.parameters.properties.p"),
    (function("box", required="p"), "tools[1].function.parameters.required"),
    (function("box", required={"p": True}), "tools[1].function.parameters.required"),
]


@pytest.mark.parametrize(("entry", "field"), MALFORMED)
def test_malformed_entries_are_refused_by_field(entry: Any, field: str) -> None:
    with pytest.raises(ClientError) as refused:
        toolset_from_tools([function("fine"), entry], nothing, None)
    assert refused.value.param == field
    assert refused.value.message.startswith(f"{field} must be ")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "items", "nullable"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(schema=st.dictionaries(st.sampled_from(["type", "anyOf", "allOf", "$ref", "enum"]), JSON))
def test_any_schema_of_a_parameter_is_taken(schema: dict[str, Any]) -> None:
    param = unknown(schema, **{"$defs": schema})
    assert param.types
    assert param.types <= ANY_TYPE


@given(
    entry=JSON
    | st.fixed_dictionaries({"function": st.fixed_dictionaries({"name": JSON, "parameters": JSON})})
)
def test_any_entry_is_taken_or_refused_by_field(entry: Any) -> None:
    try:
        toolset = toolset_from_tools([entry], ROO.describe, None)
    except ClientError as refused:
        assert refused.param is not None  # noqa: PT017
        assert refused.param.startswith("tools[0]")  # noqa: PT017
    else:
        assert len(toolset.tools) <= 1
