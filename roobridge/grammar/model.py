"""Tools and parameters as frozen values: what a call may hold, whoever declared it.

Two sources make them: the grammar files (`load.py`) for clients whose tools stand in a prompt, and a
request's JSON schemas (`schema.py`) for clients that send `tools`. No XML and no I/O here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any

import msgspec

Version = tuple[int, ...]


ANY_TYPE = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})


class Kind(Enum):
    """What the characters of a value are, as its tool reads them."""

    TEXT = "text"  # a line or a few; white space at both ends is markup
    LINE = "line"  # one line that holds no tags of a call: a path, a name, an address
    VERBATIM = "verbatim"  # file content: one newline at each end is markup, the rest is the value
    JSON = "json"  # JSON text
    XML = "xml"  # nested XML, described by Nested
    NUMBER = "number"
    BOOLEAN = "boolean"


class Field(msgspec.Struct, frozen=True):
    """One field of a nested item. name: its XML name; key: its JSON name.

    attribute: it is an XML attribute. text: it is the item's own text (name is then ignored).
    repeated: it may occur several times and is an array in JSON. number: its text is a number in JSON.
    fields: its own fields, where it is an object.
    """

    name: str
    key: str
    attribute: bool = False
    text: bool = False
    repeated: bool = False
    number: bool = False
    required: bool = False
    fields: tuple[Field, ...] = ()


class Nested(msgspec.Struct, frozen=True):
    """A value of kind XML: a sequence of `item` elements, an array of objects in JSON.

    key: the parameter that carries the array in a native call of the same tool. lone: the parameter that
    carries a single item's field of that name, for tools whose native form takes one item only.
    """

    item: str
    key: str
    fields: tuple[Field, ...]
    lone: str = ""


class Param(msgspec.Struct, frozen=True):
    """One parameter.

    offered: the client's release declares it; others are recognised in a call, because models remember
    them from other releases, but are not the client's.
    types: the JSON types a value may have ("string", "integer", "number", "boolean", "array", "object",
    "null"); a value of type string alone is a string to the letter. cut_safe: an open value may be closed
    at a normal end, because being short does no harm. prose: a zero-width space in it does no harm.
    computed: the name of the verbatim parameter whose lines it counts, or empty. nested: for kind XML.
    schema: the JSON schema, where the request gave one.
    """

    name: str
    kind: Kind = Kind.VERBATIM
    required: bool = False
    types: frozenset[str] = frozenset({"string"})
    offered: bool = True
    cut_safe: bool = False
    prose: bool = False
    computed: str = ""
    nested: Nested | None = None
    schema: Mapping[str, Any] | None = None


class Tool(msgspec.Struct, frozen=True):
    """One tool. params: in declared order, by name. known: a grammar file describes it.

    last_close: the client reads the last close of this parameter as its end (Roo's `write_to_file`).
    """

    name: str
    params: Mapping[str, Param]
    known: bool = False
    last_close: str = ""

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.params.values() if p.required)


class Completion(msgspec.Struct, frozen=True):
    """The tool that ends a task, and the parameter that says how."""

    tool: str
    param: str


class Toolset(msgspec.Struct, frozen=True):
    """All that one request's client understands.

    tools: what counts as a call. completion: None where the client has none.
    read_tools, read_params: every name the client's own XML reader opens a tag for, offered or not.
    value_limit: UTF-16 units of one value that the client's XML reader takes; 0 where it has no limit.
    """

    tools: Mapping[str, Tool] = MappingProxyType({})
    completion: Completion | None = None
    read_tools: frozenset[str] = frozenset()
    read_params: frozenset[str] = frozenset()
    value_limit: int = 0
