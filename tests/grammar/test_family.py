"""What each release of each family knows, against the releases' own lists and against the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.grammar.family import Range
from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import Completion, Tool, Version

GRAMMAR = load_grammar()
ROO, CLINE = GRAMMAR.family("roo"), GRAMMAR.family("cline")
FOLDER = Path(__file__).resolve().parents[2] / "grammar"

RELEASES = ["v3.3.26", "v3.28.18", "v3.29.3", "v3.31.0", "v3.31.3", "v3.36.16", "v3.41.3", "v3.52.1"]
XML_RELEASES = RELEASES[:-1]
# Read by these releases although their prompts no longer describe it.
UNDESCRIBED = {("attempt_completion", "command")}
# In the lists of 3.52.1 without a schema of its own.
SCHEMALESS = {"use_mcp_tool", "search_and_replace"}


def release(tag: str) -> Version:
    return tuple(map(int, tag.removeprefix("v").split(".")))


def offered(tool: Tool) -> set[str]:
    """The parameters that the release declares, without those it is only forgiven."""
    return {param.name for param in tool.params.values() if param.offered}


@pytest.fixture(scope="module")
def lists(shared: Path) -> dict[str, Any]:
    """Names, ranges and parameters as read in the client's own releases."""
    found: dict[str, Any] = msgspec.json.decode((shared / "reference" / "roo-tools.json").read_bytes())
    assert list(found["versions"]) == RELEASES
    return found


@pytest.mark.shared
@pytest.mark.parametrize("tag", XML_RELEASES)
def test_every_described_tool_and_parameter(lists: dict[str, Any], tag: str) -> None:
    toolset = ROO.toolset(release(tag))
    described = lists["versions"][tag]["tools"]
    assert toolset.tools.keys() == described.keys()
    for name, expected in described.items():
        tool = toolset.tools[name]
        undescribed = {param for owner, param in UNDESCRIBED if owner == name}
        assert offered(tool) - undescribed == set(expected["params"]) - undescribed, name
        assert set(tool.required) == set(expected["required"]), name


@pytest.mark.shared
def test_every_tool_and_parameter_of_the_native_release(lists: dict[str, Any]) -> None:
    toolset = ROO.toolset((3, 52, 1))
    described = lists["versions"]["v3.52.1"]["tools"]
    assert toolset.tools.keys() - SCHEMALESS == described.keys()
    for name, expected in described.items():
        assert offered(toolset.tools[name]) == set(expected["params"]), name
        assert set(toolset.tools[name].required) <= set(expected["required"]), name
        known = ROO.describe(name)
        assert known is not None
        assert known.params.keys() >= set(expected["params"]), name
    assert (toolset.read_tools, toolset.read_params, toolset.value_limit) == (frozenset(), frozenset(), 0)


@pytest.mark.shared
@pytest.mark.parametrize("tag", XML_RELEASES)
def test_every_name_the_reader_opens(lists: dict[str, Any], tag: str) -> None:
    toolset, expected = ROO.toolset(release(tag)), lists["versions"][tag]
    assert toolset.read_tools == set(expected["toolNames_recognised_by_parser"])
    assert toolset.read_params == set(expected["toolParamNames_recognised_by_parser"])


def held(ranges: dict[str, list[list[str]]], version: Version) -> set[str]:
    return {
        name
        for name, spans in ranges.items()
        if any(release(first) <= version <= release(last) for first, last in spans)
    }


def edges(ranges: dict[str, list[list[str]]]) -> Iterator[Version]:
    """Every first and last release of a range, and the numbers next to them, while there was a reader."""
    for spans in ranges.values():
        for major, minor, patch in (release(tag) for span in spans for tag in span):
            near = [(major, minor, max(patch - 1, 0)), (major, minor, patch), (major, minor, patch + 1)]
            yield from (version for version in near if (3, 0, 1) <= version <= (3, 41, 3))


@pytest.mark.shared
def test_every_edge_of_every_range(lists: dict[str, Any]) -> None:
    tools, params = lists["toolName_ranges"], lists["paramName_ranges"]
    for version in {*edges(tools), *edges(params)}:
        toolset = ROO.toolset(version)
        assert toolset.read_tools == held(tools, version), version
        assert toolset.read_params == held(params, version), version


@given(st.tuples(st.just(3), st.integers(0, 41), st.integers(0, 20)).filter(lambda v: v <= (3, 41, 3)))
def test_what_a_prompt_may_offer_is_read(version: Version) -> None:
    toolset = ROO.toolset(version)
    assert toolset.tools.keys() <= toolset.read_tools
    for tool in toolset.tools.values():
        assert offered(tool) <= toolset.read_params, tool.name


def tools_in_file(file: str, version: Version, *, reads: bool) -> set[str]:
    """The names that a file gives a release, by another reader of the same file."""
    found = set()
    for element in ElementTree.parse(FOLDER / file).getroot().iter("tool"):  # noqa: S314
        since = release(element.get("since", "0.0.0"))
        until = release(element.get("until", "9999.0.0"))
        declared = "kind" in element.attrib or len(element) or element.get("name") == "load_mcp_documentation"
        if since <= version <= until and declared and not (reads and "protocol" in element.attrib):
            found.add(element.get("name", ""))
    return found


@given(st.tuples(st.integers(0, 5), st.integers(0, 60), st.integers(0, 30)))
def test_any_version_gets_the_tools_of_its_release(version: Version) -> None:
    clamped = min(max(version, (3, 0, 1)), (3, 99, 0))
    expected = tools_in_file("roo.xml", clamped, reads=clamped <= (3, 41, 3))
    assert ROO.toolset(version).tools.keys() == expected
    assert CLINE.toolset(version).tools.keys() == tools_in_file("cline.xml", version, reads=True)


@given(st.lists(st.integers(0, 1 << 40), max_size=5))
def test_any_numbers_are_a_version(numbers: list[int]) -> None:
    for family in GRAMMAR.families.values():
        toolset = family.toolset(tuple(numbers))
        assert toolset.completion == family.completion
        if family.completion:
            assert family.completion.param in toolset.tools[family.completion.tool].params


def test_no_version_stands_for_the_newest_that_reads_xml() -> None:
    assert ROO.toolset(None) is ROO.toolset((3, 41, 3))
    assert CLINE.toolset(None).tools.keys() == CLINE.toolset((3, 82, 0)).tools.keys()
    assert "apply_patch" not in ROO.toolset(None).tools
    assert "apply_patch" in ROO.toolset(None).read_tools


def test_versions_outside_of_the_known_ones() -> None:
    assert ROO.toolset((2, 9)) is ROO.toolset((3, 0, 1))
    assert ROO.toolset((3, 53)) is ROO.toolset((3, 52, 1))
    assert ROO.toolset((3, 29)) is ROO.toolset((3, 29, 0))
    assert ROO.toolset((3, 29, 3, 7)) is ROO.toolset((3, 29, 3))
    assert "search_and_replace" not in ROO.toolset((3, 29, 4)).tools


def test_many_versions_share_few_toolsets() -> None:
    versions = [(3, minor, patch) for minor in range(100) for patch in range(100)]
    assert len({id(ROO.toolset(version)) for version in versions}) < 80


def test_what_a_version_requires() -> None:
    def required(version: Version, tool: str) -> tuple[str, ...]:
        return ROO.toolset(version).tools[tool].required

    assert required((3, 35, 3), "write_to_file") == ("path", "content", "line_count")
    assert required((3, 35, 4), "write_to_file") == ("path", "content")
    assert required((3, 19, 0), "read_file") == ("path",)
    assert required((3, 19, 1), "read_file") == ("args",)
    assert required((3, 44, 0), "read_file") == ("files",)
    assert required((3, 46, 0), "read_file") == ("path",)
    assert ROO.toolset((3, 35, 3)).tools["write_to_file"].params["line_count"].computed == "content"


def test_parameters_of_other_releases_are_recognised_only() -> None:
    for family in GRAMMAR.families.values():
        for version in map(release, RELEASES):
            for tool in family.toolset(version).tools.values():
                described = family.describe(tool.name)
                assert described is not None
                assert tool.params.keys() == described.params.keys()
                others = [param for param in tool.params.values() if not param.offered]
                assert not any(param.required or param.computed for param in others)
    assert offered(ROO.toolset(None).tools["write_to_file"]) == {"path", "content"}
    assert not ROO.toolset(None).tools["write_to_file"].params["line_count"].offered


def test_reader_facts() -> None:
    assert ROO.toolset((3, 25, 6)).value_limit == 0
    assert ROO.toolset((3, 25, 7)).value_limit == 102_400
    assert CLINE.toolset(None).value_limit == 0
    for family in (ROO, CLINE):
        tools = family.toolset(None).tools.values()
        assert {tool.name: tool.last_close for tool in tools if tool.last_close} == {
            "write_to_file": "content"
        }
        assert all(tool.known for tool in tools)


def test_a_description_joins_all_releases() -> None:
    read_file, writing = ROO.describe("read_file"), ROO.describe("write_to_file")
    assert read_file is not None
    assert read_file.params.keys() >= {"args", "files", "path", "start_line", "mode", "indentation"}
    assert read_file.params["path"].required
    assert writing is not None
    assert writing.params["line_count"].required
    replacing = ROO.describe("search_and_replace")
    assert replacing is not None
    assert replacing.params.keys() >= {"path", "operations", "search", "replace", "use_regex"}
    assert ROO.describe("custom_tool") is None
    assert ROO.describe("replace_in_file") is None


def test_completions() -> None:
    ending = {name for name, family in GRAMMAR.families.items() if family.completion}
    assert ending == {"roo", "cline", "zoo"}
    for name in ending:
        assert GRAMMAR.family(name).completion == Completion("attempt_completion", "result")
    assert {name for name, family in GRAMMAR.families.items() if family.reads_xml} == {"roo", "cline"}


@given(st.none() | st.tuples(st.integers(0, 9), st.integers(0, 99), st.integers(0, 99)))
def test_zoo_s_tools_are_those_of_roo_3_52(version: Version | None) -> None:
    zoo = GRAMMAR.family("zoo")
    assert zoo.toolset(version) == ROO.toolset((3, 52, 1))
    for name in ("read_file", "ask_followup_question", "apply_patch", "fetch_web_content"):
        assert zoo.describe(name) == ROO.describe(name)


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Range(), Range(), True),
        (Range(until=(1, 0, 0)), Range(since=(1, 0, 0)), True),
        (Range(until=(1, 0, 0)), Range(since=(1, 0, 1)), False),
        (Range((1, 0, 0), (3, 0, 0)), Range((2, 0, 0), (2, 5, 0)), True),
    ],
)
def test_ranges_meet(one: Range, other: Range, meet: bool) -> None:
    assert one.meets(other) is other.meets(one) is meet
