"""An agent that goes round in a circle: its user is asked in the upstream's place."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest

from roobridge.bridge.ports import Capabilities
from tests.bridge.request.agent_history import TODO, Message, native_turn, parts, xml_turn
from tests.oracle.native_tools import KILO, ROO, STRING, tool
from tests.oracle.plans import CLINE, ROO_31, Client
from tests.oracle.roo_reader import tool_uses
from tests.service.scripted import Scripted, end, say
from tests.web.conftest import Serve
from tests.web.requests import content, data

URL = "/v1/chat/completions"
LIST = "<list_files>\n<path>src</path>\n</list_files>"
ASK = "## ask_followup_question\nDescription: Asks the user.\n"
ANSWER = [*say("I have looked."), *end()]


def xml_prompt(words: str, tools: str = ASK) -> Message:
    section = f"# Tools\n\n## list_files\nDescription: Lists.\n\n{tools}\n# Tool Use Guidelines\n"
    return {"role": "system", "content": f"{words} formatted using XML-style tags.\n\n{section}"}


def roo_xml(*turns: list[Message], **more: Any) -> dict[str, Any]:
    return request([xml_prompt("Tool uses are"), *start()], *turns, **more)


def cline(*turns: list[Message], tools: str = ASK) -> dict[str, Any]:
    return request([xml_prompt("Tool use is", tools), *start()], *turns)


def native(*turns: list[Message], tools: list[Message] = ROO) -> dict[str, Any]:
    return request([{"role": "system", "content": "You are careful."}, *start()], *turns, tools=tools)


def start() -> list[Message]:
    return [{"role": "user", "content": parts("<task>\nLook around.\n</task>")}]


def request(first: list[Message], *turns: list[Message], **more: Any) -> dict[str, Any]:
    messages = [*first, *(message for turn in turns for message in turn)]
    return {"model": "qwen", "messages": messages, "stream": True, **more}


def listed(result: str = "a.py", *beside: str) -> list[Message]:
    return xml_turn(LIST, result, *beside)


def called(result: str = "a.py", *, env: bool = True) -> list[Message]:
    return native_turn({"path": "src", "recursive": False}, result, env=env)


async def post(
    http: httpx.AsyncClient, address: str, body: dict[str, Any], agent: str = ""
) -> list[dict[str, Any]]:
    """The chunks of a reply that came to its end."""
    answer = await http.post(address + URL, json=body, headers={"user-agent": agent})
    assert answer.status_code == 200
    events = data(answer.text)
    assert events.pop() == "[DONE]"
    return events


def call_of(events: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The one native call of a reply."""
    choices = [event["choices"][0] for event in events if event["choices"]]
    deltas = [call for choice in choices for call in choice["delta"].get("tool_calls") or ()]
    assert {delta["index"] for delta in deltas} == {0}
    assert [choice["finish_reason"] for choice in choices if choice["finish_reason"]] == ["tool_calls"]
    assert deltas[0]["id"]
    arguments = "".join(delta["function"].get("arguments") or "" for delta in deltas)
    return deltas[0]["function"]["name"], json.loads(arguments)


def use_of(events: list[dict[str, Any]], client: Client) -> tuple[str, dict[str, str]]:
    """The one tool use that an XML client reads in a reply."""
    (use,) = tool_uses(client.read(content(events)))
    return use.name, use.params


async def test_roo_in_xml(serve: Serve, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture) -> None:
    upstream = Scripted(ANSWER)
    with caplog.at_level(logging.INFO, "roobridge.turns"):
        events = await post(http, await serve(upstream), roo_xml(*[listed()] * 5), "RooCode/3.31.3")
    name, params = use_of(events, ROO_31)
    assert name == "ask_followup_question"
    assert "5 times in a row" in params["question"]
    assert "list_files src" in params["question"]
    assert params["follow_up"].count("<suggest>") == 3
    assert upstream.requests == []
    assert "repairs=stuck_call tries=- outcome=ok" in caplog.text


async def test_roo_natively(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted(ANSWER)
    events = await post(http, await serve(upstream), native(*[called()] * 5), "RooCode/3.52.1")
    name, arguments = call_of(events)
    assert name == "ask_followup_question"
    assert 'list_files {"path":"src","recursive":false}' in arguments["question"]
    assert [set(item) for item in arguments["follow_up"]] == [{"text", "mode"}] * 3
    assert events[-1]["usage"]["completion_tokens"] > 0
    assert upstream.requests == []


async def test_cline(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted(ANSWER)
    turns = [listed("a.py", *([TODO.format(number)] if number % 2 else [])) for number in range(5)]
    events = await post(http, await serve(upstream), cline(*turns), "Cline/2.18.0")
    name, params = use_of(events, CLINE)
    assert name == "ask_followup_question"
    assert len(json.loads(params["options"])) == 3
    assert upstream.requests == []


async def test_clines_own_question_and_a_whole_reply(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted(ANSWER)
    ask = tool(
        "ask_question", "question options", question=STRING, options={"type": "array", "items": STRING}
    )
    body = native(*[called(env=False)] * 5, tools=[*KILO, ask]) | {"stream": False}
    answer = await http.post(await serve(upstream) + URL, json=body)
    (call,) = answer.json()["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "ask_question"
    assert len(json.loads(call["function"]["arguments"])["options"]) == 3
    assert upstream.requests == []


@pytest.mark.parametrize(
    ("body", "agent"),
    [
        (native(*[called(env=False)] * 5, tools=KILO), "Kilo-Code/7.7.9"),
        (cline(*[listed()] * 5, tools=""), "Cline/2.18.0"),
        (native(*[called()] * 5) | {"tool_choice": "none"}, "RooCode/3.52.1"),
        (request(start(), *[called()] * 5), "curl/8"),
    ],
    ids=["kilo", "cline without a user", "no tools wanted", "plain"],
)
async def test_a_client_without_the_tool_has_its_upstream_asked(
    serve: Serve, http: httpx.AsyncClient, body: dict[str, Any], agent: str
) -> None:
    upstream = Scripted(ANSWER)
    assert "I have looked." in json.dumps(await post(http, await serve(upstream), body, agent))
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("turns", "settings"),
    [
        ([called()] * 4, {}),
        ([*[called()] * 4, called("b.py")], {}),
        ([*[called()] * 2, called("b.py"), *[called()] * 2], {}),
        ([called()] * 9, {"max_same_calls": 0}),
        ([called()] * 9, {"max_same_calls": 10}),
    ],
    ids=["too few", "another result", "another between", "off", "more allowed"],
)
async def test_no_row_no_question(
    serve: Serve, http: httpx.AsyncClient, turns: list[list[Message]], settings: dict[str, Any]
) -> None:
    upstream = Scripted(ANSWER)
    events = await post(http, await serve(upstream, **settings), native(*turns), "RooCode/3.52.1")
    assert call_of(events)[0] == "attempt_completion"
    assert len(upstream.requests) == 1


async def test_the_users_answer_lets_the_task_go_on(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted(ANSWER)
    address = await serve(upstream, max_same_calls=2)
    history = [called(), called()]
    name, arguments = call_of(await post(http, address, native(*history), "RooCode/3.52.1"))
    history.append(native_turn(arguments, "<user_message>\nMake the call again\n</user_message>", name))
    for asked in (1, 2):
        events = await post(http, address, native(*history), "RooCode/3.52.1")
        assert call_of(events)[0] == "attempt_completion"
        assert len(upstream.requests) == asked
        history.append(called())
    assert call_of(await post(http, address, native(*history), "RooCode/3.52.1"))[0] == name
    assert len(upstream.requests) == 2


async def test_in_xml_too(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted(ANSWER)
    address = await serve(upstream, max_same_calls=2)
    history = [listed(), listed()]
    question = content(await post(http, address, roo_xml(*history), "RooCode/3.31.3"))
    answered = xml_turn(question, "<answer>\nMake the call again\n</answer>")
    events = await post(http, address, roo_xml(*history, answered), "RooCode/3.31.3")
    assert use_of(events, ROO_31)[0] == "attempt_completion"
    assert len(upstream.requests) == 1


async def test_an_upstream_that_is_read_to_its_end_is_left_alone(
    serve: Serve, http: httpx.AsyncClient
) -> None:
    upstream = Scripted(ANSWER, capabilities=Capabilities(native_tools=False, drain=True))
    events = await post(http, await serve(upstream), native(*[called()] * 5), "RooCode/3.52.1")
    assert call_of(events)[0] == "ask_followup_question"
    assert upstream.requests == []
