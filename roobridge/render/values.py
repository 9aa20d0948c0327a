"""One value in another notation: characters as JSON, JSON as characters.

A value of type string alone stays a string to the letter. The others are read as their type says, with
Python's words and loose JSON allowed, and stay strings where they cannot be.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from roobridge.events import Form
from roobridge.grammar.model import Nested, Param
from roobridge.parser.json_call import quoted
from roobridge.parser.json_lenient import normalise
from roobridge.render.nested import read_items, write_items

_INTEGER = re.compile(r"-?(?:0|[1-9]\d*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?\Z")
_STRING = frozenset({"string"})
_MAYBE_STRING = frozenset({"string", "null"})
_LITERALS = {"true": "boolean", "false": "boolean", "null": "null"}
_NUMBERS = frozenset({"integer", "number"})
_CONTAINERS = frozenset({"object", "array"})
_TYPES = {
    "{": frozenset({"object"}),
    "[": frozenset({"array"}),
    "(": frozenset({"array"}),
    "t": frozenset({"boolean"}),
    "f": frozenset({"boolean"}),
    "n": frozenset({"null"}),
}
_NUMBER_BEGINS = frozenset("+-.0123456789")
_PYTHON = {"True": "true", "False": "false", "None": "null"}


def flows(param: Param, form: Form) -> bool:
    """The value is a string and nothing else: it may go out as it comes."""
    return param.types == _STRING or (form is Form.STRING and "string" in param.types)


def may_be_null(param: Param) -> bool:
    """The value is a string unless it is the word null."""
    return param.types == _MAYBE_STRING


def to_json(param: Param, form: Form, text: str) -> tuple[str, tuple[str, ...]]:
    """The whole value as JSON text, and the repairs it took; empty for a null that the schema has not."""
    types = param.types
    if form is Form.JSON:
        return _fitted(text, types)
    if form is Form.STRING:
        if "string" in types:
            return quoted(text), ()
        json, repairs = _read(text, param)
        return json, repairs if json[0] == '"' else ("string_as_value", *repairs)
    return _read(text, param)


def _fitted(json: str, types: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """JSON text of another value than a string, as the types allow it."""
    if _TYPES.get(json[:1], _NUMBERS) & types:
        return json, ()
    if json == "null":
        return "", ("null_dropped",)
    if "string" in types:
        return quoted(json), ("value_as_string",)
    return json, ()


def _read(text: str, param: Param) -> tuple[str, tuple[str, ...]]:
    """Characters that may stand for a value of any of the parameter's types."""
    types, stripped = param.types, text.strip()
    word = _PYTHON.get(stripped, stripped.lower() if stripped.lower() in ("true", "false") else stripped)
    if word in _LITERALS and _LITERALS[word] in types:
        return word, () if stripped == word else ("python_literal",)
    if (types & _NUMBERS and _INTEGER.match(stripped)) or ("number" in types and _NUMBER.match(stripped)):
        return stripped, ()
    begin = stripped[:1]
    loose = "string" not in types and (begin == '"' or (types & _NUMBERS and begin in _NUMBER_BEGINS))
    if loose or (begin in _TYPES and _TYPES[begin] & types & _CONTAINERS):
        try:
            return _normalised(stripped, param)
        except ValueError:
            pass
    if param.nested is not None and "array" in types:
        items = read_items(text, param.nested)
        if items:
            return _dump(items), ()
    return quoted(text), ()


def _normalised(text: str, param: Param) -> tuple[str, tuple[str, ...]]:
    json, repairs = normalise(text)
    if json[0] != '"':
        return json, repairs
    inner, more = _read(msgspec.json.decode(json), param)
    return inner, ("string_as_value", *repairs, *more)


def to_text(param: Param, form: Form, text: str) -> tuple[str, tuple[str, ...]]:
    """The whole value as the characters that stand between its tags, and the repairs it took."""
    if param.nested is None:
        return text, ()
    stripped = text.strip()
    if form is not Form.JSON and stripped[:1] not in ("[", "{"):
        return text, ()
    try:
        json, repairs = normalise(stripped)
        value = msgspec.json.decode(json)
    except ValueError:
        return text, ()
    return _items_text(value, param.nested, text), repairs


def nested_members(nested: Nested, text: str, wanted: frozenset[str]) -> list[tuple[str, str]]:
    """A nested value as members of the call itself: name and JSON text, for the names that are wanted.

    The array's own name is preferred; else the fields of its first item.
    """
    items = read_items(text, nested)
    if nested.key in wanted:
        return [(nested.key, _dump(items))]
    first = items[0] if items else {}
    members: list[tuple[str, str]] = []
    for name, value in first.items():
        if name in wanted:
            members.append((name, _dump(value)))
        elif isinstance(value, list) and value and isinstance(value[-1], dict):
            members += [(key, _dump(inner)) for key, inner in value[-1].items() if key in wanted]
    return members


def _items_text(value: Any, nested: Nested, text: str) -> str:
    items = _unwrapped(value, nested)
    lone = nested.lone or next((field.key for field in nested.fields if field.text), "")
    objects = [{lone: item} if isinstance(item, str) else item for item in items]
    known = {name for field in nested.fields for name in (field.key, field.name)}
    if not all(isinstance(item, dict) and known & item.keys() for item in objects):
        return text  # the client refuses it, with the value in view
    return "\n" + write_items(objects, nested) + "\n"


def _unwrapped(value: Any, nested: Nested) -> list[Any]:
    """The items of a JSON value: an array, one alone, or either under the name of the items, as models write
    that were shown the XML."""
    if isinstance(value, list):
        return [item for each in value for item in _unwrapped(each, nested)]
    if isinstance(value, dict) and len(value) == 1:
        [(name, inner)] = value.items()
        if name in (nested.item, nested.key):
            return _unwrapped(inner, nested)
    return [value]


def _dump(value: Any) -> str:
    return msgspec.json.encode(value).decode()
