"""Tools from the JSON schemas that real clients send."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import Tool
from roobridge.grammar.schema import toolset_from_tools

ROO = load_grammar().family("roo")


def nothing(_name: str) -> Tool | None:
    return None


@pytest.mark.shared
def test_the_schemas_of_the_native_release(shared: Path) -> None:
    schemas = msgspec.json.decode((shared / "reference" / "roo-native-tools.json").read_bytes())
    toolset = toolset_from_tools(schemas, ROO.describe, ROO.completion)
    assert toolset.completion == ROO.completion
    own = ROO.toolset((3, 52, 1)).tools
    for schema in schemas:
        tool, properties = toolset.tools[schema["name"]], schema["parameters"]["properties"]
        assert {param.name for param in tool.params.values() if param.offered} == properties.keys()
        assert tool.known
        assert set(tool.required) == set(own[tool.name].required), tool.name
        for name in properties:
            assert tool.params[name].kind is own[tool.name].params[name].kind, (tool.name, name)


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    ["roo_3.52.1_native_turn1", "cline_3.0.65_native_turn1", "qwen_code_0.24.4_native_turn1"],
)
def test_the_tools_of_recorded_requests(shared: Path, name: str) -> None:
    recorded = msgspec.json.decode((shared / "payloads" / "client_requests" / f"{name}.json").read_bytes())
    tools = recorded["body"]["tools"]
    toolset = toolset_from_tools(tools, nothing, None)
    assert list(toolset.tools) == [tool["function"]["name"] for tool in tools]
    for tool in tools:
        schema = tool["function"].get("parameters", {})
        read = toolset.tools[tool["function"]["name"]]
        assert list(read.params) == list(schema.get("properties", {}))
        assert set(read.required) == set(schema.get("required", []))
