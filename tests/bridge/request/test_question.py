"""A question to the user, as each client's tool takes it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.request.classify import classify
from roobridge.bridge.request.question import Choice, Question, ask_user
from tests.oracle.native_tools import BOOLEAN, MAYBE, ROO, STRING, SUGGESTION, tool
from tests.oracle.plans import grammar

QUESTION = Question(
    "Same call", "How should it go on?", [Choice("Go on", "as before."), Choice("Stop", "say what is done.")]
)
TEXTS = ["Go on: as before.", "Stop: say what is done."]


def listed(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def shape(required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required.split()}


LABELLED = shape("label description", label=STRING, description=STRING, mode=STRING, labelKey=STRING)
KILO_ASK = tool(
    "question",
    "questions",
    questions=listed(
        shape(
            "question header options",
            question=STRING,
            header=STRING,
            options=listed(LABELLED),
            multiple=BOOLEAN,
        )
    ),
)
QWEN_ASK = tool(
    "ask_user_question",
    "questions",
    questions=listed(
        shape(
            "question header options",
            question=STRING,
            header=STRING,
            options=listed(shape("label description", label=STRING, description=STRING), minItems=2),
            multiSelect=BOOLEAN,
        )
    ),
    metadata=shape("", source=STRING),
)
CLINE_ASK = tool("ask_question", "question options", question=STRING, options=listed(STRING))
OPTIONS = [
    {"label": "Go on", "description": "as before."},
    {"label": "Stop", "description": "say what is done."},
]
ASKED = {"question": "How should it go on?", "header": "Same call", "options": OPTIONS}


def ask(body: dict[str, Any], agent: str = "") -> tuple[str, dict[str, Any]] | None:
    chat = parse_chat_request({"model": "m", "messages": [{"role": "user", "content": "Go."}], **body})
    call = ask_user(QUESTION, chat, classify({"user-agent": agent}, chat, grammar()))
    return (call.name, msgspec.json.decode(call.arguments)) if call is not None else None


def prompted(*tools: str, words: str = "Tool uses are") -> dict[str, Any]:
    headings = "".join(f"\n## {name}\nDescription: It is one.\n" for name in tools)
    section = f"# Tools\n{headings}\n# Tool Use Guidelines\n" if tools else ""
    prompt = f"{words} formatted using XML-style tags.\n\n{section}"
    return {"messages": [{"role": "system", "content": prompt}, {"role": "user", "content": "Go."}]}


# As a strict schema has it, and as the tool's own has.
@pytest.mark.parametrize("mode", [STRING, MAYBE])
@pytest.mark.parametrize("agent", ["RooCode/3.52.1", "ZooCode/3.82.0", ""])
def test_roo_natively(agent: str, mode: dict[str, Any]) -> None:
    items = {**SUGGESTION, "properties": {"text": STRING, "mode": mode}}
    asking = tool("ask_followup_question", "question follow_up", question=STRING, follow_up=listed(items))
    follow_up = [{"text": text, "mode": None} for text in TEXTS]
    assert ask({"tools": [asking, *ROO]}, agent) == (
        "ask_followup_question",
        {"question": "How should it go on?", "follow_up": follow_up},
    )


@pytest.mark.parametrize(
    ("agent", "more"),
    [
        ("RooCode/3.31.3", {"follow_up": [{"text": text} for text in TEXTS]}),
        ("", {"follow_up": [{"text": text} for text in TEXTS]}),
        ("RooCode/3.9.2", {}),
    ],
)
@pytest.mark.parametrize("tools", [(), ("read_file", "ask_followup_question")])
def test_roo_in_xml(agent: str, more: dict[str, Any], tools: tuple[str, ...]) -> None:
    assert ask(prompted(*tools), agent) == (
        "ask_followup_question",
        {"question": "How should it go on?", **more},
    )


def test_cline() -> None:
    xml = prompted("read_file", "ask_followup_question", words="Tool use is")
    said = {"question": "How should it go on?", "options": TEXTS}
    assert ask(xml, "Cline/2.18.0") == ("ask_followup_question", said)
    assert ask({"tools": [CLINE_ASK]}) == ("ask_question", said)
    untyped = tool("ask_followup_question", "question", question=STRING, options=STRING, task_progress=STRING)
    named = ask({"tools": [untyped]}, "Cline/3.90.0")
    assert named is not None
    assert msgspec.json.decode(named[1]["options"]) == TEXTS


def test_a_tool_that_the_prompt_leaves_out_is_not_the_clients() -> None:
    assert ask(prompted("read_file", words="Tool use is"), "Cline/2.18.0") is None


def test_a_prompt_that_wants_more_of_it_means_another_tool() -> None:
    body = prompted("ask_followup_question")
    prompt = body["messages"][0]
    wants = "Description: It is one.\n- database: (required) Which one\n"
    prompt["content"] = prompt["content"].replace("Description: It is one.\n", wants)
    assert ask(body, "RooCode/3.31.3") is None


def test_kilo_and_qwen_code() -> None:
    assert ask({"tools": [KILO_ASK]}) == ("question", {"questions": [{**ASKED, "multiple": False}]})
    expected = {"questions": [{**ASKED, "multiSelect": False}]}
    assert ask({"tools": [QWEN_ASK]}) == ("ask_user_question", expected)


def test_references_within_a_schema() -> None:
    prompt = shape(
        "question header options", question=STRING, header=STRING, options={"$ref": "#/$defs/Many"}
    )
    parameters = {
        **shape("questions", questions=listed({"$ref": "#/$defs/Prompt"})),
        "$defs": {"Prompt": prompt, "Many": listed({"$ref": "#/$defs/Option"}), "Option": LABELLED},
    }
    function = {"name": "question", "parameters": parameters}
    assert ask({"tools": [{"type": "function", "function": function}]}) == (
        "question",
        {"questions": [ASKED]},
    )


FLAT = {"question": STRING, "options": listed(STRING)}


@pytest.mark.parametrize(
    "declared",
    [
        tool("read_file", "path", path=STRING),
        tool("ask_question", "question", question=STRING),
        tool("ask_question", "question database", database=STRING, **FLAT),
        tool("ask_question", "options", options=listed(STRING)),
        tool("ask_question", "question", question={"type": "object"}, options=listed(STRING)),
        tool("ask_question", "question", question=STRING, options=listed({"type": "integer"})),
        tool("ask_question", "question", question=STRING, options=listed(shape("id", id=STRING))),
        tool("ask_question", "question", question=STRING, options={}),
        tool("ask_question", "question extra", **FLAT),
        tool("question", "questions", questions=STRING),
        tool("question", "questions", questions=listed(STRING)),
        tool("question", "questions", questions=listed(shape("question", question=STRING))),
        {"type": "function", "function": {"name": "question"}},
        {"type": "function", "function": {"name": "question", "parameters": {"required": [{}]}}},
    ],
)
def test_a_tool_that_takes_something_else_is_another_tool(declared: dict[str, Any]) -> None:
    assert ask({"tools": [declared]}) is None


def test_what_is_required_within_is_read_with_care() -> None:
    odd = shape("", text=STRING, mode=MAYBE) | {"required": [1, {}, "text"]}
    declared = tool("ask_followup_question", "question", question=STRING, follow_up=listed(odd))
    asked = ask({"tools": [declared]})
    assert asked is not None
    assert asked[1]["follow_up"] == [{"text": text} for text in TEXTS]


def test_the_next_tool_is_tried() -> None:
    odd = tool("ask_question", "question", question=STRING)
    asked = ask({"tools": [odd, KILO_ASK]})
    assert asked is not None
    assert asked[0] == "question"


@pytest.mark.parametrize(
    ("choice", "asks"),
    [
        ("auto", True),
        ("required", True),
        ("none", False),
        ({"type": "function", "function": {"name": "ask_followup_question"}}, True),
        ({"type": "function", "function": {"name": "read_file"}}, False),
    ],
)
def test_the_requests_choice_of_a_tool_counts(choice: object, asks: bool) -> None:
    assert (ask({"tools": ROO, "tool_choice": choice}) is not None) is asks


@pytest.mark.parametrize("kind", [ClientKind.NATIVE_AGENT, ClientKind.NATIVE_OTHER])
def test_a_native_kind_without_tools_has_roos_own(kind: ClientKind) -> None:
    chat = parse_chat_request({"model": "m", "messages": [{"role": "user", "content": "Go."}]})
    call = ask_user(QUESTION, chat, classify({}, chat, grammar(), kind=kind))
    assert call is not None
    assert msgspec.json.decode(call.arguments)["follow_up"] == [{"text": text} for text in TEXTS]
