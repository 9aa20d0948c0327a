"""Grammar files into families: read with lxml, judged by RELAX NG, and checked for what that cannot say.

A file is taken only as XML without a document type, so no entity is defined or fetched, and nothing is
loaded from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import NoReturn, cast

from lxml import etree

from roobridge.errors import SettingsError
from roobridge.grammar.family import (
    Family,
    Grammar,
    Limit,
    Named,
    ParamRule,
    Range,
    Reader,
    ToolRule,
)
from roobridge.grammar.model import Completion, Field, Kind, Nested, Param, Version

__all__ = ["Family", "Grammar", "load_grammar"]

_SCHEMA = "tool-grammar.rng"
# As the tools of a prompt know them; a request's own schemas say more.
_TYPES = {
    Kind.TEXT: frozenset({"string"}),
    Kind.LINE: frozenset({"string"}),
    Kind.VERBATIM: frozenset({"string"}),
    Kind.JSON: frozenset({"object", "array"}),
    Kind.XML: frozenset({"array"}),
    Kind.NUMBER: frozenset({"number"}),
    Kind.BOOLEAN: frozenset({"boolean"}),
}


def load_grammar(folder: Path | None = None) -> Grammar:
    """The families of all `*.xml` files of a folder, which holds `tool-grammar.rng` too.

    folder: None for the one that the installed package carries, else the checkout's `grammar/`. Raises
    SettingsError naming the file, the line and the reason.
    """
    folder = folder or _own_folder()
    schema_file = folder / _SCHEMA
    schema = _schema(schema_file)
    roots: list[tuple[Path, etree._Element]] = []
    for file in sorted(folder.glob("*.xml")):
        root = _parse(file)
        if not schema.validate(root):
            error = schema.error_log[0]
            _refuse(file, error.line, f"{error.message}{_quoted(root, error.path)}")
        roots.append((file, root))
    families: dict[str, Family] = {}
    # Successors come last: what they go on from is a family with tools of its own.
    for file, root in sorted(roots, key=lambda entry: entry[1].tag == "successor"):
        family = _FamilyFile(file).family(root, families)
        if family.name in families:
            _refuse(file, _line(root), f"the family {family.name} has a file already")
        families[family.name] = family
    if not families:
        raise SettingsError(f"{folder} holds no grammar file (*.xml).", code="grammar")
    return Grammar(list(families.values()))


def _own_folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    carried = package / "data" / "grammar"
    return carried if carried.is_dir() else package.parent / "grammar"


def _schema(file: Path) -> etree.RelaxNG:
    root = _parse(file)
    try:
        return etree.RelaxNG(root)
    except etree.RelaxNGParseError as error:
        entries = list(error.error_log)
        _refuse(file, entries[0].line if entries else 1, str(error))


def _parse(file: Path) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(file.read_bytes(), parser)
    except OSError as error:
        raise SettingsError(f"The grammar file {file} cannot be read: {error}.", code="grammar") from error
    except etree.XMLSyntaxError as error:
        _refuse(file, error.lineno or 1, error.msg or "not well-formed XML")
    if root.getroottree().docinfo.internalDTD is not None:
        _refuse(file, 1, "a document type is not allowed")
    return root


def _quoted(root: etree._Element, path: str | None) -> str:
    """The opening tag at fault, since a schema's message names an element and no more."""
    found = root.getroottree().xpath(path) if path else None
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        return ""
    names = map(str, found[0].keys())
    attributes = "".join(f' {name}="{_text(found[0], name)}"' for name in names)
    return f" in <{found[0].tag}{attributes}>"


def _refuse(file: Path, line: int, reason: str) -> NoReturn:
    raise SettingsError(f"{file}, line {line}: {reason}", code="grammar")


class _FamilyFile:
    """Reads the elements of one valid file; keeps its name for what it refuses."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def family(self, root: etree._Element, families: Mapping[str, Family]) -> Family:
        """families: those read before, which this one may go on from."""
        name, base = _text(root, "name"), _text(root, "base")
        if base:
            if base not in families:
                self._refuse(_line(root), f"base={base} names no family that has tools of its own")
            return families[base].successor(name, _version(_text(root, "release")))
        elements = root.findall("tool")
        self._check_ranges(elements)
        rules = [self._tool(element) for element in elements]
        reader = root.find("reader")
        return Family(name, self._completion(root), None if reader is None else self._reader(reader), rules)

    def _completion(self, root: etree._Element) -> Completion | None:
        ending = [element for element in root.findall("tool") if "role" in element.attrib]
        if not ending and root.find("reader") is None:
            return None
        tools = {_text(element, "name") for element in ending}
        params = {_text(element, "result") for element in ending}
        if len(tools) != 1 or len(params) != 1:
            line = _line(ending[-1] if ending else root)
            self._refuse(line, "a family that reads XML has one tool with role=completion, and one result")
        for element in ending:
            self._check_param(element, _text(element, "result"), "result")
        return Completion(tools.pop(), params.pop())

    def _reader(self, element: etree._Element) -> Reader:
        for tag in ("limit", "tool", "param"):
            self._check_ranges(element.findall(tag))
        return Reader(
            range=self._range(element),
            tools=tuple(self._named(element.findall("tool"))),
            params=tuple(self._named(element.findall("param"))),
            limits=tuple(
                Limit(int(_text(entry, "units")), self._range(entry)) for entry in element.findall("limit")
            ),
        )

    def _named(self, elements: Iterable[etree._Element]) -> Iterator[Named]:
        return (Named(_text(element, "name"), self._range(element)) for element in elements)

    def _tool(self, element: etree._Element) -> ToolRule:
        params = element.findall("param")
        self._check_ranges(params)
        last_close = _text(element, "last-close")
        if last_close:
            self._check_param(element, last_close, "last-close")
        lifetime = self._range(element)
        return ToolRule(
            name=_text(element, "name"),
            range=lifetime,
            params=tuple(self._param(param, element, lifetime) for param in params),
            native="protocol" in element.attrib,
            last_close=last_close,
        )

    def _param(self, element: etree._Element, tool: etree._Element, lifetime: Range) -> ParamRule:
        span = self._range(element)
        if not span.meets(lifetime):
            self._refuse(_line(element), f"{_text(element, 'name')} is never there while its tool is")
        computed = _text(element, "computed")
        if computed and self._check_param(tool, computed, "computed") is not Kind.VERBATIM:
            self._refuse(_line(element), f"computed={computed} names no verbatim parameter")
        kind = Kind(_text(element, "kind"))
        param = Param(
            name=_text(element, "name"),
            kind=kind,
            required=_yes(element, "required"),
            types=_TYPES[kind],
            cut_safe=element.get("cut") == "safe",
            prose=_yes(element, "prose"),
            computed=computed,
            nested=_nested(element[0]) if kind is Kind.XML else None,
        )
        return ParamRule(param, span, native="protocol" in element.attrib)

    def _check_param(self, tool: etree._Element, name: str, attribute: str) -> Kind:
        """The kind of the tool's parameter of that name, which an attribute speaks of."""
        kinds = [_text(param, "kind") for param in tool.findall("param") if _text(param, "name") == name]
        if not kinds:
            self._refuse(_line(tool), f"{attribute}={name} names no parameter of {_text(tool, 'name')}")
        return Kind(kinds[0])

    def _check_ranges(self, elements: Sequence[etree._Element]) -> None:
        for one, other in combinations(elements, 2):
            name = _text(other, "name")
            if _text(one, "name") == name and self._range(one).meets(self._range(other)):
                what = f"{other.tag} {name}".rstrip()
                self._refuse(
                    _line(other), f"{what} is in line {_line(one)} already, for some of the same releases"
                )

    def _range(self, element: etree._Element) -> Range:
        span = Range(
            **{
                bound: _version(_text(element, bound))
                for bound in ("since", "until")
                if bound in element.attrib
            }
        )
        if span.since > span.until:
            self._refuse(
                _line(element), f"since={element.get('since')} is after until={element.get('until')}"
            )
        return span

    def _refuse(self, line: int, reason: str) -> NoReturn:
        _refuse(self._file, line, reason)


def _nested(element: etree._Element) -> Nested:
    return Nested(
        item=_text(element, "item"),
        key=_text(element, "key"),
        fields=tuple(map(_field, element)),
        lone=_text(element, "lone"),
    )


def _field(element: etree._Element) -> Field:
    name = _text(element, "name")
    return Field(
        name=name,
        key=element.get("key", name),
        attribute=element.get("at") == "attribute",
        text=element.get("at") == "text",
        repeated=_yes(element, "repeated"),
        number=_yes(element, "number"),
        required=_yes(element, "required"),
        fields=tuple(map(_field, element)),
    )


def _text(element: etree._Element, attribute: str) -> str:
    """The attribute's value; empty where it is left out."""
    return element.get(attribute, "")


def _yes(element: etree._Element, attribute: str) -> bool:
    return element.get(attribute) == "yes"


def _version(text: str) -> Version:
    return tuple(int(part) for part in text.split("."))


def _line(element: etree._Element) -> int:
    return cast("int | None", element.sourceline) or 1
