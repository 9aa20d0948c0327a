"""What kind of request this is, who asks, and which tools it knows: the plan for its reply.

Decided once, from headers and body alone, by this table (README.md beside the rooms of the bridge):

    tools, among them the client's completion tool           NATIVE_AGENT
    tools without it                                         NATIVE_OTHER
    no tools, and a prompt that teaches XML tool tags        XML_AGENT
    no tools, Roo's headers and its environment_details      XML_AGENT (a prompt override file)
    everything else, and Roo's requests for a summary        PLAIN

`tools` with `tool_choice: "none"` count as none, and rule out an XML agent. A setting, and before it a
request header, may name the kind instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.request.chat import ChatRequest, function_names, parse_chat_request, text_of
from roobridge.bridge.request.prompt_tools import OfferedTool, offered_tools
from roobridge.bridge.request.sender import Sender, sender_by_prompt, sender_of
from roobridge.errors import ClientError
from roobridge.grammar.load import Family, Grammar
from roobridge.grammar.model import Param, Tool, Toolset, Version
from roobridge.grammar.schema import toolset_from_tools

__all__ = ["ChatRequest", "classify", "make_plan", "parse_chat_request"]

KIND_HEADER = "x-roobridge-kind"
WRAP_HEADER = "x-roobridge-wrap"

# Each family's own sentence, in every release that has XML tools (Roo 3.0 to 3.41, Cline 2).
_XML_MARKERS = {
    "roo": "Tool uses are formatted using XML-style tags",
    "cline": "Tool use is formatted using XML-style tags",
}
# How Roo's requests to condense a conversation begin: up to 3.36, and later. The later ones carry `tools`.
_SUMMARY_MARKERS = (
    "Your task is to create a detailed summary of the conversation",
    "You are a helpful AI assistant tasked with summarizing conversations",
)

_ROO_WITHOUT_XML: Version = (3, 42)
_ROO_TAKES_TAGS_IN_TEXT: Version = (3, 48)
_NEWEST: Version = (1 << 20,)  # later than any release

_Word = TypeVar("_Word", bound=Enum)


def classify(
    headers: Mapping[str, str],
    request: ChatRequest,
    grammar: Grammar,
    *,
    kind: ClientKind | None = None,
    wrap: Wrap = Wrap.PREVIEW,
) -> Plan:
    """The plan for one request's reply.

    headers: with lower-case names. kind: the operator's setting, None where the request decides. wrap: the
    operator's policy. Raises ClientError where a header names an unknown kind or policy.
    """
    kind = _header_word(headers, KIND_HEADER, ClientKind) or kind
    wrap = _header_word(headers, WRAP_HEADER, Wrap) or wrap
    named = sender_of(headers)
    prompt = request.first_text
    sender = named if named.client else sender_by_prompt(prompt)
    marked = next((family for family, marker in _XML_MARKERS.items() if marker in prompt), "")
    kind = kind or _kind(request, prompt, marked, named, _ending(grammar, sender.client))
    if kind is ClientKind.XML_AGENT and marked and marked != _reading(grammar, sender.client).name:
        # The prompt says whose tools they are; another product's version says nothing.
        sender = Sender(marked)
    plan = make_plan(
        kind,
        sender.client,
        sender.version,
        request.callable_tools or None,
        wrap,
        request.parallel_tool_calls,
        grammar,
    )
    if plan.kind is not ClientKind.XML_AGENT:
        return plan
    toolset = _with_offered(plan.toolset, offered_tools(prompt), _reading(grammar, plan.client))
    return msgspec.structs.replace(plan, toolset=toolset)


def make_plan(
    kind: ClientKind,
    client: str,
    version: Version | None,
    tools: Sequence[Mapping[str, Any]] | None,
    wrap: Wrap,
    parallel_tool_calls: bool | None,
    grammar: Grammar,
) -> Plan:
    """The plan for a reply of a known kind.

    client: a name as in Sender. version: None for the newest rules of the kind. tools: an OpenAI `tools`
    array for the native kinds; None stands for the tools of the client's own (Roo's where it is unknown).
    A native agent whose tools lack the completion tool is NATIVE_OTHER.
    """
    if kind is ClientKind.PLAIN:
        return Plan(kind, Toolset(), wrap, client, version)
    if kind is ClientKind.XML_AGENT:
        return _xml_plan(_reading(grammar, client), client, version, wrap)
    agent = kind is ClientKind.NATIVE_AGENT
    family = _ending(grammar, client) if agent else grammar.families.get(client)
    describe = family.describe if family else _no_description
    completion = family.completion if agent and family else None
    if tools is None:
        own = (family or grammar.family("roo")).toolset(_NEWEST)
        toolset = msgspec.structs.replace(own, completion=completion)
    else:
        toolset = toolset_from_tools(tools, describe, completion)
    if agent and toolset.completion is None:
        return make_plan(ClientKind.NATIVE_OTHER, client, version, tools, wrap, parallel_tool_calls, grammar)
    roo = version if client == "roo" and version else None
    return Plan(
        kind,
        toolset,
        wrap,
        client,
        version,
        single_call=parallel_tool_calls is False or (roo is not None and roo < _ROO_WITHOUT_XML),
        guard_text=agent and roo is not None and _ROO_WITHOUT_XML <= roo < _ROO_TAKES_TAGS_IN_TEXT,
    )


def _xml_plan(family: Family, client: str, version: Version | None, wrap: Wrap) -> Plan:
    """family: the one that reads as the client does; a version of another's says nothing of its releases."""
    if client in ("", family.name):
        if family.name == "roo" and version and version >= _ROO_WITHOUT_XML:
            version = None
        return Plan(
            ClientKind.XML_AGENT, family.toolset(version), wrap, family.name, version, single_call=True
        )
    return Plan(ClientKind.XML_AGENT, family.toolset(None), wrap, client, version, single_call=True)


def _reading(grammar: Grammar, client: str) -> Family:
    """The family whose reader of XML the client has: Roo's, where it is not known to have its own."""
    family = grammar.families.get(client)
    return family if family and family.reads_xml else grammar.family("roo")


def _ending(grammar: Grammar, client: str) -> Family:
    """The family whose tool ends the client's tasks: Roo's, where it is not known to have its own."""
    family = grammar.families.get(client)
    return family if family and family.completion else grammar.family("roo")


def _kind(request: ChatRequest, prompt: str, marked: str, named: Sender, ending: Family) -> ClientKind:
    """named: by the request's headers."""
    if prompt.lstrip().startswith(_SUMMARY_MARKERS):
        return ClientKind.PLAIN
    if request.tools:
        if request.tool_choice == "none":
            return ClientKind.PLAIN
        ends = ending.completion and ending.completion.tool in function_names(request.tools)
        return ClientKind.NATIVE_AGENT if ends else ClientKind.NATIVE_OTHER
    if marked or (_is_roo_of_xml_days(named) and _ends_with_environment(request)):
        return ClientKind.XML_AGENT
    return ClientKind.PLAIN


def _is_roo_of_xml_days(sender: Sender) -> bool:
    return sender.client == "roo" and (sender.version is None or sender.version < _ROO_WITHOUT_XML)


def _ends_with_environment(request: ChatRequest) -> bool:
    """Whether the last turn is an agent's; a request for a summary ends with its own instruction instead."""
    text = text_of(request.messages[-1]).rstrip()
    start = text.rfind("<environment_details>")
    return start >= 0 and text.endswith("</environment_details>") and "<slug>" in text[start:]


def _header_word(headers: Mapping[str, str], name: str, words: type[_Word]) -> _Word | None:
    value = headers.get(name, "").strip().lower()
    if not value:
        return None
    try:
        return words(value)
    except ValueError:
        allowed = ", ".join(str(word.value) for word in words)
        raise ClientError(f"The header {name} must be one of {allowed}.", param=name) from None


def _no_description(_: str) -> Tool | None:
    """What a grammar file says of a stranger's tool, though one of its own has the same name."""
    return None


def _with_offered(toolset: Toolset, offered: Sequence[OfferedTool], family: Family) -> Toolset:
    """The client's tools of its version, joined with what its prompt offers beyond them."""
    tools = dict(toolset.tools)
    for tool in offered:
        tools[tool.name] = _joined(tools.get(tool.name) or Tool(tool.name, {}), tool, family)
    params = {name for tool in offered for name, _ in tool.params}
    return msgspec.structs.replace(
        toolset,
        tools=MappingProxyType(tools),
        read_tools=toolset.read_tools | {tool.name for tool in offered},
        read_params=toolset.read_params | params,
    )


def _joined(tool: Tool, offered: OfferedTool, family: Family) -> Tool:
    own = {name for name, param in tool.params.items() if param.offered}
    added = [entry for entry in offered.params if entry[0] not in own]
    if not added and tool.known:
        return tool
    described = family.describe(tool.name) or tool
    params = dict(tool.params)
    for name, required in added:
        known = described.params.get(name) or Param(name)
        params[name] = msgspec.structs.replace(known, required=required)
    return msgspec.structs.replace(tool if tool.known else described, params=MappingProxyType(params))
