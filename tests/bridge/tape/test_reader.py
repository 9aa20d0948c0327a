"""Recorded bytes to deltas, in both formats, at any cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta
from roobridge.bridge.tape.format import Ending, Frame, Tape, Wire
from roobridge.bridge.tape.reader import WireReader, last_words, sniff
from roobridge.errors import UpstreamError


def qwen(content: str, status: str = "typing") -> bytes:
    delta = {"role": "assistant", "content": content, "phase": "answer", "status": status}
    return b"data: " + msgspec.json.encode({"choices": [{"delta": delta}]}) + b"\n\n"


def chunk(content: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"choices": [choice]}) + b"\n\n"


CREATED = b'data: {"response.created":{"chat_id":"c","parent_id":"p","response_id":"r"}}\n\n'
QWEN = CREATED + qwen("Grüße ") + qwen("☃") + qwen("", "finished")
OPENAI = chunk("Grüße ") + chunk("☃") + chunk("", "stop") + b"data: [DONE]\n\n"


def read(wire: Wire, parts: Sequence[bytes]) -> list[Delta]:
    reader = WireReader(wire)
    deltas = [delta for part in parts for delta in reader.feed(part)] + reader.close()
    assert reader.error is None
    assert reader.ended
    return deltas


@pytest.mark.parametrize(("wire", "raw"), [(Wire.QWEN_WEB, QWEN), (Wire.OPENAI, OPENAI)])
@given(cuts=st.lists(st.integers(0, len(QWEN) + len(OPENAI))))
def test_any_cut_of_the_bytes_gives_the_same(wire: Wire, raw: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    deltas = read(wire, [raw[start:end] for start, end in pairwise(edges)])
    assert "".join(delta.content for delta in deltas) == "Grüße ☃"
    assert [delta.finish for delta in deltas if delta.finish] == ["stop"]


def test_a_byte_order_mark_is_no_part_of_the_first_frame() -> None:
    assert read(Wire.OPENAI, [b"\xef\xbb\xbf" + OPENAI])[0].content == "Grüße "


def test_the_models_output_limit_stands_for_a_length_signal() -> None:
    usage = b'data: {"choices":[],"usage":{"input_tokens":1,"output_tokens":32768}}\n\n'
    for model, finish in (("qwen3-max", "length"), ("", "cut")):
        reader = WireReader(Wire.QWEN_WEB, model)
        reader.feed(CREATED + qwen("x") + usage)
        assert reader.close()[-1].finish == finish


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (QWEN, Wire.QWEN_WEB),
        (qwen("no created frame"), Wire.QWEN_WEB),
        (OPENAI, Wire.OPENAI),
        (b": comment\n\n" + QWEN, Wire.QWEN_WEB),
        (b'{"error":{"message":"no"}}', Wire.OPENAI),
        (b"", Wire.OPENAI),
    ],
)
def test_the_first_frame_tells_the_format(raw: bytes, wire: Wire) -> None:
    assert sniff(raw) is wire


def ended(raw: bytes, ending: Ending) -> tuple[Tape, WireReader]:
    tape = Tape(Wire.OPENAI, "m", (Frame(0.0, raw),), ending=ending)
    reader = WireReader(tape.wire)
    reader.feed(raw)
    return tape, reader


def test_a_reset_after_the_finish_reason_is_a_whole_reply() -> None:
    assert last_words(*ended(chunk("x", "stop"), Ending.RESET))[-1].finish == "stop"


def test_a_reset_before_it_is_a_broken_one() -> None:
    with pytest.raises(UpstreamError) as raised:
        last_words(*ended(chunk("x"), Ending.RESET))
    assert raised.value.code == "broken_off"


def test_an_orderly_end_before_it_is_a_cut() -> None:
    assert last_words(*ended(chunk("x"), Ending.EOF))[-1].finish == "cut"
