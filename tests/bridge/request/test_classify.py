"""Which requests are whose, and what is planned for their replies."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.request.classify import classify, make_plan, parse_chat_request
from roobridge.errors import ClientError
from roobridge.grammar.load import Grammar, load_grammar
from roobridge.grammar.model import Toolset, Version

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "requests"
NATIVE_TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
    for name in ("read_file", "attempt_completion")
]


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """What a fixture says of its plan; tools: some that must be known."""

    kind: ClientKind
    client: str
    version: Version | None
    single_call: bool = False
    guard_text: bool = False
    tools: list[str] = []
    wrap: Wrap = Wrap.PREVIEW


class Fixture(msgspec.Struct, forbid_unknown_fields=True):
    headers: dict[str, str]
    body: dict[str, Any]
    expected: Expected


@cache
def grammar() -> Grammar:
    return load_grammar()


def plan_of(body: object, headers: dict[str, str] | None = None, **settings: Any) -> Plan:
    return classify(headers or {}, parse_chat_request(body), grammar(), **settings)


def ask(text: str = "Hello", **fields: object) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": text}], **fields}


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.json")), ids=lambda path: path.stem)
def test_fixtures(path: Path) -> None:
    fixture = msgspec.json.decode(path.read_bytes(), type=Fixture)
    plan, expected = plan_of(fixture.body, fixture.headers), fixture.expected
    assert (plan.kind, plan.client, plan.version) == (expected.kind, expected.client, expected.version)
    assert (plan.single_call, plan.guard_text) == (expected.single_call, expected.guard_text)
    assert plan.wrap is expected.wrap
    assert set(expected.tools) <= plan.toolset.tools.keys()
    assert plan.agent == (plan.toolset.completion is not None)


XML, NATIVE, OTHER, PLAIN = ClientKind


@pytest.mark.parametrize("kind", ClientKind)
def test_a_setting_names_the_kind_and_a_header_goes_before_it(kind: ClientKind) -> None:
    body = ask(tools=NATIVE_TOOLS)
    assert plan_of(body, kind=kind).kind is kind
    assert plan_of(body, {"x-roobridge-kind": kind.value.upper()}, kind=PLAIN).kind is kind


@pytest.mark.parametrize("wrap", Wrap)
def test_a_header_names_the_wrap_policy(wrap: Wrap) -> None:
    assert plan_of(ask(), wrap=wrap).wrap is wrap
    assert plan_of(ask(), {"x-roobridge-wrap": f" {wrap.value} "}, wrap=Wrap.HOLD).wrap is wrap


@pytest.mark.parametrize("header", ["x-roobridge-kind", "x-roobridge-wrap"])
def test_a_header_of_an_unknown_word_is_refused(header: str) -> None:
    with pytest.raises(ClientError, match="must be one of") as refused:
        plan_of(ask(), {header: "sideways"})
    assert refused.value.param == header


PROMPT = """\
Tool uses are formatted using XML-style tags.

# Tools

## write_to_file
- path: (required) Its path
- flavour: (required) One of three
<write_to_file>
<path>a</path>
<topping>b</topping>
</write_to_file>

## brew_tea
- leaves: (required) Which
- minutes: (optional) How long

# Tool Use Guidelines
"""


def test_the_prompt_adds_tools_and_parameters() -> None:
    bare = make_plan(XML, "roo", (3, 31, 3), None, Wrap.HOLD, None, grammar()).toolset
    toolset = plan_of(ask(PROMPT), {"user-agent": "RooCode/3.31.3"}).toolset
    assert toolset.tools.keys() == bare.tools.keys() | {"brew_tea"}
    tea = toolset.tools["brew_tea"]
    assert (tea.known, tea.required, list(tea.params)) == (False, ("leaves",), ["leaves", "minutes"])
    save = toolset.tools["write_to_file"]
    assert (save.known, save.last_close) == (True, "content")
    assert save.params.keys() == bare.tools["write_to_file"].params.keys() | {"flavour", "topping"}
    assert (save.params["flavour"].required, save.params["topping"].required) == (True, False)
    assert toolset.read_tools == bare.read_tools | {"brew_tea"}
    assert toolset.read_params == bare.read_params | {"flavour", "topping", "leaves", "minutes", "path"}
    assert toolset.tools["read_file"] is bare.tools["read_file"]


@pytest.mark.parametrize(
    ("kind", "client", "version", "tools", "parallel", "expected"),
    [
        (XML, "", None, None, None, (XML, "roo", None, True, False)),
        (XML, "roo", (3, 29, 3), None, True, (XML, "roo", (3, 29, 3), True, False)),
        (XML, "roo", (3, 52, 1), None, None, (XML, "roo", None, True, False)),
        (XML, "cline", (3, 82, 0), None, None, (XML, "cline", (3, 82, 0), True, False)),
        (NATIVE, "", None, NATIVE_TOOLS, None, (NATIVE, "", None, False, False)),
        (NATIVE, "", None, NATIVE_TOOLS, False, (NATIVE, "", None, True, False)),
        (NATIVE, "", None, NATIVE_TOOLS[:1], None, (OTHER, "", None, False, False)),
        (NATIVE, "roo", None, None, None, (NATIVE, "roo", None, False, False)),
        (NATIVE, "roo", (3, 41, 3), NATIVE_TOOLS, True, (NATIVE, "roo", (3, 41, 3), True, False)),
        (NATIVE, "roo", (3, 42, 0), NATIVE_TOOLS, True, (NATIVE, "roo", (3, 42, 0), False, True)),
        (NATIVE, "roo", (3, 47, 3), NATIVE_TOOLS, None, (NATIVE, "roo", (3, 47, 3), False, True)),
        (NATIVE, "roo", (3, 48, 0), NATIVE_TOOLS, None, (NATIVE, "roo", (3, 48, 0), False, False)),
        (NATIVE, "cline", (3, 44, 0), NATIVE_TOOLS, None, (NATIVE, "cline", (3, 44, 0), False, False)),
        (OTHER, "", None, NATIVE_TOOLS, None, (OTHER, "", None, False, False)),
        (OTHER, "", None, NATIVE_TOOLS, False, (OTHER, "", None, True, False)),
        (NATIVE, "zoo", (3, 82, 0), NATIVE_TOOLS, True, (NATIVE, "zoo", (3, 82, 0), False, False)),
        (NATIVE, "zoo", (3, 45, 0), NATIVE_TOOLS, None, (NATIVE, "zoo", (3, 45, 0), False, False)),
        (NATIVE, "zoo", None, None, False, (NATIVE, "zoo", None, True, False)),
        (XML, "zoo", (3, 82, 0), None, None, (XML, "zoo", (3, 82, 0), True, False)),
        (NATIVE, "kilo", (4, 84, 0), NATIVE_TOOLS, None, (NATIVE, "kilo", (4, 84, 0), False, False)),
        (XML, "kilo", (4, 84, 0), None, None, (XML, "kilo", (4, 84, 0), True, False)),
        (OTHER, "kilo", (7, 7, 9), NATIVE_TOOLS[:1], None, (OTHER, "kilo", (7, 7, 9), False, False)),
        (OTHER, "kilo", None, None, None, (OTHER, "kilo", None, False, False)),
        (OTHER, "qwen-code", (0, 24, 4), None, None, (OTHER, "qwen-code", (0, 24, 4), False, False)),
        (PLAIN, "roo", (3, 52, 1), NATIVE_TOOLS, False, (PLAIN, "roo", (3, 52, 1), False, False)),
    ],
)
def test_plans_of_a_known_kind(
    kind: ClientKind,
    client: str,
    version: Version | None,
    tools: Any,
    parallel: bool | None,
    expected: object,
) -> None:
    plan = make_plan(kind, client, version, tools, Wrap.HOLD, parallel, grammar())
    assert (plan.kind, plan.client, plan.version, plan.single_call, plan.guard_text) == expected
    assert plan.agent == (plan.toolset.completion is not None)
    assert bool(plan.toolset.tools) == (kind is not PLAIN)


def test_a_stranger_s_tool_of_a_known_name_is_not_the_grammar_s() -> None:
    tools = [{"function": {"name": "read_file", "parameters": {"properties": {"path": {"type": "string"}}}}}]
    strange = make_plan(NATIVE, "", None, tools, Wrap.HOLD, None, grammar())
    familiar = make_plan(NATIVE, "roo", None, tools, Wrap.HOLD, None, grammar())
    assert (strange.kind, familiar.kind) == (OTHER, OTHER)
    assert not strange.toolset.tools["read_file"].known
    assert familiar.toolset.tools["read_file"].known


def test_a_client_without_a_reader_or_a_completion_of_its_own_has_roo_s() -> None:
    def toolset(kind: ClientKind, client: str) -> Toolset:
        return make_plan(kind, client, (4, 84, 0), None, Wrap.HOLD, None, grammar()).toolset

    for client in ("zoo", "kilo", "qwen-code"):
        assert toolset(XML, client) == make_plan(XML, "roo", None, None, Wrap.HOLD, None, grammar()).toolset
    native = make_plan(NATIVE, "roo", None, None, Wrap.HOLD, None, grammar()).toolset
    assert toolset(NATIVE, "zoo") == toolset(NATIVE, "kilo") == native
    assert toolset(OTHER, "kilo").tools.keys() >= {"bash", "read", "write", "edit"}


def test_native_tools_of_the_client_own_stand_for_missing_ones() -> None:
    plan = make_plan(NATIVE, "roo", None, None, Wrap.HOLD, None, grammar())
    assert {"read_file", "write_to_file", "attempt_completion", "apply_patch"} <= plan.toolset.tools.keys()


def test_a_tool_of_another_release_is_what_the_grammar_knows_of_it() -> None:
    prompt = PROMPT.replace("brew_tea", "search_and_replace").replace("leaves", "search")
    toolset = plan_of(ask(prompt), {"user-agent": "RooCode/3.31.3"}).toolset
    tool = toolset.tools["search_and_replace"]
    assert tool.known
    assert list(tool.params) == ["search", "minutes"]


def test_the_declared_parameters_count_and_not_the_grammar() -> None:
    tools = [
        NATIVE_TOOLS[1],
        {"function": {"name": "steep", "parameters": {"properties": {"tea": {"type": "string"}}}}},
    ]
    plan = plan_of(ask(tools=tools), {"user-agent": "RooCode/3.52.1"})
    assert list(plan.toolset.tools) == ["attempt_completion", "steep"]
    assert list(plan.toolset.tools["steep"].params) == ["tea"]


_ROLES = st.sampled_from(["system", "user", "assistant", "developer", "tool"])
_TEXTS = st.sampled_from(
    [
        "",
        "Hello",
        PROMPT,
        "# Tools\n## x",
        "Tool use is formatted using XML-style tags",
        "<environment_details>\n<slug>code</slug>\n</environment_details>",
    ]
)
_HEADERS = st.dictionaries(
    st.sampled_from(["user-agent", "x-title"]),
    st.sampled_from(["RooCode/3.31.3", "RooCode/3.52.1", "Cline/3.82.0", "Roo Code", "x"]),
)
_BODIES = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries({"role": _ROLES, "content": _TEXTS}), min_size=1, max_size=3
        )
    },
    optional={
        "tools": st.sampled_from([[], NATIVE_TOOLS, NATIVE_TOOLS[:1]]),
        "tool_choice": st.sampled_from(["none", "auto", "required"]),
        "parallel_tool_calls": st.booleans(),
    },
)


@given(_BODIES, _HEADERS)
def test_every_request_has_a_plan_by_the_table(body: dict[str, Any], headers: dict[str, str]) -> None:
    plan = plan_of(body, headers)
    tools = body.get("tools") or []
    called = tools and body.get("tool_choice") != "none"
    if plan.kind in (NATIVE, OTHER):
        assert called
        assert (plan.kind is NATIVE) == (len(tools) == 2)
    elif plan.kind is XML:
        assert not tools
        assert plan.single_call
    else:
        assert not called
        assert plan.toolset.tools == {}
    assert not plan.guard_text
