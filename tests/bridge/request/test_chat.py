"""What of a request body is checked, and how a fault is named."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.request.chat import function_names, parse_chat_request, text_of
from roobridge.errors import ClientError

USER = {"role": "user", "content": "Hello"}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def body(**fields: object) -> dict[str, Any]:
    return {"model": "qwen3-max", "messages": [USER], **fields}


def message(**fields: object) -> dict[str, Any]:
    return body(messages=[USER, {"role": "user", "content": "x", **fields}])


def call(**fields: object) -> dict[str, Any]:
    calls = [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}, **fields}]
    return message(role="assistant", tool_calls=calls)


FAULTS: list[tuple[object, str | None]] = [
    ([], None),
    ("text", None),
    (None, None),
    ({}, "messages"),
    (body(messages=None), "messages"),
    (body(messages={}), "messages"),
    (body(messages=[]), "messages"),
    (body(messages=["x"]), "messages[0]"),
    (body(messages=[{"content": "x"}]), "messages[0].role"),
    (message(role=7), "messages[1].role"),
    (message(role="robot"), "messages[1].role"),
    (message(content=None), "messages[1].content"),
    (message(role="system", content=None), "messages[1].content"),
    (message(content=7), "messages[1].content"),
    (message(content={"type": "text"}), "messages[1].content"),
    (message(content=["x"]), "messages[1].content[0]"),
    (message(content=[{"text": "x"}]), "messages[1].content[0].type"),
    (message(content=[{"type": "text", "text": "x"}, {"type": "text"}]), "messages[1].content[1].text"),
    (message(content=[{"type": "image_url", "image_url": 3}]), "messages[1].content[0].image_url"),
    (message(role="tool", tool_call_id=1), "messages[1].tool_call_id"),
    (message(role="assistant", tool_calls={}), "messages[1].tool_calls"),
    (message(role="assistant", tool_calls=[1]), "messages[1].tool_calls[0]"),
    (call(id=1), "messages[1].tool_calls[0].id"),
    (call(function=None), "messages[1].tool_calls[0].function"),
    (call(function={"arguments": "{}"}), "messages[1].tool_calls[0].function.name"),
    (call(function={"name": "look", "arguments": 1}), "messages[1].tool_calls[0].function.arguments"),
    (body(model=7), "model"),
    (body(stream="yes"), "stream"),
    (body(stream=1), "stream"),
    (body(stream_options=[]), "stream_options"),
    (body(parallel_tool_calls="no"), "parallel_tool_calls"),
    (body(n=2), "n"),
    (body(tools={}), "tools"),
    (body(tools=["look"]), "tools[0]"),
    (body(tools=[{"type": 7}]), "tools[0].type"),
    (body(tools=[{"type": "function"}]), "tools[0].function"),
    (body(tools=[TOOL, {"function": {}}]), "tools[1].function.name"),
    (body(tools=[{"function": {"name": ""}}]), "tools[0].function.name"),
    (body(tools=[{"function": {"name": "x", "parameters": []}}]), "tools[0].function.parameters"),
    (body(tools=[{"function": {"name": "x", "description": 1}}]), "tools[0].function.description"),
    (body(tool_choice=1), "tool_choice"),
    (body(tool_choice="sometimes"), "tool_choice"),
    (body(tool_choice={"type": "function"}), "tool_choice.function.name"),
    (body(tools=[TOOL], tool_choice={"function": {"name": "leap"}}), "tool_choice.function.name"),
]


@pytest.mark.parametrize(("faulty", "param"), FAULTS, ids=lambda value: str(value)[:60])
def test_a_fault_is_named_by_its_field(faulty: object, param: str | None) -> None:
    with pytest.raises(ClientError) as refused:
        parse_chat_request(faulty)
    assert refused.value.param == param
    assert refused.value.status_hint == 400
    assert (param or "request body") in refused.value.message


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant", "tool", "function"])
def test_known_roles_are_taken(role: str) -> None:
    assert parse_chat_request(message(role=role)).messages[1]["role"] == role


@pytest.mark.parametrize("role", ["assistant", "tool", "function"])
def test_roles_that_may_be_silent(role: str) -> None:
    assert parse_chat_request(message(role=role, content=None)).messages[1]["content"] is None


def test_nothing_is_copied_and_unknown_fields_stay() -> None:
    sent = body(enable_thinking=True, top_k=3, tools=[TOOL])
    request = parse_chat_request(sent)
    assert request.body is sent
    assert request.messages is sent["messages"]
    assert request.tools is sent["tools"]


def test_what_is_absent_has_its_default() -> None:
    request = parse_chat_request({"messages": [USER], "stream": None, "tools": None, "tool_choice": None})
    assert (request.model, request.tools, request.tool_choice, request.named_tool) == ("", [], "auto", "")
    assert (request.stream, request.include_usage, request.parallel_tool_calls) == (False, False, None)


def test_what_is_said_is_read() -> None:
    request = parse_chat_request(
        body(
            tools=[TOOL, {"type": "web_search"}],
            tool_choice={"type": "function", "function": {"name": "look"}},
            stream=True,
            stream_options={"include_usage": True},
            parallel_tool_calls=False,
        )
    )
    assert (request.tool_choice, request.named_tool) == ("named", "look")
    assert (request.stream, request.include_usage, request.parallel_tool_calls) == (True, True, False)
    assert function_names(request.tools) == ["look"]


def test_a_choice_of_another_kind_is_left_to_the_upstream() -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [TOOL]}}
    request = parse_chat_request(body(tools=[TOOL], tool_choice=choice))
    assert (request.tool_choice, request.named_tool, request.callable_tools) == ("auto", "", [TOOL])
    assert request.body["tool_choice"] is choice


def test_a_call_of_another_kind_is_left_to_the_upstream() -> None:
    said = message(role="assistant", tool_calls=[{"id": "c1", "type": "custom", "custom": {"input": "x"}}])
    assert parse_chat_request(said).messages is said["messages"]


def test_tools_that_may_not_be_called() -> None:
    assert parse_chat_request(body(tools=[TOOL], tool_choice="none")).callable_tools == []
    assert parse_chat_request(body(tools=[TOOL], tool_choice="auto")).callable_tools == [TOOL]


def test_text_of_parts_leaves_out_what_is_no_text() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    assert text_of({"role": "user", "content": [*parts, {"type": "text", "text": "b"}]}) == "a\nb"
    assert text_of({"role": "assistant", "content": None}) == ""


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(ClientError) as refused:
        parse_chat_request(message(role="r" * 5000))
    assert len(refused.value.message) < 200


_WORDS = st.sampled_from(
    [
        "role",
        "content",
        "messages",
        "type",
        "text",
        "user",
        "assistant",
        "tool",
        "function",
        "name",
        "id",
        "tools",
        "tool_calls",
        "tool_choice",
        "arguments",
        "stream",
        "model",
        "parameters",
        "image_url",
        "none",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=6),
    max_leaves=25,
)
_MESSAGES = st.lists(
    st.fixed_dictionaries({"role": _WORDS | _JSON}, optional={"content": _JSON, "tool_calls": _JSON}),
    max_size=3,
)


@given(_JSON | st.dictionaries(_WORDS, _JSON, max_size=8) | st.builds(dict, messages=_MESSAGES, tools=_JSON))
def test_any_json_is_taken_or_refused(sent: object) -> None:
    with contextlib.suppress(ClientError):
        request = parse_chat_request(sent)
        assert request.body is sent
        assert isinstance(request.first_text, str)
        assert request.callable_tools == ([] if request.tool_choice == "none" else request.tools)
        assert all(isinstance(name, str) for name in function_names(request.tools))
