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
_PYTHON = {"True": "true", "False": "false", "None": "null"}


def is_string(param: Param) -> bool:
    """The value is a string and nothing else: it may flow as it comes."""
    return param.types == _STRING


def may_be_null(param: Param) -> bool:
    """The value is a string unless it is the word null."""
    return param.types == _MAYBE_STRING


def to_json(param: Param, form: Form, text: str) -> tuple[str, tuple[str, ...]]:
    """The whole value as JSON text, and the repairs it took."""
    if form is Form.JSON:
        if is_string(param):
            return quoted(text), ("value_as_string",)
        return text, ()
    types = param.types
    stripped = text.strip()
    word = _PYTHON.get(stripped, stripped.lower() if stripped.lower() in ("true", "false") else stripped)
    if word in _LITERALS and _LITERALS[word] in types:
        return word, () if stripped == word else ("python_literal",)
    if ("integer" in types or "number" in types) and _INTEGER.match(stripped):
        return stripped, ()
    if "number" in types and _NUMBER.match(stripped):
        return stripped, ()
    if stripped[:1] in ("{", "[", "(") and ("object" in types or "array" in types):
        try:
            return normalise(stripped)
        except ValueError:
            pass
    if param.nested is not None and "array" in types:
        items = read_items(text, param.nested)
        if items:
            return _dump(items), ()
    return quoted(text), ()


def to_text(param: Param, form: Form, text: str) -> tuple[str, tuple[str, ...]]:
    """The whole value as the characters that stand between its tags, and the repairs it took."""
    if param.nested is None:
        return text, ()
    stripped = text.strip()
    if form is Form.TEXT and stripped[:1] not in ("[", "{"):
        return text, ()
    try:
        json, repairs = normalise(stripped)
    except ValueError:
        return text, ()
    return _items_text(msgspec.json.decode(json), param.nested, text), repairs


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
    items = value if isinstance(value, list) else [value]
    lone = nested.lone or next((field.key for field in nested.fields if field.text), "")
    objects = [{lone: item} if isinstance(item, str) else item for item in items]
    if not all(isinstance(item, dict) for item in objects):
        return text
    return "\n" + write_items(objects, nested) + "\n"


def _dump(value: Any) -> str:
    return msgspec.json.encode(value).decode()
