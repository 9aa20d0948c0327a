"""Nested values, both ways: XML items as JSON objects, and JSON objects as XML items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from roobridge.grammar.model import Field, Nested

_LIMIT = 2_000_000  # characters of one nested value that are parsed
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_RETURN, _KEPT = "\r", "\ue00d"  # XML 1.0, 2.11, would make one newline of a carriage return and a newline
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_items(text: str, nested: Nested) -> list[dict[str, Any]]:
    """The items of a nested value; empty where it holds none, or is longer than 2,000,000 characters.

    Text outside items is ignored, as Roo does.
    """
    if len(text) > _LIMIT:
        return []
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(f"<r>{text.replace(_RETURN, _KEPT)}</r>".encode(), parser)
    except etree.XMLSyntaxError:
        return _read_loosely(text, nested)
    return [_object(item, nested.fields) for item in root.iterchildren(nested.item)]


def objects(value: Any, nested: Nested) -> list[dict[str, Any]]:
    """The items that a JSON value stands for, as models write them: an array, one item alone, bare strings,
    or either of them under the item's XML name or the array's JSON name.

    Raises ValueError where it stands for none.
    """
    if isinstance(value, list):
        return [item for part in value for item in objects(part, nested)]
    lone = nested.lone or next((field.key for field in nested.fields if field.text), "")
    if isinstance(value, str) and lone:
        return [{lone: value}]
    if not isinstance(value, dict):
        raise ValueError("neither an object nor an array of objects")  # noqa: TRY004 - the text is at fault
    inner = next((name for name in (nested.item, nested.key) if name in value), "")
    if inner:
        rest = {name: part for name, part in value.items() if name != inner}
        return [{**item, **rest} for item in objects(value[inner], nested)]
    item: dict[str, Any] = {}
    for field in nested.fields:
        for name in (field.name, field.key):
            if name in value:
                item[field.key] = value[name]
    if not item:
        raise ValueError("an object without a field of the item")
    return [item]


def write_items(items: Sequence[Mapping[str, Any]], nested: Nested) -> str:
    """The items as XML, one a line where an item has elements."""
    lines = [_element(nested.item, item, nested.fields) for item in items]
    return "\n".join(lines)


def _object(element: etree._Element, fields: tuple[Field, ...]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for field in fields:
        if field.attribute:
            found = element.get(field.name)
            values: list[Any] = [] if found is None else [found.replace(_KEPT, _RETURN)]
        elif field.text:
            values = [_inner(element).strip()]
        else:
            values = [_value(child, field) for child in element.iterchildren(field.name)]
        if field.repeated:
            if values:
                result[field.key] = values
        elif values:
            result[field.key] = values[-1]
    return result


def _value(element: etree._Element, field: Field) -> Any:
    if field.fields:
        return _object(element, field.fields)
    return _typed(_inner(element), field)


def _inner(element: etree._Element) -> str:
    """The text of an element; tags in it belong to the text, for they are no fields."""
    parts = [element.text or ""]
    for child in element:
        parts += [etree.tostring(child, encoding="unicode", with_tail=False), child.tail or ""]
    return "".join(parts).replace(_KEPT, _RETURN)


def _typed(text: str, field: Field) -> Any:
    stripped = text.strip()
    if field.number and _INTEGER.match(stripped):
        return int(stripped)
    return text.strip("\r\n") if "\n" in stripped else stripped


def _read_loosely(text: str, nested: Nested) -> list[dict[str, Any]]:
    """Items whose text is not escaped, as models write diffs and paths."""
    return [_loose_object(*element, nested.fields) for element in _elements(text, nested.item)]


def _elements(text: str, name: str) -> list[tuple[str, str]]:
    """The attributes and the inside of every element of that name, each up to its first closing tag."""
    opening, closing = re.compile(rf"<{name}((?:\s[^<>]*)?)>"), f"</{name}>"
    found: list[tuple[str, str]] = []
    at = 0
    while match := opening.search(text, at):
        end = text.find(closing, match.end())
        if end < 0:
            break
        found.append((match[1], text[match.end() : end]))
        at = end + len(closing)
    return found


def _loose_object(attributes: str, inside: str, fields: tuple[Field, ...]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for field in fields:
        if field.attribute:
            found = re.search(rf"\b{field.name}\s*=\s*[\"']([^\"']*)", attributes)
            values: list[Any] = [found[1]] if found else []
        elif field.text:
            values = [inside.strip()]
        else:
            values = [
                _loose_object(*inner, field.fields) if field.fields else _typed(_uncdata(inner[1]), field)
                for inner in _elements(inside, field.name)
            ]
        if values:
            result[field.key] = values if field.repeated else values[-1]
    return result


def _uncdata(text: str) -> str:
    stripped = text.strip()
    if stripped.startswith("<![CDATA[") and stripped.endswith("]]>"):
        return stripped[9:-3]
    return text


def _element(name: str, item: Mapping[str, Any], fields: tuple[Field, ...]) -> str:
    attributes, text, children = "", "", []
    for field in fields:
        value = item.get(field.key, item.get(field.name))
        if value is None:
            continue
        if field.attribute:
            attributes += f" {field.name}={quoteattr(str(value))}"
        elif field.text:
            text = escape(str(value))
        else:
            parts = value if field.repeated and isinstance(value, list) else [value]
            children += [_child(field, part) for part in parts]
    inside = text if not children else "\n" + "\n".join(children) + "\n"
    return f"<{name}{attributes}>{inside}</{name}>"


def _child(field: Field, value: Any) -> str:
    if field.fields and isinstance(value, Mapping):
        return _element(field.name, value, field.fields)
    text = _CONTROLS.sub("", value if isinstance(value, str) else str(value))
    if "\n" in text and "]]>" not in text:
        return f"<{field.name}><![CDATA[{text}]]></{field.name}>"
    return f"<{field.name}>{escape(text)}</{field.name}>"
