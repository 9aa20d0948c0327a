from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roobridge.bridge.wire.qwen_web_request import (
    BODY_LIMIT,
    completion_body,
    encode_body,
    fold_messages,
    new_chat_body,
)
from roobridge.errors import ClientError


def made(content: str = "hello", thinking: bool = False) -> dict[str, Any]:
    return completion_body(
        content,
        model="qwen3-max",
        chat_id="c",
        message_id="m",
        child_id="k",
        now=1700000000,
        thinking=thinking,
    )


def test_new_chat() -> None:
    assert new_chat_body("qwen3-max", 1700000000123) == {
        "title": "New Chat",
        "models": ["qwen3-max"],
        "chat_mode": "normal",
        "chat_type": "t2t",
        "timestamp": 1700000000123,
        "project_id": "",
    }


def test_completion_is_one_user_message_of_a_new_chat() -> None:
    body = made()
    (message,) = body["messages"]
    assert (message["role"], message["content"], message["files"]) == ("user", "hello", [])
    assert (body["chat_id"], body["chatId"], body["parent_id"], message["parentId"]) == ("c", "c", None, None)
    assert (body["stream"], body["incremental_output"]) == (True, True)
    assert (message["fid"], message["childrenIds"]) == ("m", ["k"])
    assert message["feature_config"]["output_schema"] == "phase"
    assert message["feature_config"]["auto_search"] is False


@pytest.mark.parametrize(("thinking", "mode"), [(False, "Fast"), (True, "Thinking")])
def test_thinking(thinking: bool, mode: str) -> None:
    features = made(thinking=thinking)["messages"][0]["feature_config"]
    assert (features["thinking_enabled"], features["thinking_mode"]) == (thinking, mode)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["qwen_web_stream_request_body", "qwen_web_chats_new_request_body"])
def test_all_fields_of_the_recorded_bodies_are_there(shared: Path, name: str) -> None:
    recorded = json.loads((shared / f"payloads/{name}.json").read_text())
    body = made() if "messages" in recorded else new_chat_body("m", 1)
    assert recorded.keys() <= body.keys()
    if "messages" in recorded:
        assert recorded["messages"][0].keys() <= body["messages"][0].keys()


def test_the_limit_counts_bytes() -> None:
    spare = BODY_LIMIT - len(encode_body(made("")))
    assert len(encode_body(made("é" * (spare // 2)))) <= BODY_LIMIT
    with pytest.raises(ClientError) as refused:
        encode_body(made("é" * (spare // 2 + 1)))
    assert (refused.value.code, refused.value.status_hint) == ("context_length_exceeded", 400)
    assert refused.value.param == "messages"


def test_a_single_question_goes_as_it_is() -> None:
    assert fold_messages([{"role": "user", "content": "hi\n"}]) == "hi\n"


def test_rules_without_a_question_go_as_they_are() -> None:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "developer", "content": "Be kind."}]
    assert fold_messages(messages) == "Be brief.\n\nBe kind."


def test_the_system_prompt_stands_first_as_it_is() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You are Roo.\n"},
        {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
    ]
    assert fold_messages(messages) == "You are Roo.\n\n\none\ntwo"


def test_history_with_tools() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "a"}'}}
    folded = fold_messages(
        [
            {"role": "developer", "content": "Rules"},
            {"role": "user", "content": "Look at a"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "text of a"},
            {"role": "assistant", "content": "It says so."},
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Thanks"},
        ]
    )
    rules, conversation = folded.split("\n\n", 1)
    assert rules == "Rules"
    assert conversation.startswith("# Conversation so far\n")
    assert conversation.split("\n\n", 3)[2:] == [
        "[User]\nLook at a",
        '[Assistant]\n<tool_call>\n{"name": "read_file", "arguments": {"path": "a"}}\n</tool_call>\n\n'
        "[Tool result]\n<tool_response>\ntext of a\n</tool_response>\n\n"
        "[Assistant]\nIt says so.\n\n"
        "[System]\nBe brief.\n\n"
        "[User]\nThanks",
    ]


def test_arguments_that_are_missing_or_an_object() -> None:
    calls = [{"function": {"name": "a", "arguments": {"x": 1}}}, {"function": {"name": "b"}}]
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "u"},
        {"role": "assistant", "tool_calls": calls},
    ]
    folded = fold_messages(messages)
    assert '{"name": "a", "arguments": {"x":1}}' in folded
    assert '{"name": "b", "arguments": {}}' in folded


@pytest.mark.parametrize(
    ("message", "param", "word"),
    [
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {}}]},
            "messages[1].content[0]",
            "Images",
        ),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "messages[1].content[0]", "input_audio"),
        ({"role": "user", "content": ["text"]}, "messages[1].content[0]", "str"),
        ({"role": "user", "content": 7}, "messages[1].content", "content"),
        ({"role": "robot", "content": "x"}, "messages[1].role", "robot"),
    ],
)
def test_what_cannot_be_folded_is_refused(message: dict[str, object], param: str, word: str) -> None:
    with pytest.raises(ClientError) as refused:
        fold_messages([{"role": "user", "content": "first"}, message])
    assert refused.value.param == param
    assert word in refused.value.message
