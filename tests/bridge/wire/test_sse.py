from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Usage
from roobridge.bridge.wire.sse import ChunkWriter, Frame, SSEDecoder, decode_data, json_string, well_formed
from roobridge.events import ToolDelta

# name, text of a whole stream, its frames; the rules are those of WHATWG HTML, section 9.2.6
CASES: list[tuple[str, str, list[Frame]]] = [
    ("one", "data: a\n\n", [("", "a")]),
    ("without space", "data:a\n\n", [("", "a")]),
    ("one space only is markup", "data:  a\n\n", [("", " a")]),
    ("two", "data: a\n\ndata: b\n\n", [("", "a"), ("", "b")]),
    ("several lines", "data: a\ndata: b\n\n", [("", "a\nb")]),
    ("crlf", "data: a\r\n\r\ndata: b\r\n\r\n", [("", "a"), ("", "b")]),
    ("cr", "data: a\r\rdata: b\r\r", [("", "a"), ("", "b")]),
    ("mixed ends", "data: a\r\ndata: b\n\rdata: c\n\n", [("", "a\nb"), ("", "c")]),
    ("comment", ": hello\n\ndata: a\n: hello\n\n", [("", "a")]),
    ("more blank lines", "\n\n\ndata: a\n\n\n\ndata: b\n\n\n", [("", "a"), ("", "b")]),
    ("empty data", "data\n\n", [("", "")]),
    ("event name", "event: error\n:HTTP_STATUS/429\ndata:{}\n\ndata: a\n\n", [("error", "{}"), ("", "a")]),
    ("event without data", "event: ping\n\ndata: a\n\n", [("", "a")]),
    ("id and retry", "id: 1\nretry: 5\ndata: a\n\n", [("", "a")]),
    ("no last blank line", "data: a\n\ndata: b\n", [("", "a"), ("", "b")]),
    ("no last newline", "data: a\n\ndata: b", [("", "a"), ("", "b")]),
    ("colon in data", "data: a: b\n\n", [("", "a: b")]),
    ("nothing", "", []),
]

names = [name for name, _, _ in CASES]


def decode(pieces: list[str]) -> list[Frame]:
    decoder = SSEDecoder()
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    return frames + decoder.close()


@pytest.mark.parametrize(("text", "frames"), [case[1:] for case in CASES], ids=names)
def test_frames_whole_and_one_character_at_a_time(text: str, frames: list[Frame]) -> None:
    assert decode([text]) == frames
    assert decode(list(text)) == frames


@pytest.mark.parametrize("text", [case[1] for case in CASES], ids=names)
def test_every_cut_in_two_gives_the_same(text: str) -> None:
    for at in range(len(text) + 1):
        assert decode([text[:at], text[at:]]) == decode([text])


@given(st.lists(st.sampled_from(["data: x", "data:", "event: e", ": c", "other", "\n", "\r", "\r\n", "é "])))
def test_any_cut_of_any_stream(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert decode(list(text)) == decode([text]) == decode(pieces)


def test_a_frame_comes_with_its_blank_line() -> None:
    decoder = SSEDecoder()
    assert decoder.feed("data: a\n") == []
    assert decoder.feed("\n") == [("", "a")]
    assert decoder.feed("data: b\r\n\r") == [("", "b")]


def test_lines_that_are_no_field_are_kept() -> None:
    body = '{"ret": ["FAIL"],\n"data": {"url": "x"}}'
    decoder = SSEDecoder()
    assert [frame for c in body for frame in decoder.feed(c)] + decoder.close() == []
    assert "\n".join(decoder.stray) == body


class _Counted(str):
    """Text that counts the characters its searches and splits look at."""

    looked = 0

    def find(self, *args: object) -> int:
        start = args[1] if len(args) > 1 else 0
        assert isinstance(start, int)
        found = str.find(self, str(args[0]), start)
        _Counted.looked += (len(self) if found < 0 else found + 1) - start
        return found

    def split(self, sep: str | None = None, maxsplit: object = -1) -> list[str]:
        _Counted.looked += len(self)
        return str.split(self, sep)


@pytest.mark.parametrize("cut", [1, 7, 4096])
def test_an_event_in_many_pieces_is_looked_at_once(cut: int) -> None:
    event = "data: " + "x" * 20000 + "\ndata: y\n\n"
    _Counted.looked = 0
    decoder = SSEDecoder()
    pieces = [_Counted(event[i : i + cut]) for i in range(0, len(event), cut)]
    frames = [frame for piece in pieces for frame in decoder.feed(piece)]
    assert frames == [("", "x" * 20000 + "\ny")]
    assert len(event) / 2 < _Counted.looked <= 2 * len(event)


def test_halves_of_surrogate_pairs() -> None:
    texts = msgspec.json.Decoder(str)
    assert decode_data(texts, '"\\ud83d\\ude00"') == "\U0001f600"
    assert decode_data(texts, '"a\\ud83d"') == "a\ufffd"
    assert decode_data(texts, '"é\ud83d"') == "é\ufffd"
    with pytest.raises(msgspec.MsgspecError):
        decode_data(texts, '"open')


@given(st.text(st.characters(codec=None)))
def test_json_string_takes_any_text(text: str) -> None:
    assert json.loads(json_string(text)) == well_formed(text)


WRITER = ChunkWriter('id"1', "qwen3 – coder", 1700000000)
HEAD = {"id": 'id"1', "object": "chat.completion.chunk", "created": 1700000000, "model": "qwen3 – coder"}


def body(frame: bytes) -> dict[str, object]:
    assert frame.startswith(b"data: ")
    assert frame.endswith(b"\n\n")
    assert frame.count(b"\n") == 2
    said = json.loads(frame[6:])
    assert isinstance(said, dict)
    return said


def chunk(delta: dict[str, object], finish: str | None = None) -> dict[str, object]:
    return {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def test_chunks() -> None:
    call = {"index": 2, "id": "c1", "type": "function", "function": {"name": "read_file", "arguments": ""}}
    more = {"index": 2, "function": {"arguments": '{"path'}}
    assert body(WRITER.role()) == chunk({"role": "assistant", "content": ""})
    assert body(WRITER.content('a"\n\r\0é\U0001f600')) == chunk({"content": 'a"\n\r\0é\U0001f600'})
    assert body(WRITER.reasoning("hm")) == chunk({"reasoning_content": "hm"})
    assert body(WRITER.tool(ToolDelta(2, "c1", "read_file"))) == chunk({"tool_calls": [call]})
    assert body(WRITER.tool(ToolDelta(2, arguments='{"path'))) == chunk({"tool_calls": [more]})
    assert body(WRITER.finish("tool_calls")) == chunk({}, "tool_calls")
    assert body(WRITER.content("a\ud83db")) == chunk({"content": "a\ufffdb"})


@pytest.mark.parametrize(
    ("usage", "more"),
    [
        (Usage(10, 5), {}),
        (Usage(10, 5, cached=4), {"cache_read_input_tokens": 4}),
        (Usage(10, 5, written=6), {"cache_creation_input_tokens": 6}),
    ],
)
def test_usage_chunk_has_no_choices(usage: Usage, more: dict[str, int]) -> None:
    assert body(WRITER.usage(msgspec.structs.replace(usage, reasoning=2))) == {
        **HEAD,
        "choices": [],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
            "completion_tokens_details": {"reasoning_tokens": 2},
            **more,
        },
    }


def test_error_comment_and_end() -> None:
    said = body(WRITER.error("broke\noff", kind="api_error", code="broken_off", param="model"))
    assert said == {
        "error": {"message": "broke\noff", "type": "api_error", "code": "broken_off", "param": "model"}
    }
    assert body(WRITER.error("\ud83d"))["error"] == {
        "message": "\ufffd",
        "type": "api_error",
        "code": None,
        "param": None,
    }
    assert decode([(WRITER.comment() + WRITER.done()).decode()]) == [("", "[DONE]")]
