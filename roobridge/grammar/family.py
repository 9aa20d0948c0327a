"""What the releases of one client know: a family's rules, and the toolset of any of its versions.

Rules are what a grammar file says, each with the range of releases it holds for. A family answers two
questions: what a given release reads and offers (`toolset`), and what is known of a tool at all, whatever
the release (`describe`), for clients that send JSON schemas. No XML and no I/O here.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Completion, Param, Tool, Toolset, Version

_NEWEST: Version = (1 << 30,)


class Range(msgspec.Struct, frozen=True):
    """Releases from `since` to `until`, both inclusive; an open bound is lower or higher than any version."""

    since: Version = ()
    until: Version = _NEWEST

    def holds(self, version: Version) -> bool:
        return self.since <= version <= self.until

    def meets(self, other: Range) -> bool:
        """Some release lies in both."""
        return max(self.since, other.since) <= min(self.until, other.until)


class Named(msgspec.Struct, frozen=True):
    """A tag that a reader opens in some releases."""

    name: str
    range: Range


class Limit(msgspec.Struct, frozen=True):
    """UTF-16 units that one value may hold in some releases."""

    units: int
    range: Range


class Reader(msgspec.Struct, frozen=True):
    """The client's own XML reader. range: the releases that have one.

    tools: names it opens beside those of the family's tools. params: every parameter it opens, in any tool.
    """

    range: Range
    tools: tuple[Named, ...] = ()
    params: tuple[Named, ...] = ()
    limits: tuple[Limit, ...] = ()


class ParamRule(msgspec.Struct, frozen=True):
    """A parameter in some releases. native: never in a prompt, only in a request's `tools`."""

    param: Param
    range: Range
    native: bool = False


class ToolRule(msgspec.Struct, frozen=True):
    """A tool in some releases. native, last_close: as in ParamRule and Tool."""

    name: str
    range: Range
    params: tuple[ParamRule, ...] = ()
    native: bool = False
    last_close: str = ""


class Family:
    """One client family. name: "roo", "cline". completion: the tool that ends a task, None where a reply
    without a call does. reader: None where no release reads XML. release: the one that every version is taken
    for, None where the rules speak of this family's own releases.

    Immutable but for what it remembers: one toolset per stretch of releases between two changes, however
    many versions are asked for.
    """

    def __init__(
        self,
        name: str,
        completion: Completion | None,
        reader: Reader | None,
        rules: Sequence[ToolRule],
        release: Version | None = None,
    ) -> None:
        self.name = name
        self.completion = completion
        self._reader = reader
        self._rules = tuple(rules)
        self._release = release
        ranges = list(_ranges(reader, rules))
        self._sinces = sorted({span.since for span in ranges})
        self._untils = sorted({span.until for span in ranges})
        self._toolsets: dict[tuple[int, int], Toolset] = {}
        self._described = _described(rules)

    @property
    def reads_xml(self) -> bool:
        """Some release reads calls in XML."""
        return self._reader is not None

    def successor(self, name: str, release: Version) -> Family:
        """The family that went on from a release of this one, with native calls alone."""
        return Family(name, self.completion, None, self._rules, release)

    def toolset(self, version: Version | None) -> Toolset:
        """What a client of this version understands; None for the newest release that reads XML.

        Versions count to their third part: (3, 36) is 3.36.0. One before the oldest rule is read as the
        oldest release, one after the newest as the newest. A release that still reads XML is given what its
        prompts offer; a later one all it declares as native tools, and nothing that it reads.
        """
        if self._release is not None:
            release = self._release
        elif version is None:
            release = self._reader.range.until if self._reader else _NEWEST
        else:
            release = min((*version, 0, 0)[:3], _NEWEST)
        stretch = bisect_right(self._sinces, release), bisect_left(self._untils, release)
        toolset = self._toolsets.get(stretch)
        if toolset is None:
            toolset = self._toolsets[stretch] = self._toolset(release)
        return toolset

    def describe(self, tool_name: str) -> Tool | None:
        """All that is known of a tool over all releases, or None; a parameter's newest rule counts."""
        return self._described.get(tool_name)

    def _toolset(self, release: Version) -> Toolset:
        reader = self._reader if self._reader and self._reader.range.holds(release) else None
        here = [rule for rule in self._rules if rule.range.holds(release)]
        tools = {
            rule.name: _tool(rule, release, reader is not None, self._described[rule.name])
            for rule in here
            if not (reader and rule.native)
        }
        completion = self.completion if self.completion and self.completion.tool in tools else None
        if reader is None:
            return Toolset(MappingProxyType(tools), completion)
        return Toolset(
            tools=MappingProxyType(tools),
            completion=completion,
            read_tools=_names(reader.tools, release) | {rule.name for rule in here},
            read_params=_names(reader.params, release),
            value_limit=next((limit.units for limit in reader.limits if limit.range.holds(release)), 0),
        )


class Grammar:
    """The client families that the grammar files describe."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families: Mapping[str, Family] = MappingProxyType({family.name: family for family in families})

    def family(self, name: str) -> Family:
        """The family of that name. Raises KeyError where no grammar file describes it."""
        return self.families[name]


def _tool(rule: ToolRule, release: Version, reads: bool, described: Tool) -> Tool:
    params = {
        entry.param.name: entry.param
        for entry in rule.params
        if entry.range.holds(release) and not (reads and entry.native)
    }
    last_close = rule.last_close if reads and rule.last_close in params else ""
    params = {**params, **of_other_releases(described, params)}
    return Tool(rule.name, MappingProxyType(params), known=True, last_close=last_close)


def of_other_releases(described: Tool, params: Mapping[str, Param]) -> dict[str, Param]:
    """The parameters of a tool that are not among these: recognised, but not the client's."""
    return {
        name: msgspec.structs.replace(param, required=False, offered=False, computed="")
        for name, param in described.params.items()
        if name not in params
    }


def _described(rules: Sequence[ToolRule]) -> dict[str, Tool]:
    newest: dict[str, dict[str, ParamRule]] = {}
    for rule in sorted(rules, key=lambda rule: rule.range.since):
        params = newest.setdefault(rule.name, {})
        for entry in sorted(rule.params, key=lambda entry: entry.range.since):
            params[entry.param.name] = entry
    return {
        name: Tool(name, MappingProxyType({key: entry.param for key, entry in params.items()}), known=True)
        for name, params in newest.items()
    }


def _names(entries: Sequence[Named], release: Version) -> frozenset[str]:
    return frozenset(entry.name for entry in entries if entry.range.holds(release))


def _ranges(reader: Reader | None, rules: Sequence[ToolRule]) -> Iterator[Range]:
    if reader is not None:
        yield reader.range
        yield from (entry.range for entry in (*reader.tools, *reader.params))
        yield from (limit.range for limit in reader.limits)
    for rule in rules:
        yield rule.range
        yield from (entry.range for entry in rule.params)
