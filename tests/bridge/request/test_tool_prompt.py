"""Tools as a prompt, and calls and results as text: read back by a simple reader of each form."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.request.tool_prompt import fold_calls, prompt_tools, tools_prompt
from roobridge.dialects import hermes, qwen3_coder, writing_of
from roobridge.spelling.dialect import Writing

QWEN, HERMES = qwen3_coder.WRITING, hermes.WRITING
DIALECTS = [QWEN, HERMES]
LOOK = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks at <things>.",
        "parameters": {
            "$schema": "about:blank",
            "type": "object",
            "properties": {
                "where": {"type": "string", "description": "A place", "enum": ["here", "there"]},
                "deep": {"type": ["boolean", "null"]},
                "odd": True,
            },
            "required": ["where"],
            "additionalProperties": False,
        },
    },
}
REST = {"type": "function", "function": {"name": "rest"}}
SYSTEM = {"role": "system", "content": "Be brief."}
USER = {"role": "user", "content": "Go"}


def body(*messages: dict[str, Any], **fields: object) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages or (SYSTEM, USER)), "tools": [LOOK, REST], **fields}


def calling(*calls: tuple[str, str, str], content: object = None) -> dict[str, Any]:
    return {
        "role": "assistant",
        "content": content,
        "tool_calls": [
            {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
            for id, name, arguments in calls
        ],
    }


def result(id: str, content: object) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": id, "content": content}


def read_calls(text: str, dialect: Writing, numbers: frozenset[str] = frozenset()) -> list[tuple[str, Any]]:
    """The calls in a text. numbers: parameters that are JSON rather than text, in the tagged form."""
    blocks = re.findall(r"<tool_call>\n(.*?)\n</tool_call>", text, re.DOTALL)
    if dialect is HERMES:
        return [(call["name"], call["arguments"]) for call in map(json.loads, blocks)]
    calls = []
    for block in blocks:
        (name,) = re.findall(r"^<function=(.*?)>", block)
        pairs = re.findall(r"<parameter=(.*?)>\n(.*?)\n</parameter>\n", block, re.DOTALL)
        calls.append((name, {key: json.loads(v) if key in numbers else v for key, v in pairs}))
    return calls


_NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
_TEXTS = st.text(
    alphabet=st.characters(exclude_categories=["Cs"]).filter(lambda c: c not in "\r")
    | st.sampled_from('<>\n"\\'),
    max_size=40,
).filter(lambda text: "</" not in text)
_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**60), 2**60) | st.none(),
    lambda inner: st.lists(inner | _TEXTS, max_size=3) | st.dictionaries(_NAMES, inner | _TEXTS, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("dialect", DIALECTS, ids=["qwen3-coder", "hermes"])
@given(data=st.data())
def test_a_folded_call_reads_back(dialect: Writing, data: st.DataObject) -> None:
    name = data.draw(_NAMES)
    texts = data.draw(st.dictionaries(_NAMES, _TEXTS, max_size=3))
    typed = data.draw(st.dictionaries(_NAMES.map(lambda key: f"{key}_json"), _VALUES, max_size=3))
    arguments = texts | typed
    history = [USER, calling(("c1", name, json.dumps(arguments)), content="First.")]
    folded = fold_calls(history, dialect)[1]
    assert folded.keys() == {"role", "content"}
    assert folded["content"].startswith("First.\n<tool_call>\n")
    assert read_calls(folded["content"], dialect, frozenset(typed)) == [(name, arguments)]


def test_the_tagged_form() -> None:
    assert QWEN.call("look", {"where": "a\n b", "deep": True, "n": [1, {"a": "b"}]}) == (
        "<tool_call>\n<function=look>\n<parameter=where>\na\n b\n</parameter>\n"
        "<parameter=deep>\ntrue\n</parameter>\n"
        '<parameter=n>\n[1, {"a": "b"}]\n</parameter>\n</function>\n</tool_call>'
    )


def test_the_json_form() -> None:
    assert HERMES.call("look", {"where": "a\n b", "deep": None}) == (
        '<tool_call>\n{"name": "look", "arguments": {"where": "a\\n b", "deep": null}}\n</tool_call>'
    )


@pytest.mark.parametrize("dialect", DIALECTS, ids=["qwen3-coder", "hermes"])
def test_several_calls_and_their_results(dialect: Writing) -> None:
    history = [
        USER,
        calling(("c1", "look", '{"where":"a"}'), ("c2", "rest", ""), content=""),
        result("c2", "rested"),
        result("c1", [{"type": "text", "text": "saw"}]),
        {"role": "user", "content": "Go on"},
    ]
    _, calls, results, last = fold_calls(history, dialect)
    assert read_calls(calls["content"], dialect) == [("look", {"where": "a"}), ("rest", {})]
    assert results == {
        "role": "user",
        "content": "<tool_response>\nsaw\n</tool_response>\n<tool_response>\nrested\n</tool_response>",
    }
    assert last is history[-1]


def test_results_of_unknown_calls_stand_last_and_at_the_end_too() -> None:
    history = [calling(("c1", "look", "{}")), result("zz", "stray"), result("c1", "known")]
    text = fold_calls(history, HERMES)[-1]["content"]
    assert re.findall(r"\n(\w+)\n", text) == ["known", "stray"]


def test_images_of_results_stay_beside_their_text() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}
    (turn,) = fold_calls([result("c", [{"type": "text", "text": "shot"}, image])], HERMES)
    assert turn["content"] == [{"type": "text", "text": "<tool_response>\nshot\n</tool_response>"}, image]


@pytest.mark.parametrize("arguments", ["{", "[]", "", None, {"where": "a"}])
def test_arguments_of_any_state_are_folded(arguments: object) -> None:
    message = calling(("c", "look", ""))
    message["tool_calls"][0]["function"]["arguments"] = arguments
    (call,) = read_calls(fold_calls([message], HERMES)[0]["content"], HERMES)
    assert call == ("look", arguments if isinstance(arguments, dict) else {})


def test_a_history_without_calls_is_passed_on() -> None:
    history = [SYSTEM, USER, {"role": "assistant", "content": "Hi"}]
    assert all(new is old for new, old in zip(fold_calls(history, HERMES), history, strict=True))


@pytest.mark.parametrize("dialect", DIALECTS, ids=["qwen3-coder", "hermes"])
def test_tool_fields_go_and_all_others_stay(dialect: Writing) -> None:
    sent = body(tool_choice="auto", parallel_tool_calls=True, temperature=0.2, stream=True)
    prompted = prompt_tools(sent, dialect)
    assert prompted.keys() == {"model", "messages", "temperature", "stream"}
    assert sent["messages"] == [SYSTEM, USER]
    assert prompted["messages"][1] is USER


@pytest.mark.parametrize("dialect", DIALECTS, ids=["qwen3-coder", "hermes"])
@pytest.mark.parametrize(
    ("messages", "before"),
    [
        ([SYSTEM, USER], "Be brief.\n\n"),
        ([{"role": "developer", "content": "Be brief."}, USER], "Be brief.\n\n"),
        ([{"role": "system", "content": ""}, USER], ""),
        ([USER], ""),
    ],
)
def test_the_section_ends_the_system_message(
    dialect: Writing, messages: list[dict[str, Any]], before: str
) -> None:
    first, last = prompt_tools(body(*messages), dialect)["messages"]
    assert first["content"] == before + tools_prompt([LOOK, REST], dialect)
    assert first["role"] == (messages[0]["role"] if len(messages) == 2 else "system")
    assert last is messages[-1]


def test_a_system_message_in_parts_gets_one_more() -> None:
    parts = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    first = prompt_tools(body({"role": "system", "content": parts}, USER), HERMES)["messages"][0]
    assert first["content"][0] is parts[0]
    assert first["content"][1] == {"type": "text", "text": "\n\n" + tools_prompt([LOOK, REST], HERMES)}


def test_the_tagged_listing() -> None:
    assert (
        "<tools>\n<function>\n<name>look</name>\n<description>Looks at <things>.</description>\n"
        "<parameters>\n"
        "<parameter>\n<name>where</name>\n<type>string</type>\n<description>A place</description>\n"
        '<enum>["here", "there"]</enum>\n</parameter>\n'
        '<parameter>\n<name>deep</name>\n<type>["boolean", "null"]</type>\n</parameter>\n'
        "<parameter>\n<name>odd</name>\n</parameter>\n"
        '<required>["where"]</required>\n<additionalProperties>false</additionalProperties>\n'
        "</parameters>\n</function>\n"
        "<function>\n<name>rest</name>\n<parameters>\n</parameters>\n</function>\n</tools>"
    ) in tools_prompt([LOOK, REST], QWEN)


def test_the_json_listing() -> None:
    listing = tools_prompt([LOOK, REST], HERMES).split("<tools>\n")[1].split("\n</tools>")[0]
    assert [json.loads(line) for line in listing.splitlines()] == [LOOK, REST]


@pytest.mark.parametrize("dialect", DIALECTS, ids=["qwen3-coder", "hermes"])
def test_each_prompt_shows_its_own_form(dialect: Writing) -> None:
    shown = read_calls(tools_prompt([LOOK], dialect), dialect)
    assert [name for name, _ in shown] == ["name_of_the_function"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "If no function fits"),
        ({"tool_choice": "auto"}, "If no function fits"),
        ({"tool_choice": "required"}, "must call one of the functions"),
        ({"tool_choice": {"type": "function", "function": {"name": "rest"}}}, "must call the function rest"),
        ({"parallel_tool_calls": False}, "at most one function"),
    ],
)
def test_what_the_fields_asked_is_said_in_words(fields: dict[str, Any], said: str) -> None:
    for dialect in DIALECTS:
        prompt = prompt_tools(body(**fields), dialect)["messages"][0]["content"]
        assert said in prompt
        assert ("at most one function" in prompt) == ("parallel_tool_calls" in fields)
        assert ("If no function fits" in prompt) == ("must call" not in said)


@pytest.mark.parametrize("sent", [body(tool_choice="none"), body(tools=[]), body(tools=None)])
def test_tools_not_to_be_called_are_not_offered(sent: dict[str, Any]) -> None:
    prompted = prompt_tools(sent, HERMES)
    assert prompted == {"model": "m", "messages": [SYSTEM, USER]}


def test_prompting_switched_off_still_folds_the_history() -> None:
    prompted = prompt_tools(body(SYSTEM, USER, calling(("c", "rest", "{}"))), HERMES, offer=False)
    assert prompted["messages"][0] is SYSTEM
    assert read_calls(prompted["messages"][2]["content"], HERMES) == [("rest", {})]


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        ("qwen3-coder-plus", QWEN),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", QWEN),
        ("qwen3.5-plus", QWEN),
        ("Qwen-3.6-35B", QWEN),
        ("qwen3.8-max", QWEN),
        ("qwen3-max", HERMES),
        ("qwen3-8b", HERMES),
        ("qwen2.5-coder:32b", HERMES),
        ("qwq-plus", HERMES),
        ("", HERMES),
    ],
)
def test_the_form_follows_the_model(model: str, dialect: Writing) -> None:
    assert writing_of(model) is dialect
