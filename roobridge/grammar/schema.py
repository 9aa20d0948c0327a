"""Tools from the JSON schemas of a request's `tools` array, joined with what a grammar knows of them.

A schema says which JSON types a value may have; the grammar says what the characters mean to the tool, and
what it does without. Roo's strict mode lists every property as required (3.42 and later), so of a tool that
the grammar knows the grammar says which parameters are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

import msgspec

from roobridge.errors import ClientError
from roobridge.grammar.family import of_other_releases
from roobridge.grammar.model import ANY_TYPE, Completion, Kind, Param, Tool, Toolset

Describe = Callable[[str], Tool | None]

_NUMBERS = frozenset({"integer", "number"})
# What a schema says of strings that are one line (JSON Schema 2020-12, validation, 6.1 and 7), and the names
# that such parameters have in the tools of agents and of MCP servers.
_LINE_WORDS = frozenset({"enum", "const", "format"})
_PLACES = (
    "path",
    "file_path",
    "filepath",
    "file",
    "filename",
    "file_name",
    "dir",
    "directory",
    "cwd",
    "folder",
)
_LINE_NAMES = frozenset(
    (*_PLACES, "url", "uri", "href", "id", "name", "mode", "glob", "language", "branch", "repo", "owner")
)
_MAX_DEPTH = 16  # of anyOf in anyOf; deeper, a value may be anything

# The types that a value of a kind may have; a schema that allows none of them overrides the grammar.
_FITTING = {
    Kind.TEXT: frozenset({"string"}),
    Kind.LINE: frozenset({"string"}),
    Kind.VERBATIM: frozenset({"string"}),
    Kind.NUMBER: _NUMBERS,
    Kind.BOOLEAN: frozenset({"boolean"}),
    Kind.JSON: frozenset({"array", "object"}),
    Kind.XML: frozenset({"array"}),
}


def toolset_from_tools(
    tools: Sequence[Mapping[str, Any]], describe: Describe, completion: Completion | None
) -> Toolset:
    """What the functions of an OpenAI `tools` array may be called with.

    tools: entries `{"type": "function", "function": {"name", "parameters"}}`, or flat ones that hold these
    two themselves; entries of another type are no functions and are left out, and of two of the same name
    the first counts. describe: what the grammar knows of a tool, None where it knows nothing. completion:
    kept where its tool is among the tools. Raises ClientError naming the field that is not as it should be.
    """
    known: dict[str, Tool] = {}
    for index, entry in enumerate(tools):
        tool = _tool(entry, f"tools[{index}]", describe)
        if tool is not None:
            known.setdefault(tool.name, tool)
    kept = completion if completion is not None and completion.tool in known else None
    return Toolset(MappingProxyType(known), kept)


def resolve(schema: Any, root: Mapping[str, Any]) -> Any:
    """A schema itself, or the one in `root` that its `$ref` names."""
    return _Types(root).resolve(schema)


def _tool(entry: object, field: str, describe: Describe) -> Tool | None:
    entry = _object(entry, field)
    if entry.get("type", "function") != "function":
        return None
    if "function" in entry:
        field += ".function"
        entry = _object(entry["function"], field)
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        _refuse(f"{field}.name", "a non-empty string")
    return _described_tool(name, entry.get("parameters"), f"{field}.parameters", describe(name))


def _described_tool(name: str, parameters: object, field: str, known: Tool | None) -> Tool:
    schema = _optional(parameters, field)
    properties = _optional(schema.get("properties"), f"{field}.properties")
    required = schema.get("required") or ()
    if not isinstance(required, Sequence) or isinstance(required, str):
        _refuse(f"{field}.required", "an array of property names")
    types = _Types(schema)
    params: dict[str, Param] = {}
    for key, described in properties.items():
        value = types.resolve(described)
        if not isinstance(value, Mapping | bool):
            _refuse(f"{field}.properties.{key}", "a JSON schema")
        grammar = known.params.get(key) if known else None
        params[key] = _param(key, value, types.of(value), key in required, grammar)
        if isinstance(value, Mapping):
            params[key] = msgspec.structs.replace(params[key], schema=value)
    if known is not None:
        params.update(of_other_releases(known, params))
    return Tool(name, MappingProxyType(params), known=known is not None)


def _param(name: str, value: object, types: frozenset[str], required: bool, known: Param | None) -> Param:
    if known is None:
        return Param(name, _kind(types, value, name), required, types)
    if not _FITTING[known.kind] & types:
        kind = _kind(types, value, name)
        return msgspec.structs.replace(known, kind=kind, types=types, nested=None, computed="")
    return msgspec.structs.replace(known, types=types)


def _kind(types: frozenset[str], schema: object, name: str) -> Kind:
    """Of a value that no grammar knows."""
    if "string" in types:
        said = isinstance(schema, Mapping) and not _LINE_WORDS.isdisjoint(schema)
        return Kind.LINE if said or name.lower() in _LINE_NAMES else Kind.VERBATIM
    plain = types - {"null"}
    if plain and plain <= _NUMBERS:
        return Kind.NUMBER
    return Kind.BOOLEAN if plain == {"boolean"} else Kind.JSON


class _Types:
    """The JSON types that the schemas of one `parameters` object allow.

    Read from `type`, `enum`, `const`, `anyOf`, `oneOf`, `allOf` and local `$ref`s; whatever says nothing,
    refers elsewhere or to itself allows any type.
    """

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._referred: dict[str, frozenset[str]] = {}

    def resolve(self, schema: Any) -> Any:
        """The schema itself, or the one it refers to."""
        for _ in range(_MAX_DEPTH):
            target = self._target(schema)
            if target is None:
                break
            schema = target
        return schema

    def of(self, schema: object, depth: int = 0) -> frozenset[str]:
        if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
            return ANY_TYPE
        if "$ref" in schema:
            return self._of_reference(schema, depth)
        types = _declared(schema)
        for word in ("anyOf", "oneOf"):
            if isinstance(choices := schema.get(word), Sequence) and choices:
                types &= _widened(frozenset().union(*(self.of(choice, depth + 1) for choice in choices)))
        if isinstance(parts := schema.get("allOf"), Sequence):
            for part in parts:
                types &= _widened(self.of(part, depth + 1))
        if schema.get("nullable") is True:
            types |= {"null"}
        return types or ANY_TYPE

    def _of_reference(self, schema: Mapping[str, Any], depth: int) -> frozenset[str]:
        reference = str(schema["$ref"])
        if reference not in self._referred:
            self._referred[reference] = ANY_TYPE
            self._referred[reference] = self.of(self._target(schema), depth + 1)
        return self._referred[reference]

    def _target(self, schema: object) -> object:
        """What a local `$ref` points to (RFC 6901 in a fragment); None where it points to nothing here."""
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return None
        found: object = self._root
        for token in reference[2:].split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, Mapping) else None
        return found


def _declared(schema: Mapping[str, Any]) -> frozenset[str]:
    """By the words that say it without another schema."""
    declared = schema.get("type")
    words = [declared] if isinstance(declared, str) else declared
    if isinstance(words, Sequence) and words:
        types = frozenset(word for word in words if isinstance(word, str))
        return types if types and types <= ANY_TYPE else ANY_TYPE
    if isinstance(values := schema.get("enum"), Sequence) and values:
        return frozenset(map(_type_of, values))
    if "const" in schema:
        return frozenset({_type_of(schema["const"])})
    if "properties" in schema:
        return frozenset({"object"})
    return frozenset({"array"}) if "items" in schema else ANY_TYPE


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) else "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def _widened(types: frozenset[str]) -> frozenset[str]:
    """Every integer is a number."""
    return types | {"integer"} if "number" in types else types


def _optional(value: object, field: str) -> Mapping[str, Any]:
    return {} if value is None else _object(value, field)


def _object(value: object, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(field, "an object")
    return value


def _refuse(field: str, expected: str) -> NoReturn:
    raise ClientError(f"{field} must be {expected}.", param=field)
