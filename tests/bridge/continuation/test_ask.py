from __future__ import annotations

from typing import Any

import pytest

from roobridge.bridge.continuation.ask import continuation, correction, reminder
from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import UpstreamRequest
from roobridge.bridge.reply.unfinished import OpenCall, Opening
from tests.oracle.plans import CLINE, ROO_31, ROO_52

MESSAGES = [{"role": "system", "content": "You are Roo."}, {"role": "user", "content": "Write it."}]
TOOLS = {"tools": [{"type": "function"}], "tool_choice": "auto", "parallel_tool_calls": False}
BODY: dict[str, Any] = {
    "model": "qwen",
    "messages": MESSAGES,
    "max_tokens": 100,
    "enable_thinking": True,
    **TOOLS,
}
REQUEST = UpstreamRequest(BODY, "sk-key", {"user-agent": "x"})
CALL = Opening('<write_to_file>\n<content>\nprint("x', OpenCall("write_to_file", "roo-xml"))
TEXT = Opening("The answer is")


def test_partial_mode_marks_what_was_said() -> None:
    asked = continuation(REQUEST, CALL, partial=True)
    assert asked.body["messages"] == [*MESSAGES, {"role": "assistant", "content": CALL.text, "partial": True}]
    assert asked.body["enable_thinking"] is False
    assert (asked.key, asked.headers) == (REQUEST.key, REQUEST.headers)


def test_elsewhere_an_instruction_follows() -> None:
    asked = continuation(REQUEST, CALL, partial=False)
    *before, said, instruction = asked.body["messages"]
    assert before == MESSAGES
    assert said == {"role": "assistant", "content": CALL.text}
    assert instruction["role"] == "user"
    assert r"print(\"x" in instruction["content"]
    assert "every closing tag" in instruction["content"]
    assert asked.body["enable_thinking"] is True


def test_a_call_is_continued_as_text_without_tools() -> None:
    assert not TOOLS.keys() & continuation(REQUEST, CALL, partial=False).body.keys()
    text = continuation(REQUEST, TEXT, partial=False)
    assert TOOLS.items() <= text.body.items()
    assert "closing" not in text.body["messages"][-1]["content"]


def test_a_call_in_json_is_closed_as_json() -> None:
    opening = Opening('{"name": "a', OpenCall("a", "hermes"), escaped=True)
    asked = continuation(REQUEST, opening, partial=False)
    assert "quote, brace and tag" in asked.body["messages"][-1]["content"]


def test_the_request_itself_is_left_alone() -> None:
    continuation(REQUEST, CALL, partial=True)
    reminder(REQUEST, "Done.", ROO_31.plan())
    assert BODY["messages"] is MESSAGES
    assert len(MESSAGES) == 2
    assert TOOLS.keys() <= BODY.keys()


@pytest.mark.parametrize("client", [ROO_31, ROO_52], ids=["xml", "native"])
def test_the_reminder_is_roos(client: Any) -> None:
    asked = reminder(REQUEST, "All done.", client.plan())
    *before, said, reminded = asked.body["messages"]
    assert before == MESSAGES
    assert said == {"role": "assistant", "content": "All done."}
    words = reminded["content"]
    assert words.startswith(
        "[ERROR] You did not use a tool in your previous response! Please retry with a tool use."
    )
    assert ("<attempt_completion>\n<result>" in words) == client.xml
    assert "call attempt_completion" in words
    assert TOOLS.items() <= asked.body.items()


def asked_for(tried: str, plan: Plan, body: dict[str, Any] = BODY, said: str = "<read_file>") -> list[str]:
    """The contents of the messages that are added."""
    request = correction(UpstreamRequest(body), said, "It was unreadable.", tried, plan)
    assert request.body["messages"][:2] == MESSAGES
    return [message["content"] for message in request.body["messages"][2:]]


def test_a_call_is_asked_for_once_more_in_the_form_of_its_client() -> None:
    said, asked = asked_for("execute_command", CLINE.plan())
    assert said == "<read_file>"
    assert asked.startswith("[ERROR] Your previous response could not be used. It was unreadable.")
    assert "<execute_command><command>value</command><requires_approval>" in asked
    assert "call attempt_completion" in asked


def test_native_tools_are_called_as_such() -> None:
    _, asked = asked_for("list_files", ROO_52.plan())
    assert "Call list_files by its name" in asked
    assert "one JSON object" in asked


@pytest.mark.parametrize(
    ("model", "written"), [("qwen3-coder", "<parameter=path>"), ("qwen2.5-72b", '{"name": "list_files"')]
)
def test_tools_that_the_prompt_taught_are_called_so(model: str, written: str) -> None:
    _, asked = asked_for("list_files", ROO_52.plan(), {"model": model, "messages": MESSAGES})
    assert written in asked


@pytest.mark.parametrize("plan", [ROO_31.plan(), ROO_52.plan()])
@pytest.mark.parametrize("body", [BODY, {"model": "qwen", "messages": MESSAGES}])
def test_where_no_tool_is_known_all_are_named(plan: Plan, body: dict[str, Any]) -> None:
    for tried in ("", "grep_repo"):
        _, asked = asked_for(tried, plan, body)
        assert "The tools are: " in asked
        assert "list_files" in asked


def test_a_reply_without_words_is_not_repeated() -> None:
    assert len(asked_for("", ROO_52.plan(), said=" ")) == 1
