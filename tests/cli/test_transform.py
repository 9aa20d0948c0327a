"""`roobridge transform`, run in this process on the real machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from roobridge.bridge.wire.sse import SSEDecoder
from tests.cli.conftest import Run

COMMAND = "<execute_command>\n<command>ls</command>\n</execute_command>"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {"type": "object", "properties": {key: {"type": "string"}}, "required": [key]},
        },
    }
    for name, key in (("execute_command", "command"), ("attempt_completion", "result"))
]


def lines(*cases: dict[str, Any]) -> bytes:
    return b"".join(msgspec.json.encode(case) + b"\n" for case in cases)


def chunk(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"choices": [choice]}) + b"\n\n"


def qwen(content: str, status: str = "typing") -> bytes:
    delta = {"role": "assistant", "content": content, "phase": "answer", "status": status}
    return b"data: " + msgspec.json.encode({"choices": [{"delta": delta}]}) + b"\n\n"


@pytest.fixture
def tools(tmp_path: Path) -> str:
    file = tmp_path / "tools.json"
    file.write_bytes(msgspec.json.encode(TOOLS))
    return str(file)


@pytest.mark.parametrize("cuts", [[], ["--chunk", "1"], ["--chunk-seed", "3"]])
def test_plain_text_passes_byte_for_byte(run: Run, cuts: list[str]) -> None:
    reply = "Grüße ☃\n\n  <read_file> stays\r\n".encode()
    assert run("transform", "--kind", "plain", *cuts, stdin=reply) == (0, reply, "")


def test_a_call_passes_byte_for_byte_and_text_is_wrapped(run: Run) -> None:
    assert run("transform", stdin=COMMAND.encode()) == (0, COMMAND.encode(), "")
    wrapped = "<attempt_completion>\n<result>\nAll done.\n</result>\n</attempt_completion>"
    assert run("transform", stdin=b"All done.").out.decode() == wrapped


def test_native_text_becomes_a_completion_call(run: Run, tools: str) -> None:
    out = run("transform", "--kind", "native", "--tools", tools, "--output", "json", stdin=b"All done.").out
    outcome = msgspec.json.decode(out)
    assert outcome["tool_calls"] == [{"name": "attempt_completion", "arguments": {"result": "All done."}}]
    assert outcome["finish_reason"] == "tool_calls"
    assert outcome["error"] is None


def test_native_tools_without_the_completion_leave_text_as_it_is(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tools.json"
    file.write_bytes(msgspec.json.encode(TOOLS[:1]))
    out = run("transform", "--kind", "native", "--tools", str(file), "--output", "json", stdin=b"Hello.").out
    assert msgspec.json.decode(out)["content"] == "Hello."


def test_an_unfinished_call_is_status_1_and_no_call(run: Run) -> None:
    reply = b"I write.\n\n<write_to_file>\n<path>a</path>\n<content>\nhalf"
    status, out, err = run("transform", stdin=reply)
    assert status == 1
    assert b"<write_to_file>" not in out
    assert err.startswith("roobridge: ")
    status, out, _ = run("transform", "--output", "json", "--finish-reason", "length", stdin=reply)
    outcome = msgspec.json.decode(out)
    assert status == 0
    assert (outcome["tool_calls"], outcome["finish_reason"]) == ([], None)
    assert set(outcome["error"]) == {"code", "message", "type"}


def test_the_json_form_has_these_fields_in_this_order(run: Run) -> None:
    out = run("transform", "--kind", "plain", "--output", "json", stdin=b"x").out
    assert out == (
        b'{"content":"x","reasoning":"","tool_calls":[],"finish_reason":"stop","repairs":[],"error":null}\n'
    )


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("openai-sse", chunk("Grüße ") + chunk("☃") + chunk("", "stop") + b"data: [DONE]\n\n"),
        ("qwen-web-sse", qwen("Grüße ") + qwen("☃") + qwen("", "finished")),
    ],
)
def test_recorded_streams_are_read_at_any_cut_of_their_bytes(run: Run, name: str, stream: bytes) -> None:
    for cuts in ([], ["--chunk", "1"], ["--chunk-seed", "5"]):
        ran = run("transform", "--input", name, "--kind", "plain", *cuts, stdin=stream)
        assert ran == (0, "Grüße ☃".encode(), "")


def test_a_stream_ends_as_it_says_unless_told_otherwise(run: Run) -> None:
    stream = chunk("All done.") + chunk("", "stop")
    assert run("transform", "--input", "openai-sse", stdin=stream).status == 0
    assert run("transform", "--input", "openai-sse", stdin=chunk("All done.")).status == 1
    assert run("transform", "--input", "openai-sse", "--finish-reason", "length", stdin=stream).status == 1


def test_an_error_inside_a_stream_is_told_in_its_own_words(run: Run) -> None:
    stream = chunk("Half") + b'data: {"error":{"message":"quota is used up","code":"429"}}\n\n'
    status, _, err = run("transform", "--input", "openai-sse", stdin=stream)
    assert status == 1
    assert "quota is used up" in err


def test_the_stream_form_is_the_clients_and_the_same_every_time(run: Run) -> None:
    ran = run("transform", "--kind", "plain", "--output", "sse", "--chunk", "2", stdin=b"abcd")
    assert ran == run("transform", "--kind", "plain", "--output", "sse", "--chunk", "2", stdin=b"abcd")
    frames = [data for _, data in SSEDecoder().feed(ran.out.decode())]
    assert frames[-1] == "[DONE]"
    deltas = [msgspec.json.decode(frame)["choices"][0] for frame in frames[:-1]]
    assert deltas[0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(choice["delta"].get("content", "") for choice in deltas) == "abcd"
    assert deltas[-1]["finish_reason"] == "stop"


def test_a_failed_stream_ends_with_the_error_and_nothing_after_it(run: Run) -> None:
    status, out, _ = run(
        "transform", "--output", "sse", "--finish-reason", "cut", stdin=COMMAND[:40].encode()
    )
    frames = [data for _, data in SSEDecoder().feed(out.decode())]
    assert status == 1
    assert set(msgspec.json.decode(frames[-1])["error"]) == {"message", "type", "code", "param"}


def test_jsonl_answers_each_line_and_goes_on_after_a_bad_one(run: Run) -> None:
    status, out, _ = run(
        "transform",
        "--jsonl",
        "--kind",
        "plain",
        stdin=lines(
            {"id": 1, "reply": "one", "chunk": 1, "chunk_seed": None},
            {"id": "two"},
            {"id": 3, "reply": "x", "kind": "sung"},
            {"id": 4, "reply": "x", "client_version": "three"},
            {"id": 5, "reply": "x", "kind": "native", "tools": [{"name": "x"}]},
            {"id": 6, "reply": "x", "chunk": -1},
        )
        + b"not json\n\n"
        + lines({"reply": "last", "remark": "mine"}),
    )
    answers = [msgspec.json.decode(line) for line in out.splitlines()]
    assert status == 0
    assert [answer["id"] for answer in answers] == [1, "two", 3, 4, 5, 6, None, None]
    assert [bool(answer["error"]) for answer in answers] == [False, *[True] * 6, False]
    assert (answers[0]["content"], answers[-1]["content"]) == ("one", "last")
    for answer, named in zip(
        answers[1:6], ["reply", "kind", "version", "function.name", "chunk"], strict=True
    ):
        assert named in answer["error"]["message"]


CALLED = '{"name": "put", "arguments": '


@pytest.mark.parametrize(
    ("reply", "kind", "wanted"),
    [
        (CALLED + '{"n": -0.0e-7, "s": "a\\n b"}}', "native-other", b'{"n":-0.0e-7,"s":"a\\n b"}'),
        (CALLED + '{"s": "\\ud83d \u2028"}}', "native-other", '{"s":"\ufffd \u2028"}'.encode()),
    ],
)
def test_a_call_stands_in_one_line_to_the_digit(run: Run, reply: str, kind: str, wanted: bytes) -> None:
    put = {
        "type": "function",
        "function": {"name": "put", "parameters": {"type": "object", "properties": {}}},
    }
    line = {"id": 1, "reply": f"<tool_call>{reply}</tool_call>", "kind": kind, "tools": [put]}
    out = run("transform", "--jsonl", stdin=lines(line)).out
    assert out.count(b"\n") == 1
    assert b'"arguments":' + wanted in out
    assert list(msgspec.json.decode(out)) == FIELDS


def test_a_number_that_no_client_reads_is_an_error_in_one_line(run: Run) -> None:
    put = {"type": "function", "function": {"name": "put", "parameters": {"type": "object"}}}
    reply = f'<tool_call>{CALLED}{{"n": [1.50,\n 1e999]}}}}</tool_call>'
    line = {"id": 1, "reply": reply, "kind": "native-other", "tools": [put]}
    out = run("transform", "--jsonl", stdin=lines(line)).out
    assert out.count(b"\n") == 1
    answer = msgspec.json.decode(out)
    assert list(answer) == FIELDS
    assert answer["error"]["code"] == "unfinished_call"


FIELDS = ["id", "content", "reasoning", "tool_calls", "finish_reason", "repairs", "error"]


@pytest.mark.parametrize(
    "line",
    [b"not json", b'{"id": 1}', b'{"id": 1, "reply": "a \\ud83d b"}', b'{"id": 1, "reply": "\\ud83d', b"{}"],
)
def test_every_line_has_all_fields(run: Run, line: bytes) -> None:
    status, out, _ = run("transform", "--jsonl", "--kind", "plain", stdin=line + b"\n")
    assert status == 0
    assert out.count(b"\n") == 1
    assert list(msgspec.json.decode(out)) == FIELDS


def test_half_a_character_does_not_break_a_line(run: Run) -> None:
    out = run("transform", "--jsonl", "--kind", "plain", stdin=b'{"id": 7, "reply": "a \\ud83d b"}\n').out
    answer = msgspec.json.decode(out)
    assert (answer["id"], answer["content"], answer["error"]) == (7, "a \ufffd b", None)


def test_a_line_overrides_the_command_line(run: Run) -> None:
    line = {
        "reply": COMMAND,
        "kind": "native",
        "tools": TOOLS,
        "client": "roo",
        "client_version": "3.52.1",
        "parallel_tool_calls": True,
        "wrap": "hold",
        "finish_reason": "stop",
        "input": "text",
    }
    (answer,) = run("transform", "--jsonl", "--kind", "plain", stdin=lines(line)).out.splitlines()
    assert msgspec.json.decode(answer)["tool_calls"] == [
        {"name": "execute_command", "arguments": {"command": "ls"}}
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read"),
        (b"{", "tools"),
        (b"{}", "tools"),
        (b'[{"type":"function"}]', "function.name"),
    ],
)
def test_tools_that_are_none_are_refused(run: Run, tmp_path: Path, content: bytes | None, words: str) -> None:
    file = tmp_path / "tools.json"
    if content is not None:
        file.write_bytes(content)
    status, _, err = run("transform", "--kind", "native", "--tools", str(file), stdin=b"x")
    assert status == 2
    assert words in err


def test_a_text_that_is_not_utf8_is_refused_with_the_place(run: Run) -> None:
    status, _, err = run("transform", "--kind", "plain", stdin=b"ab\xff")
    assert status == 2
    assert "byte 2" in err


@pytest.mark.shared
def test_the_recorded_answer_of_the_site_is_wrapped_whole(run: Run, shared: Path) -> None:
    stream = (shared / "payloads" / "qwen_web_stream_qwen3-vl-plus_answer.sse").read_bytes()
    plain = run("transform", "--input", "qwen-web-sse", "--kind", "plain", stdin=stream).out
    wrapped = run("transform", "--input", "qwen-web-sse", "--chunk-seed", "1", stdin=stream).out
    assert len(plain) > 3000
    head, _, tail = wrapped.partition(plain.strip())
    assert (head.strip(), tail.strip()) == (
        b"<attempt_completion>\n<result>",
        b"</result>\n</attempt_completion>",
    )
