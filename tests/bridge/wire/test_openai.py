from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta, Usage
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.errors import UpstreamError
from roobridge.events import ToolDelta
from tests.bridge.wire.cut_alike import assert_cut_alike


def frame(said: object) -> str:
    return f"data: {json.dumps(said, ensure_ascii=False)}\n\n"


def delta(finish: str | None = None, **said: object) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": said, "finish_reason": finish}], "usage": None}


def call(**fields: object) -> dict[str, Any]:
    return delta(tool_calls=[fields])


def decode(*pieces: str) -> tuple[list[Delta], UpstreamError | None]:
    wire = OpenAIStream(Cleaner())
    deltas = [said for piece in pieces for said in wire.feed(piece)]
    return deltas + wire.close(), wire.error


DONE = "data: [DONE]\n\n"
STOP = frame(delta(finish="stop"))
A = frame(delta(content="a"))
STOPPED = Delta(finish="stop")
A_CUT = [Delta(content="a"), Delta(finish="cut")]

# name, body, deltas
CASES: list[tuple[str, str, list[Delta]]] = [
    (
        "by the book",
        frame(delta(role="assistant", content="")) + A + frame(delta(content="b")) + STOP + DONE,
        [Delta(content="a"), Delta(content="b"), Delta(finish="stop")],
    ),
    ("done without a finish", A + DONE, [Delta(content="a"), STOPPED]),
    ("neither", A, [Delta(content="a"), Delta(finish="cut")]),
    ("finish without done", A + STOP, [Delta(content="a"), STOPPED]),
    ("done with spaces around it", A + "data:  [DONE] \n\n", [Delta(content="a"), STOPPED]),
    ("an empty event first", "data:\n\ndata: \n\n" + A + STOP, [Delta(content="a"), STOPPED]),
    (
        "a choice's index in digits",
        frame({"choices": [{"index": "1", "delta": {"content": "b"}}]})
        + frame({"choices": [{"index": "0", "delta": {"content": "a"}, "finish_reason": "stop"}]}),
        [Delta(content="a"), STOPPED],
    ),
    (
        "a call's index in digits",
        frame(call(index="0", id="c", function={"name": "f", "arguments": "{"}))
        + frame(call(index="0", function={"arguments": "}"}))
        + STOP,
        [
            Delta(tool_calls=(ToolDelta(0, "c", "f", "{"),)),
            Delta(tool_calls=(ToolDelta(0, "", "", "}"),)),
            STOPPED,
        ],
    ),
    ("length", A + frame(delta(finish="length")) + DONE, [Delta(content="a"), Delta(finish="length")]),
    ("finish beside content", frame(delta("stop", content="a")), [Delta(content="a"), STOPPED]),
    ("another word", A + frame(delta(finish="abort")) + DONE, [Delta(content="a"), Delta(finish="cut")]),
    ("an empty finish", frame(delta("", content="a")) + DONE, [Delta(content="a"), STOPPED]),
    (
        "usage after the finish",
        A
        + STOP
        + frame({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}})
        + DONE,
        [Delta(content="a"), Delta(usage=Usage(7, 2)), Delta(finish="stop")],
    ),
    (
        "usage in detail, without choices",
        frame(
            {
                "usage": {
                    "prompt_tokens": 7,
                    "completion_tokens": 2,
                    "prompt_tokens_details": {"cached_tokens": 3},
                    "completion_tokens_details": {"reasoning_tokens": 1},
                }
            }
        )
        + DONE,
        [Delta(usage=Usage(7, 2, 3, 1)), Delta(finish="stop")],
    ),
    ("usage without a number", A + STOP + frame({"usage": "none"}) + DONE, [Delta(content="a"), STOPPED]),
    (
        "usage of nothing",
        A + STOP + frame({"usage": {"total_tokens": 0}}) + DONE,
        [Delta(content="a"), STOPPED],
    ),
    (
        "a choice without words",
        A + frame({"choices": [{"finish_reason": "stop"}]}),
        [Delta(content="a"), STOPPED],
    ),
    ("null choices", frame({"choices": None}) + A + DONE, [Delta(content="a"), STOPPED]),
    ("null everything", frame(delta(content=None, tool_calls=None)) + DONE, [Delta(finish="stop")]),
    (
        "reasoning_content",
        frame(delta(reasoning_content="r", content=None)) + DONE,
        [Delta("r"), Delta(finish="stop")],
    ),
    ("reasoning", frame(delta(reasoning="r", content="")) + DONE, [Delta("r"), Delta(finish="stop")]),
    (
        "both reasonings",
        frame(delta(reasoning="r", reasoning_content="r")) + DONE,
        [Delta("r"), Delta(finish="stop")],
    ),
    (
        "content in parts",
        frame(delta(content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, {"type": "x"}]))
        + DONE,
        [Delta(content="ab"), Delta(finish="stop")],
    ),
    ("another choice", frame({"choices": [{"index": 1, "delta": {"content": "x"}}]}) + A, A_CUT),
    ("half a frame at the end", A + 'data: {"choices": [{"del', A_CUT),
    (
        "a split pair",
        frame(delta(content="a")).replace('"a"', '"a\\ud83d"'),
        [Delta(content="a\ufffd"), Delta(finish="cut")],
    ),
    ("after done", A + STOP + DONE + A, [Delta(content="a"), STOPPED]),
    ("half a frame after done", A + DONE + A[:-2], [Delta(content="a"), STOPPED]),
    (
        "tool call",
        frame(call(index=0, id="c1", type="function", function={"name": "f", "arguments": ""}))
        + frame(call(index=0, id="", function={"name": None, "arguments": '{"a'}))
        + frame(call(index=0, id=None, function={"name": "", "arguments": '":1}'}))
        + frame(delta(finish="tool_calls"))
        + DONE,
        [
            Delta(tool_calls=(ToolDelta(0, "c1", "f"),)),
            Delta(tool_calls=(ToolDelta(0, arguments='{"a'),)),
            Delta(tool_calls=(ToolDelta(0, arguments='":1}'),)),
            Delta(finish="tool_calls"),
        ],
    ),
    (
        "tool calls without an index",
        frame(call(id="c1", function={"name": "f", "arguments": "{}"}))
        + frame(call(function={"arguments": " "}))
        + frame(call(id="c2", function={"name": "g"}))
        + DONE,
        [
            Delta(tool_calls=(ToolDelta(0, "c1", "f", "{}"),)),
            Delta(tool_calls=(ToolDelta(0, arguments=" "),)),
            Delta(tool_calls=(ToolDelta(1, "c2", "g"),)),
            Delta(finish="stop"),
        ],
    ),
    (
        "arguments as an object, every digit kept",
        'data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f",'
        '"arguments":{"n": 12345678901234567890123}}},{"index":1,"function":{"name":"g","arguments":null}},'
        '{"index":2,"function":null}]}}]}\n\n' + DONE,
        [
            Delta(
                tool_calls=(
                    ToolDelta(0, name="f", arguments='{"n": 12345678901234567890123}'),
                    ToolDelta(1, name="g"),
                    ToolDelta(2),
                )
            ),
            Delta(finish="stop"),
        ],
    ),
    (
        "a whole completion",
        json.dumps(
            {
                "choices": [
                    {
                        "message": {
                            "content": "a",
                            "reasoning_content": "r",
                            "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
                        },
                        "finish_reason": "tool_calls",
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 2},
            },
            indent=1,
        ),
        [Delta("r", "a", (ToolDelta(0, "c", "f", "{}"),), Usage(1, 2)), Delta(finish="tool_calls")],
    ),
    ("a whole completion, bare", '{"choices":[{"message":{"content":"a"}}]}', [Delta(content="a"), STOPPED]),
]

names = [name for name, _, _ in CASES]


@pytest.mark.parametrize(("text", "deltas"), [case[1:] for case in CASES], ids=names)
def test_deltas(text: str, deltas: list[Delta]) -> None:
    assert decode(text) == (deltas, None)
    assert decode(*text) == (deltas, None)


def test_accepted_with_the_first_frame_that_is_no_error() -> None:
    wire = OpenAIStream(Cleaner())
    assert wire.feed(": waiting\n\n") == []
    assert not wire.accepted
    assert wire.feed(frame(delta(role="assistant", content=""))) == []
    assert wire.accepted


def test_finish_is_known_before_the_end() -> None:
    wire = OpenAIStream(Cleaner())
    assert wire.feed(A + STOP) == [Delta(content="a")]
    assert (wire.finish, wire.ended) == ("stop", False)
    assert wire.feed(DONE) == [Delta(finish="stop")]
    assert wire.ended
    assert wire.close() == []


@given(st.data())
def test_any_cut_gives_the_same(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([case[1] for case in CASES]))
    assert_cut_alike(decode, text, data)
