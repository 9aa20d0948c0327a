"""One value in another notation: characters as JSON, JSON as characters.

A value of type string alone stays a string to the letter. The others are read as their type says, with
Python's words and loose JSON allowed, and stay strings where they cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from roobridge.events import Form
from roobridge.grammar.model import ANY_TYPE, Kind, Nested, Param
from roobridge.jsontext.lenient import is_number, normalise
from roobridge.jsontext.strings import quoted
from roobridge.render.nested import is_complete, mend_items, objects, read_items, write_items

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
_SEARCH = "<<<<<<< SEARCH\n"
_PYTHON = {"True": "true", "False": "false", "None": "null"}


def flows(param: Param, form: Form) -> bool:
    """The value is a string and nothing else: it may go out as it comes.

    Characters for a parameter whose schema says no type are a string, as vLLM and SGLang read them.
    """
    types = param.types
    if _choices(param):
        return False
    if form is Form.TEXT:
        return types in (_STRING, ANY_TYPE)
    return types == _STRING or (form is Form.STRING and "string" in types)


def may_be_null(param: Param) -> bool:
    """The value is a string unless it is the word null."""
    return param.types == _MAYBE_STRING and not _choices(param)


def _choices(param: Param) -> Sequence[object]:
    """The values that the schema allows, where it names them: white space beside one is none of it."""
    choices = param.schema.get("enum") if param.schema is not None and "string" in param.types else None
    return choices if isinstance(choices, list | tuple) else ()


def _string(param: Param, text: str) -> tuple[str, tuple[str, ...]]:
    choices, stripped = _choices(param), text.strip()
    if stripped != text and stripped in choices and text not in choices:
        return quoted(stripped), ("space_trimmed",)
    return quoted(text), ()


def to_json(param: Param, form: Form, text: str) -> tuple[str, tuple[str, ...]]:
    """The whole value as JSON text, and the repairs it took; empty for a null that the schema has not."""
    types = param.types
    if form is Form.JSON:
        json, repairs = _fitted_items(text, param.nested) if param.nested else (text, ())
        fitted, more = _fitted(json, types)
        return fitted, (*repairs, *more)
    if form is Form.STRING:
        if "string" in types:
            return _string(param, text)
        json, repairs = _read(text, param)
        return json, repairs if json[0] == '"' else ("string_as_value", *repairs)
    return _read(text, param)


def _fitted_items(json: str, nested: Nested) -> tuple[str, tuple[str, ...]]:
    """An array of strings as the objects that they stand for."""
    if json[0] != "[":
        return json, ()
    try:
        items = msgspec.json.decode(json)
        if any(isinstance(item, str) for item in items):
            return dump(objects(items, nested)), ("json_as_items",)
    except ValueError:
        pass
    return json, ()


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
    # One newline at each end is a dialect's own.
    trimmed = ("space_trimmed",) if stripped != text.removeprefix("\n").removesuffix("\n") else ()
    if word in _LITERALS and _LITERALS[word] in types:
        return word, trimmed if stripped == word else ("python_literal", *trimmed)
    # As it is written: a float would change the digits of a large number.
    number = _NUMBER if "number" in types else _INTEGER
    if types & _NUMBERS and number.match(stripped) and is_number(stripped):
        return stripped, trimmed
    begin = stripped[:1]
    loose = "string" not in types and (begin == '"' or (types & _NUMBERS and begin in _NUMBER_BEGINS))
    if loose or (begin in _TYPES and _TYPES[begin] & types & _CONTAINERS):
        try:
            return _normalised(stripped, param)
        except ValueError:
            pass
    if param.nested is not None and "array" in types:
        items, repairs = mended_items(param.nested, Form.TEXT, text)
        if items and "<" in text:
            return dump(items), repairs
    return _string(param, text)


def _normalised(text: str, param: Param) -> tuple[str, tuple[str, ...]]:
    json, repairs = normalise(text)
    if json[0] != '"':
        fitted, more = _fitted_items(json, param.nested) if param.nested else (json, ())
        return fitted, (*repairs, *more)
    inner, more = _read(msgspec.json.decode(json), param)
    return inner, ("string_as_value", *repairs, *more)


def to_text(param: Param, form: Form, text: str) -> tuple[str, tuple[str, ...]]:
    """The whole value as the characters that stand between its tags, and the repairs it took."""
    stripped = text.strip()
    if param.kind is Kind.BOOLEAN and stripped in _PYTHON:
        return _PYTHON[stripped], ("python_literal",)
    loose = stripped[:1] in ("[", "{")
    if not loose or (param.nested is None and param.kind is not Kind.JSON):
        return text, ()
    try:
        json, repairs = normalise(stripped)
        if param.nested is None:
            return (json if repairs else text), repairs
        items = objects(msgspec.json.decode(json), param.nested)
    except ValueError:
        return text, ()
    return write_items(items, param.nested), repairs


def items_of(nested: Nested, form: Form, text: str) -> list[dict[str, Any]]:
    """The items of a nested value, written in XML or in JSON; empty where it holds none."""
    if not _is_xml(form, text):
        try:
            return objects(msgspec.json.decode(normalise(text.strip())[0]), nested)
        except ValueError:
            return []
    return read_items(text, nested)


def mended_items(nested: Nested, form: Form, text: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The same, also where the XML is not quite right, and the repairs that it took."""
    items = items_of(nested, form, text)
    if not _is_xml(form, text):
        return items, ()
    whole = is_complete(items, nested)
    if whole and text.count(f"<{nested.item}") <= len(items):
        return items, ()
    mended = mend_items(text, nested)
    if len(mended) > len(items) or (mended and not whole):
        return mended, ("nested_value_mended",)
    return items, ()


def _is_xml(form: Form, text: str) -> bool:
    return form is not Form.JSON and text.strip()[:1] not in ("[", "{")


def members_of(item: Mapping[str, Any], params: Mapping[str, Param]) -> tuple[dict[str, str], bool]:
    """One item as the members of a call that takes one, and whether all of it found a place among them."""
    members: dict[str, str] = {}
    placed = True
    for name, value in item.items():
        param = params.get(name)
        if param is None:
            placed = False
        elif param.types == _STRING and isinstance(value, list):
            members[name] = quoted("\n".join(map(_block, value)))
        else:
            members[name] = to_json(param, Form.STRING, value)[0] if isinstance(value, str) else dump(value)
    return members, placed


def _block(value: Any) -> str:
    """One of several diffs of a file, as it stands in a diff of its own."""
    if not isinstance(value, Mapping):
        return str(value)
    content, line = str(value.get("content", "")), value.get("start_line")
    # Roo's apply_diff wants the line in the diff's own header (multi-search-replace).
    if line is None or ":start_line:" in content:
        return content
    return content.replace(_SEARCH, f"{_SEARCH}:start_line:{line}\n-------\n", 1)


def dump(value: Any) -> str:
    return msgspec.json.encode(value).decode()
