"""Nested values, both ways: XML items as JSON objects, and JSON objects as XML items.

Source: Roo's parseXml (fast-xml-parser), 3.10 to 3.41. An item's own text (`suggest`) is a stop node to it:
taken as it stands up to the item's closing tag, entities and all; in it the reader skips over tags, so that a
`<` which begins none would hide that closing tag. In other elements it decodes XML's five entities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from roobridge.grammar.model import Field, Nested

# A value is held whole and becomes a tree: without a bound one reply could take all memory.
_LIMIT = 2_000_000  # characters of one nested value that are parsed
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_RETURN, _KEPT = "\r", "\ue00d"  # XML 1.0, 2.11, would make one newline of a carriage return and a newline
_ENTITY = r"&(?=(?:lt|gt|amp|quot|apos|#\d+|#x[0-9A-Fa-f]+);)"
_ENTITIES = re.compile(_ENTITY)
_STRAY = re.compile(_ENTITY.replace("?=", "?!", 1))  # an ampersand that is only itself
_CDATA, _CDATA_END = "<![CDATA[", "]]>"
# XML 1.0, 2.2, has no place for these, escaped or not.
_ATTRIBUTE = re.compile(r"""(?<![\w.-])([\w.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


def read_items(text: str, nested: Nested) -> list[dict[str, Any]]:
    """The items of a nested value; empty where it holds none, or is longer than 2,000,000 characters.

    Text outside items is ignored, as Roo does.
    """
    if len(text) > _LIMIT:
        return []
    # The text is the model's, and may be anyone's: nothing in it is fetched or expanded.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(f"<r>{_sound(text.replace(_RETURN, _KEPT))}</r>".encode(), parser)
    except etree.XMLSyntaxError:
        return _read_loosely(text, nested)
    return [_object(item, nested.fields) for item in root.iterchildren(nested.item)]


def _sound(text: str) -> str:
    """The same with what stands for itself, as the client reads it, in the form that XML wants."""
    outside, *sections = text.split(_CDATA)
    parts = [_escaped(outside)]
    for section in sections:
        inside, end, outside = section.partition(_CDATA_END)
        parts += [_CDATA, inside, end, _escaped(outside)]
    return "".join(parts)


def _escaped(text: str) -> str:
    return _STRAY.sub("&amp;", text).replace(_CDATA_END, "]]&gt;")


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


def mend_items(text: str, nested: Nested) -> list[dict[str, Any]]:
    """The items of a value that is not quite their XML: an element left open, a field as an attribute of its
    item, fields without an item around them, or the bare text of the field that matters, one a line.

    Empty where every item lacks a field that it needs, and where an item is more than fields of text.
    """
    if len(text) > _LIMIT or any(field.fields for field in nested.fields):
        return []
    names = [field.name for field in nested.fields if field.name]
    tags = re.compile(rf"<(/?)({'|'.join(map(re.escape, [nested.item, *names]))})((?:\s[^<>]*)?)>")
    found: list[dict[str, Any]] = []
    if "<" not in text:
        key = nested.lone or next((field.key for field in nested.fields if field.text), "")
        found = [{key: line.strip()} for line in text.splitlines() if key and line.strip()]
    else:
        _mend(text, nested, tags, found)
    return [item for item in found if _is_complete(item, nested)]


def is_complete(items: Sequence[Mapping[str, Any]], nested: Nested) -> bool:
    """There are items, and each has the fields that it needs."""
    return bool(items) and all(_is_complete(item, nested) for item in items)


def _is_complete(item: Mapping[str, Any], nested: Nested) -> bool:
    needed = {field.key for field in nested.fields if field.required} | ({nested.lone} - {""})
    return bool(item) and all(item.get(key) for key in needed)


def _mend(text: str, nested: Nested, tags: re.Pattern[str], found: list[dict[str, Any]]) -> None:
    fields = {field.name: field for field in nested.fields if field.name}
    own = next((field for field in nested.fields if field.text), None)
    marks = list(tags.finditer(text))
    for number, mark in enumerate(marks):
        closing, name, attributes = mark.groups()
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        inside = _uncdata(text[mark.end() : end]).strip()
        if closing:
            continue
        if name == nested.item:
            found.append(_attributes(attributes, fields))
            if own is not None and inside:
                found[-1][own.key] = inside
        elif inside:
            field = fields[name]
            if not found or (field.key in found[-1] and not field.repeated):
                found.append({})
            _put(found[-1], field, _typed(inside, field))


def _attributes(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for name, double, single in _ATTRIBUTE.findall(text):
        value = double or single
        if name in fields and value.strip():
            _put(item, fields[name], _typed(value, fields[name]))
    return item


def _put(item: dict[str, Any], field: Field, value: Any) -> None:
    if field.repeated:
        item.setdefault(field.key, []).append(value)
    else:
        item[field.key] = value


def _element(name: str, item: Mapping[str, Any], fields: tuple[Field, ...]) -> str:
    attributes, text, children = "", "", []
    for field in fields:
        value = item.get(field.key, item.get(field.name))
        if value is None:
            continue
        if field.attribute:
            attributes += f" {field.name}={quoteattr(str(value))}"
        elif field.text:
            text = _stop_node(str(value), name)
        else:
            parts = value if field.repeated and isinstance(value, list) else [value]
            children += [_child(field, part) for part in parts]
    inside = text if not children else "\n" + "\n".join(children) + "\n"
    return f"<{name}{attributes}>{inside}</{name}>"


def _child(field: Field, value: Any) -> str:
    if field.fields and isinstance(value, Mapping):
        return _element(field.name, value, field.fields)
    text = _CONTROLS.sub("", value if isinstance(value, str) else str(value))
    # Roo's apply_diff of several files takes diffs so (3.19.1 to 3.41.3): no line of them is changed.
    if "\n" in text and "]]>" not in text:
        return f"<{field.name}><![CDATA[{text}]]></{field.name}>"
    escaped = _ENTITIES.sub("&amp;", text).replace("<", "&lt;").replace(_CDATA_END, "]]&gt;")
    return f"<{field.name}>{escaped}</{field.name}>"


def _stop_node(text: str, item: str) -> str:
    """The text as it is, but for what would hide the item's closing tag: a `<` that begins no whole tag, or
    a tag of the item's own."""
    if "<" not in text:
        return text
    return _hiding(item).sub("&lt;", text)


@lru_cache(maxsize=8)
def _hiding(item: str) -> re.Pattern[str]:
    attributes = r"""(?:\s(?:[^<>"']|"[^"<>]*"|'[^'<>]*')*)?"""
    return re.compile(rf"<(?!/?(?!{re.escape(item)}\b)[A-Za-z][\w.:-]*{attributes}/?>)")
