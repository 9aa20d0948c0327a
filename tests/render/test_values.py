"""One value in another notation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.events import Form
from roobridge.grammar.model import ANY_TYPE, Field, Kind, Nested, Param
from roobridge.render.values import flows, items_of, may_be_null, members_of, to_json, to_text
from tests.jsontext.json_texts import strings, values

FILES = Nested(
    "file", "files", (Field("path", "path"), Field("line_range", "line_ranges", repeated=True)), lone="path"
)


def param(*types: str, nested: Nested | None = None, kind: Kind = Kind.TEXT) -> Param:
    return Param("p", kind, types=frozenset(types), nested=nested)


# Types, the characters between the tags, the JSON, the repairs.
TEXT: list[tuple[str, str, str, tuple[str, ...]]] = [
    ("string", "true", '"true"', ()),
    ("string", " 5 ", '" 5 "', ()),
    ("string", '{"a": 1}', '"{\\"a\\": 1}"', ()),
    ("boolean", "true", "true", ()),
    ("boolean", "\nfalse\n", "false", ()),
    ("boolean", "True", "true", ("python_literal",)),
    ("boolean", "TRUE", "true", ("python_literal",)),
    ("boolean", "yes", '"yes"', ()),
    ("integer", "12", "12", ()),
    ("integer", "-1", "-1", ()),
    ("integer", "12345678901234567890", "12345678901234567890", ()),
    ("integer", "01", '"01"', ()),
    ("integer", "1.5", "1.5", ()),
    ("number", "1.50", "1.50", ()),
    ("number", "1e5", "1e5", ()),
    ("number", "many", '"many"', ()),
    ("null string", "null", "null", ()),
    ("null string", "None", "null", ("python_literal",)),
    ("null string", "nullable", '"nullable"', ()),
    ("array", "[1, 2]", "[1, 2]", ()),
    ("array", "[1, 2,]", "[1,2]", ("json_trailing_comma",)),
    ("array", "('a',)", '["a"]', ("json_trailing_comma", "python_literal")),
    ("array", "[1,", '"[1,"', ()),
    ("array", "words", '"words"', ()),
    ("object", '{"a": 1}', '{"a": 1}', ()),
    ("object", "[1]", '"[1]"', ()),
    ("string array", "[1]", "[1]", ()),
    ("string array", "words", '"words"', ()),
    ("boolean string", "true", "true", ()),
    ("integer string", "5", "5", ()),
    ("array", '"[1]"', "[1]", ("string_as_value",)),
]


@pytest.mark.parametrize(("types", "text", "wanted", "repairs"), TEXT)
def test_characters_as_json(types: str, text: str, wanted: str, repairs: tuple[str, ...]) -> None:
    assert to_json(param(*types.split()), Form.TEXT, text) == (wanted, repairs)


# The same of a value that was written as JSON: a string (as its characters), or another value (as JSON text).
WRITTEN: list[tuple[str, Form, str, str, tuple[str, ...]]] = [
    ("string", Form.STRING, "true", '"true"', ()),
    ("integer string", Form.STRING, "5", '"5"', ()),
    ("integer", Form.STRING, "5", "5", ("string_as_value",)),
    ("array", Form.STRING, "[1]", "[1]", ("string_as_value",)),
    ("array", Form.STRING, "words", '"words"', ()),
    ("integer", Form.JSON, "5", "5", ()),
    ("array", Form.JSON, "[1]", "[1]", ()),
    ("string", Form.JSON, "5", '"5"', ("value_as_string",)),
    ("string", Form.JSON, '{"a": [1]}', '"{\\"a\\": [1]}"', ("value_as_string",)),
    ("string", Form.JSON, "null", "", ("null_dropped",)),
    ("null string", Form.JSON, "null", "null", ()),
    ("integer", Form.JSON, "true", "true", ()),
]


@pytest.mark.parametrize(("types", "form", "text", "wanted", "repairs"), WRITTEN)
def test_json_as_json(types: str, form: Form, text: str, wanted: str, repairs: tuple[str, ...]) -> None:
    assert to_json(param(*types.split()), form, text) == (wanted, repairs)


@given(values, st.sampled_from(["string", "array", "object", "integer", "boolean", "null", "number"]))
def test_a_json_value_is_itself_or_its_text(value: Any, kind: str) -> None:
    if isinstance(value, str):
        return
    text = json.dumps(value)
    result, repairs = to_json(param(kind), Form.JSON, text)
    if result:
        assert json.loads(result) == (text if "value_as_string" in repairs else value)
    else:
        assert value is None


@given(strings, st.sets(st.sampled_from(["array", "object", "integer", "boolean", "null", "number"])))
def test_a_quoted_string_stays_one_where_it_may(text: str, types: set[str]) -> None:
    result, repairs = to_json(param("string", *types), Form.STRING, text)
    assert (json.loads(result), repairs) == (text, ())


@given(strings, st.sampled_from(["string", "array", "object", "integer", "boolean", "null", "number"]))
def test_whatever_stands_there_becomes_json(text: str, kind: str) -> None:
    for form in (Form.TEXT, Form.STRING):
        result, _ = to_json(param(kind), form, text)
        json.loads(result)


@pytest.mark.parametrize("text", ["[1E300]", '["a", 1E300]', "[" * 99 + "1" + "]" * 99])
def test_nothing_stops_it(text: str) -> None:
    for form in (Form.JSON, Form.TEXT, Form.STRING):
        assert to_json(param("array", nested=FILES), form, text)[0] == text
        assert to_text(param("string", nested=FILES, kind=Kind.XML), form, text) == (text, ())


@pytest.mark.parametrize(
    ("types", "form", "at_once", "maybe_null"),
    [
        ("string", Form.TEXT, True, False),
        ("null string", Form.TEXT, False, True),
        ("null string", Form.STRING, True, True),
        ("integer string", Form.TEXT, False, False),
        ("integer string", Form.STRING, True, False),
        ("integer", Form.STRING, False, False),
    ],
)
def test_what_may_go_out_at_once(types: str, form: Form, at_once: bool, maybe_null: bool) -> None:
    declared = param(*types.split())
    assert flows(declared, form) is at_once
    assert may_be_null(declared) is maybe_null


@pytest.mark.parametrize(("form", "at_once"), [(Form.TEXT, True), (Form.STRING, True), (Form.JSON, False)])
def test_characters_for_a_parameter_without_a_type_are_a_string(form: Form, at_once: bool) -> None:
    assert flows(Param("p", types=ANY_TYPE), form) is at_once


# -- nested -------------------------------------------------------------------------------------------------

ONE = "<file>\n<path>a.py</path>\n</file>"


@pytest.mark.parametrize(
    ("form", "text", "wanted", "repairs"),
    [
        (Form.TEXT, ONE, ONE, ()),
        (Form.TEXT, "words", "words", ()),
        (Form.JSON, '[{"path": "a.py"}]', ONE, ()),
        (Form.TEXT, '[{"path": "a.py"},]', ONE, ("json_trailing_comma",)),
        (Form.JSON, '{"path": "a.py"}', ONE, ()),
        (Form.JSON, '["a.py"]', ONE, ()),
        (Form.JSON, '[{"other": 1}]', '[{"other": 1}]', ()),
        (Form.JSON, "5", "5", ()),
        (Form.TEXT, "[1", "[1", ()),
    ],
)
def test_nested_values_as_text(form: Form, text: str, wanted: str, repairs: tuple[str, ...]) -> None:
    assert to_text(param("string", nested=FILES, kind=Kind.XML), form, text) == (wanted, repairs)


@pytest.mark.parametrize(
    ("form", "text", "wanted"),
    [
        (Form.TEXT, ONE, '[{"path":"a.py"}]'),
        (Form.TEXT, "words", '"words"'),
        (Form.JSON, '["a.py"]', '[{"path":"a.py"}]'),
        (Form.JSON, '[{"path": "a.py"}]', '[{"path": "a.py"}]'),
        (Form.JSON, '{"path": "a.py"}', '{"path": "a.py"}'),
    ],
)
def test_nested_values_as_json(form: Form, text: str, wanted: str) -> None:
    assert to_json(param("array", nested=FILES), form, text)[0] == wanted


@pytest.mark.parametrize(
    ("form", "text", "wanted"),
    [
        (Form.TEXT, ONE * 2, [{"path": "a.py"}] * 2),
        (Form.TEXT, '["a.py"]', [{"path": "a.py"}]),
        (Form.STRING, '{"path": "a.py"}', [{"path": "a.py"}]),
        (Form.JSON, '{"path": "a.py"}', [{"path": "a.py"}]),
        (Form.JSON, "5", []),
        (Form.TEXT, "words", []),
    ],
)
def test_the_items_of_a_value(form: Form, text: str, wanted: list[dict[str, Any]]) -> None:
    assert items_of(FILES, form, text) == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted", "repairs"),
    [
        (Kind.BOOLEAN, " True\n", "true", ("python_literal",)),
        (Kind.BOOLEAN, "true", "true", ()),
        (Kind.JSON, "{'a': 1}", '{"a":1}', ("python_literal",)),
        (Kind.JSON, '{"a": 1}', '{"a": 1}', ()),
        (Kind.JSON, "{words", "{words", ()),
        (Kind.TEXT, "{'a': 1}", "{'a': 1}", ()),
        (Kind.VERBATIM, "True", "True", ()),
    ],
)
def test_other_values_as_text(kind: Kind, text: str, wanted: str, repairs: tuple[str, ...]) -> None:
    assert to_text(param("string", kind=kind), Form.TEXT, text) == (wanted, repairs)


CHOICE = Param("mode", types=frozenset({"string"}), schema={"type": "string", "enum": ["code", "ask", " x"]})


@pytest.mark.parametrize(
    ("text", "wanted", "repairs"),
    [
        ("code", '"code"', ()),
        ("\n  code\n", '"code"', ("space_trimmed",)),
        (" x", '" x"', ()),
        (" other ", '" other "', ()),
    ],
)
@pytest.mark.parametrize("form", [Form.TEXT, Form.STRING])
def test_a_choice_is_trimmed(form: Form, text: str, wanted: str, repairs: tuple[str, ...]) -> None:
    assert not flows(CHOICE, form)
    assert to_json(CHOICE, form, text) == (wanted, repairs)


@pytest.mark.parametrize(
    ("types", "text", "wanted", "repairs"),
    [
        ("integer", "\n3\n", "3", ()),
        ("integer", "\n   3\n ", "3", ("space_trimmed",)),
        ("number", " 1.50", "1.50", ("space_trimmed",)),
        ("boolean", "  true", "true", ("space_trimmed",)),
        ("boolean", "  True", "true", ("python_literal", "space_trimmed")),
    ],
)
def test_space_beside_a_typed_value_is_named(
    types: str, text: str, wanted: str, repairs: tuple[str, ...]
) -> None:
    assert to_json(param(*types.split()), Form.TEXT, text) == (wanted, repairs)


def test_an_item_as_the_members_of_a_call() -> None:
    params = {
        "path": Param("path"),
        "line": Param("line", types=frozenset({"integer"})),
        "diff": Param("diff"),
    }
    search = "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE"
    item = {"path": "a", "line": "5", "diff": [{"content": search, "start_line": 7}, {"content": "c"}, "d"]}
    members, placed = members_of(item, params)
    assert placed
    assert members["path"] == '"a"'
    assert members["line"] == "5"
    begin, _, rest = search.partition("\n")
    assert json.loads(members["diff"]) == f"{begin}\n:start_line:7\n-------\n{rest}\nc\nd"
    assert members_of({"path": "a", "other": 1}, params) == ({"path": '"a"'}, False)
