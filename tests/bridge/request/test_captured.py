"""Requests of real clients, as they were captured: whose they are, and what is planned for their replies."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.request.classify import classify, parse_chat_request
from roobridge.grammar.load import load_grammar
from roobridge.grammar.model import Version

GRAMMAR = load_grammar()
XML, NATIVE, OTHER, _ = ClientKind
CAPTURED: dict[str, tuple[ClientKind, str, Version | None, bool, int]] = {
    "roo_3.28.18_xml_turn1": (XML, "roo", (3, 28, 18), True, 15),
    "roo_3.31.3_xml_turn1": (XML, "roo", (3, 31, 3), True, 14),
    "roo_3.31.3_xml_turn2": (XML, "roo", (3, 31, 3), True, 14),
    "roo_3.31.3_xml_turn7": (XML, "roo", (3, 31, 3), True, 14),
    "roo_3.31.3_xml_nostream_turn1": (XML, "roo", (3, 31, 3), True, 14),
    "roo_3.31.3_xml_r1_format_turn1": (XML, "roo", (3, 31, 3), True, 14),
    "roo_3.36.16_xml_turn1": (XML, "roo", (3, 36, 16), True, 12),
    "roo_3.52.1_native_turn1": (NATIVE, "roo", (3, 52, 1), False, 0),
    "roo_3.52.1_native_turn3": (NATIVE, "roo", (3, 52, 1), False, 0),
    "roo_3.52.1_native_turn6": (NATIVE, "roo", (3, 52, 1), False, 0),
    "cline_2.18.0_xml_turn1": (XML, "cline", (3, 82, 0), True, 12),
    "cline_2.18.0_xml_turn5": (XML, "cline", (3, 82, 0), True, 12),
    "cline_3.0.65_native_turn1": (OTHER, "cline", None, False, 0),
    "qwen_code_0.24.4_native_turn1": (OTHER, "qwen-code", (0, 24, 4), False, 0),
    "qwen_code_0.24.4_native_turn3": (OTHER, "qwen-code", (0, 24, 4), False, 0),
}


def plan_of(body: object, headers: dict[str, str] | None = None) -> Plan:
    return classify(headers or {}, parse_chat_request(body), GRAMMAR)


@pytest.mark.shared
def test_every_captured_request_is_expected(shared: Path) -> None:
    folder = shared / "payloads" / "client_requests"
    assert {path.stem for path in folder.glob("*.json")} == CAPTURED.keys()


@pytest.mark.shared
@pytest.mark.parametrize("name", CAPTURED)
def test_captured_requests(shared: Path, name: str) -> None:
    captured = msgspec.json.decode((shared / "payloads" / "client_requests" / f"{name}.json").read_bytes())
    headers = {key.lower(): value for key, value in captured["headers"]}
    kind, client, version, single_call, headings = CAPTURED[name]
    plan = plan_of(captured["body"], headers)
    assert (plan.kind, plan.client, plan.version) == (kind, client, version)
    assert (plan.single_call, plan.guard_text) == (single_call, False)
    if "tools" in captured["body"]:
        declared = [tool["function"]["name"] for tool in captured["body"]["tools"]]
        assert list(plan.toolset.tools) == declared
    else:
        prompt = parse_chat_request(captured["body"]).first_text
        offered = [tool for tool in plan.toolset.tools if f"\n## {tool}\n" in prompt]
        assert len(offered) == headings


@pytest.mark.shared
@pytest.mark.parametrize("name", ["roo_request_initial", "roo_request_conversation"])
def test_requests_recorded_without_headers(shared: Path, name: str) -> None:
    plan = plan_of(msgspec.json.decode((shared / "payloads" / f"{name}.json").read_bytes()))
    assert (plan.kind, plan.client, plan.version, plan.single_call) == (XML, "roo", None, True)
    save = plan.toolset.tools["write_to_file"].params
    assert save["line_count"].required
    assert save["line_count"].computed == "content"
    assert "search_and_replace" in plan.toolset.tools
