from __future__ import annotations

import codecs
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta, Usage
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.qwen_web import QwenWebStream
from roobridge.errors import UpstreamError
from tests.bridge.wire.cut_alike import assert_cut_alike


def frame(said: object) -> str:
    return f"data: {json.dumps(said, ensure_ascii=False)}\n\n"


def phase(name: str | None, content: str, status: str = "typing", **more: object) -> str:
    said: dict[str, Any] = {"role": "assistant", "content": content, "status": status, **more}
    if name is not None:
        said["phase"] = name
    return frame({"choices": [{"delta": said}]})


def counted(content: str, output: int) -> str:
    usage = {"input_tokens": 33, "output_tokens": output, "total_tokens": 33 + output, "cached_tokens": 4}
    return frame({"choices": [{"delta": {"content": content, "phase": "answer"}}], "usage": usage})


CREATED = 'data: {"response.created":{"chat_id": "c", "parent_id": "p", "response_id":"r"}} \n\n'
A = phase("answer", "a")
FINISHED = phase("answer", "", "finished")
STOP = Delta(finish="stop")


def decode(*pieces: str, limit: int = 0) -> tuple[list[Delta], UpstreamError | None]:
    wire = QwenWebStream(Cleaner(), limit)
    deltas = [said for piece in pieces for said in wire.feed(piece)]
    return deltas + wire.close(), wire.error


def summary(titles: list[str], thoughts: list[str], status: str = "typing") -> str:
    extra = {"summary_title": {"content": titles}, "summary_thought": {"content": thoughts}}
    return phase("thinking_summary", "", status, extra=extra)


# name, body, deltas
CASES: list[tuple[str, str, list[Delta]]] = [
    ("answer", CREATED + A + phase("answer", "b") + FINISHED, [Delta(content="a"), Delta(content="b"), STOP]),
    ("content in the last frame", CREATED + phase("answer", "a", "finished"), [Delta(content="a"), STOP]),
    ("no end", CREATED + A, [Delta(content="a"), Delta(finish="cut")]),
    ("half a frame", CREATED + A + 'data: {"choices": [{"delta"', [Delta(content="a"), Delta(finish="cut")]),
    ("no last blank line", CREATED + A + FINISHED.rstrip("\n"), [Delta(content="a"), STOP]),
    (
        "done is not needed and does no harm",
        CREATED + A + FINISHED + "data: [DONE]\n\n",
        [Delta(content="a"), STOP],
    ),
    ("half a frame after the end", CREATED + A + FINISHED + A[:-2], [Delta(content="a"), STOP]),
    ("done is no end", CREATED + A + "data: [DONE]\n\n", [Delta(content="a"), Delta(finish="cut")]),
    ("without space", CREATED + A.replace("data: ", "data:") + FINISHED, [Delta(content="a"), STOP]),
    ("without created", A + FINISHED, [Delta(content="a"), STOP]),
    (
        "thinking of 2025",
        CREATED + phase("think", "hm") + phase("think", "", "finished") + A + FINISHED,
        [Delta("hm"), Delta(content="a"), STOP],
    ),
    (
        "thinking of 2026",
        CREATED
        + summary(["One"], [])
        + summary(["One"], ["first"])
        + summary(["One", "Two"], ["first", "second"])
        + summary(["One", "Two"], ["first", "second"], "finished")
        + A
        + FINISHED,
        [Delta("**One**\n\n"), Delta("first\n\n"), Delta("**Two**\n\nsecond\n\n"), Delta(content="a"), STOP],
    ),
    (
        "thinking without a summary",
        CREATED + phase("thinking_summary", "", extra=None) + A + FINISHED,
        [
            Delta(content="a"),
            STOP,
        ],
    ),
    (
        "the site's own tools",
        CREATED
        + phase("web_search", "", function_call={"name": "search"})
        + phase("web_search", "", "finished", function_id="x")
        + phase("image_gen", "pic", "finished")
        + A
        + FINISHED,
        [Delta(content="a"), STOP],
    ),
    (
        "frames of another reply",
        CREATED
        + frame({"choices": [{"delta": {"content": "x", "phase": "answer"}}], "response_id": "other"})
        + frame({"choices": [{"delta": {"content": "a", "phase": "answer"}}], "response_id": "r"})
        + frame({"choices": [{"delta": {"status": "finished", "phase": "answer"}}], "response_id": "other"})
        + FINISHED,
        [Delta(content="a"), STOP],
    ),
    ("no phase", CREATED + phase(None, "a") + phase(None, "", "finished"), [Delta(content="a"), STOP]),
    (
        "a function's answer without a phase",
        CREATED + phase(None, "x", role="function") + A + FINISHED,
        [
            Delta(content="a"),
            STOP,
        ],
    ),
    (
        "usage",
        CREATED + counted("a", 1) + counted("b", 2) + FINISHED,
        [Delta(content="a", usage=Usage(33, 1, 4)), Delta(content="b", usage=Usage(33, 2, 4)), STOP],
    ),
    (
        "usage that is none",
        CREATED
        + frame(
            {
                "choices": [{"delta": {"content": "a", "phase": "answer"}}],
                "usage": {"input_tokens": None, "output_tokens": 1.5, "output_tokens_details": 3},
            }
        )
        + FINISHED,
        [Delta(content="a"), STOP],
    ),
    ("unknown frames", CREATED + frame({"heartbeat": 1}) + A + FINISHED, [Delta(content="a"), STOP]),
    ("nothing after the end", CREATED + A + FINISHED + A, [Delta(content="a"), STOP]),
    ("an empty answer", CREATED + FINISHED, [STOP]),
]


@pytest.mark.parametrize(("text", "deltas"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_deltas(text: str, deltas: list[Delta]) -> None:
    assert decode(text) == (deltas, None)
    assert decode(*text) == (deltas, None)


@pytest.mark.parametrize(("output", "finish"), [(9, "stop"), (10, "length"), (11, "length")])
def test_the_output_limit_stands_for_a_length_signal(output: int, finish: str) -> None:
    text = CREATED + counted("a", output)
    assert decode(text + FINISHED, limit=10)[0][-1] == Delta(finish=finish)
    assert decode(text, limit=10)[0][-1] == Delta(finish="length" if finish == "length" else "cut")
    assert decode(text + FINISHED)[0][-1] == STOP


def test_thoughts_are_no_part_of_the_limited_output() -> None:
    usage = {"input_tokens": 5, "output_tokens": 12, "output_tokens_details": {"reasoning_tokens": 3}}
    counted_thoughts = frame({"choices": [{"delta": {"content": "a", "phase": "answer"}}], "usage": usage})
    assert decode(CREATED + counted_thoughts + FINISHED, limit=10)[0][-1] == STOP
    assert decode(CREATED + counted_thoughts + FINISHED, limit=9)[0][-1] == Delta(finish="length")


BUSY = '{"ret":["FAIL_SYS_USER_VALIDATE","RGV587_ERROR::SM::busy"],"data":{"url":"https://x/_____tmd_____/?x5=S3"}}'

# name, body, deltas before the error, code
ERRORS: list[tuple[str, str, list[Delta], str]] = [
    ("text", frame({"error": "Internal error!"}), [], "upstream_error"),
    (
        "object",
        CREATED + A + frame({"error": {"code": "bad", "details": "no"}}) + A,
        [Delta(content="a")],
        "bad",
    ),
    ("firewall", BUSY, [], "waf_busy"),
    ("firewall in a frame", f"data: {BUSY}\n\n", [], "waf_busy"),
    ("page", "<!doctypehtml><title>check</title>\n<script>aliyun_waf</script>", [], "waf_captcha"),
    (
        "quota",
        '{"success":false,"data":{"code":"RateLimited","details":"upper limit"}}',
        [],
        "insufficient_quota",
    ),
    (
        "flat quota",
        frame({"code": "RateLimited", "detail": "upper limit", "num": 4}),
        [],
        "insufficient_quota",
    ),
    ("nothing", "", [], "empty_stream"),
    ("created only", CREATED, [], "empty_stream"),
    ("nonsense first", "data: {nonsense}\n\n", [], "upstream_error"),
    ("nonsense later", CREATED + A + "data: {nonsense}\n\n" + A, [Delta(content="a")], "bad_frame"),
]


@pytest.mark.parametrize(
    ("text", "before", "code"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_errors(text: str, before: list[Delta], code: str) -> None:
    for pieces in ([text], list(text)):
        deltas, error = decode(*pieces)
        assert deltas == before
        assert error is not None
        assert error.code == code


def test_what_the_next_turn_needs() -> None:
    wire = QwenWebStream(Cleaner())
    assert wire.feed(": waiting\n\n") == []
    before = wire.accepted
    wire.feed(CREATED)
    assert (before, wire.accepted) == (False, True)
    assert wire.response_id == "r"


@given(st.data())
def test_any_cut_gives_the_same(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([case[1] for case in CASES] + [case[1] for case in ERRORS]))
    assert_cut_alike(decode, text, data)


def decode_bytes(body: bytes, cuts: list[int]) -> list[Delta]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    wire = QwenWebStream(Cleaner())
    deltas: list[Delta] = []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        deltas += wire.feed(decoder.decode(body[start:end]))
    return deltas + wire.close()


@pytest.mark.shared
@given(st.data())
def test_the_recorded_answer_whole_at_any_cut(shared: Path, data: st.DataObject) -> None:
    body = (shared / "payloads/qwen_web_stream_qwen3-vl-plus_answer.sse").read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=20)))
    deltas = decode_bytes(body, cuts)
    recorded = [json.loads(line[6:]) for line in body.decode().split("\n") if line.startswith("data: ")]
    text = "".join(said["choices"][0]["delta"]["content"] for said in recorded if "choices" in said)
    assert "".join(said.content for said in deltas) == text
    assert text.startswith("Greetings, Cosmic Traveler")
    assert deltas[-1] == STOP
    assert [said.usage for said in deltas if said.usage][-1] == Usage(33, 838)
    assert not any(said.finish for said in deltas[:-1])
