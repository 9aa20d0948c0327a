"""What earlier replies lose on their way back to the upstream, and what they keep to the letter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.request.history import clean_history, mend_calls, strip_preview, unmark_tags
from roobridge.grammar.model import Kind, Param, Tool, Toolset
from roobridge.render.guard import ZERO_WIDTH

Z = ZERO_WIDTH
SAVE = Tool(
    "save",
    {
        "path": Param("path", Kind.TEXT),
        "content": Param("content"),
        "note": Param("note", Kind.TEXT, prose=True),
    },
    last_close="content",
)
FINISH = Tool("finish", {"result": Param("result", Kind.TEXT, prose=True)})
RUN = Tool("run", {"command": Param("command", Kind.TEXT)})
TOOLSET = Toolset(
    {tool.name: tool for tool in (SAVE, FINISH, RUN)},
    read_tools=frozenset({"save", "finish", "run", "glance"}),
    read_params=frozenset({"path", "content", "note", "result", "command", "url"}),
)
XML = Plan(ClientKind.XML_AGENT, TOOLSET, client="roo")
NATIVE = Plan(ClientKind.NATIVE_AGENT, TOOLSET, client="roo")
GUARDED = Plan(ClientKind.NATIVE_AGENT, TOOLSET, client="roo", guard_text=True)
PLAIN = Plan(ClientKind.PLAIN)


def said(content: object, **fields: object) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **fields}


@pytest.mark.parametrize(
    ("marked", "restored"),
    [
        ("plain", "plain"),
        (f"Use <{Z}save> and <{Z}/save>.", "Use <save> and </save>."),
        (f"Not offered: <{Z}glance>; a parameter: <{Z}/url>", "Not offered: <glance>; a parameter: </url>"),
        (f"Not a tag of the client's: <{Z}div>", f"Not a tag of the client's: <{Z}div>"),
        (f"Not whole: <{Z}save", f"Not whole: <{Z}save"),
        (f"Elsewhere: a{Z}b <save{Z}>", f"Elsewhere: a{Z}b <save{Z}>"),
        (f"Longer: <{Z}saved>", f"Longer: <{Z}saved>"),
        (
            f"<finish>\n<result>\nthe <{Z}/result> tag\n</result>\n</finish>",
            "<finish>\n<result>\nthe </result> tag\n</result>\n</finish>",
        ),
    ],
)
def test_marks_before_tags_go(marked: str, restored: str) -> None:
    assert unmark_tags(marked, TOOLSET) == restored


@pytest.mark.parametrize(
    "kept",
    [
        f"<save><path>a</path><content>\n<{Z}save> of the file's own\n</content></save>",
        f"<save><content>a</content> <{Z}/content> b</content></save>",
        f"<save><content>never closed <{Z}save>",
        f"<run><command>echo '<{Z}run>'</command></run>",
        f"<run><command>echo <{Z}run>",
    ],
)
def test_values_that_are_no_prose_are_kept(kept: str) -> None:
    assert unmark_tags(kept, TOOLSET) == kept


def test_text_beside_a_kept_value_is_restored() -> None:
    text = f"<{Z}run> first: <save><content>\n<{Z}run>\n</content><note><{Z}/note></note></save> <{Z}save>"
    assert unmark_tags(text, TOOLSET) == (
        f"<run> first: <save><content>\n<{Z}run>\n</content><note></note></note></save> <save>"
    )


def test_a_tool_without_parameters_hides_nothing() -> None:
    toolset = Toolset({"rest": Tool("rest", {})})
    assert unmark_tags(f"<rest></rest><{Z}rest>", toolset) == "<rest></rest><rest>"
    assert unmark_tags(f"<rest><{Z}rest>", toolset) == "<rest><rest>"


_PIECES = st.sampled_from(
    "< > / save run content result note finish x <save> </save> <content> </content> <run> <command> "
    f"</command> <{Z}save> <{Z}/result> <finish><result>".split(" ")
)


@given(st.lists(_PIECES, max_size=25).map("".join))
def test_only_zero_width_spaces_before_tags_go(text: str) -> None:
    restored = unmark_tags(text, TOOLSET)
    assert restored.replace(Z, "") == text.replace(Z, "")
    assert len(restored) <= len(text)


@given(st.text(alphabet=f"ab<>/{Z}\n", max_size=30))
def test_file_content_is_never_touched(content: str) -> None:
    call = f"<save><path>p</path><content>{content}</content></save>"
    assert unmark_tags(call, TOOLSET) == call


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<think>preview</think>answer", "answer"),
        ("<think>\nseveral\nlines\n</think>\n\nanswer", "answer"),
        ("<think>only</think>", ""),
        ("<think>never closed", "<think>never closed"),
        ("before <think>x</think>", "before <think>x</think>"),
        ("<think>a</think> b</think>", " b</think>"),
    ],
)
def test_a_returned_preview_goes(text: str, left: str) -> None:
    assert strip_preview(text) == left


@pytest.mark.parametrize(
    ("plan", "left"),
    [(XML, "<save>"), (GUARDED, "<save>"), (NATIVE, f"<{Z}save>"), (PLAIN, f"<think>t</think><{Z}save>")],
)
def test_assistant_text_is_cleaned_as_the_client_needs(plan: Plan, left: str) -> None:
    text = f"<think>t</think><{Z}save>"
    (whole,) = clean_history([said(text)], plan)
    (parts,) = clean_history([said([{"type": "text", "text": text}, {"type": "refusal"}])], plan)
    assert whole["content"] == left
    assert parts["content"] == [{"type": "text", "text": left}, {"type": "refusal"}]


def test_untouched_messages_are_the_same_objects() -> None:
    calls = [{"id": "c", "type": "function", "function": {"name": "run", "arguments": '{"a": 1}'}}]
    messages = [
        {"role": "system", "content": f"<{Z}save>"},
        {"role": "user", "content": f"<think>x</think><{Z}save>"},
        said("plain"),
        said([{"type": "text", "text": "plain"}]),
        said("", tool_calls=calls),
        said(None, refusal="No."),
        {"role": "tool", "tool_call_id": "c", "content": f"<{Z}save>"},
    ]
    before = [dict(message) for message in messages]
    cleaned = clean_history(messages, XML)
    assert all(new is old for new, old in zip(cleaned, messages, strict=True))
    assert messages == before


def test_developer_becomes_system() -> None:
    message = {"role": "developer", "content": "Be brief."}
    assert clean_history([message], PLAIN) == [{"role": "system", "content": "Be brief."}]
    assert message["role"] == "developer"


@pytest.mark.parametrize(
    ("arguments", "mended"),
    [
        ('{"a": 1}', '{"a": 1}'),
        ("{}", "{}"),
        ('{"a": ', "{}"),
        ("", "{}"),
        (None, "{}"),
        ("[1]", "{}"),
        ("null", "{}"),
        ('"text"', "{}"),
        ('"{\\"a\\":1}"', '{"a":1}'),
        ({"a": [True]}, '{"a":[true]}'),
        ("\ud800", "{}"),
    ],
)
def test_arguments_become_an_object(arguments: object, mended: str) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "run", "arguments": arguments}}
    message = said("", tool_calls=[call])
    (cleaned,) = mend_calls(message)["tool_calls"]
    assert cleaned == {"id": "c", "type": "function", "function": {"name": "run", "arguments": mended}}
    assert (cleaned is call) == (arguments == mended)
    assert call["function"] == {"name": "run", "arguments": arguments}


def test_silent_content_beside_calls_becomes_a_string() -> None:
    calls = [{"function": {"name": "run", "arguments": "{}"}}]
    assert mend_calls(said(None, tool_calls=calls))["content"] == ""
    assert mend_calls({"role": "assistant", "tool_calls": calls})["content"] == ""


def test_calls_of_another_type_stay() -> None:
    calls = [{"id": "c", "type": "custom", "custom": {"name": "x", "input": "not json"}}]
    message = said("", tool_calls=calls)
    assert mend_calls(message) is message
