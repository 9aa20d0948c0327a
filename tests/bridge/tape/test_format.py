"""The tape format: what is written is read again, and what is wrong is named with its line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.tape.format import Ending, Frame, Match, Tape, Wire, parse_tape, write_tape
from roobridge.errors import SettingsError

HEADER = b'{"tape":1,"upstream":"openai","model":"m"}\n'

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
matches = st.builds(
    Match,
    kind=st.none() | st.sampled_from(ClientKind),
    client=st.none() | st.sampled_from(["roo", "cline"]),
    contains=st.none() | texts,
    turn=st.none() | st.integers(0, 99),
)


@st.composite
def tapes(draw: st.DrawFn) -> Tape:
    moments = sorted(draw(st.lists(st.integers(0, 10**6))))
    frames = tuple(Frame(moment / 1000, draw(st.binary(min_size=1))) for moment in moments)
    last = frames[-1].at if frames else 0.0
    return Tape(
        draw(st.sampled_from(Wire)),
        draw(texts),
        frames,
        draw(matches),
        draw(st.just("") | texts),
        draw(st.none() | st.dictionaries(texts, texts | st.integers(-9, 9))),
        tuple(draw(st.lists(texts))),
        draw(st.sampled_from(Ending)),
        last + draw(st.integers(0, 5000)) / 1000,
    )


@given(tapes())
def test_a_written_tape_is_read_as_it_was(tape: Tape) -> None:
    again = parse_tape(write_tape(tape), "t")
    assert again == _rounded(tape)


def _rounded(tape: Tape) -> Tape:
    frames = tuple(Frame(round(frame.at, 4), frame.data) for frame in tape.frames)
    return Tape(
        tape.wire,
        tape.model,
        frames,
        tape.match,
        tape.note,
        tape.request,
        tape.repairs,
        tape.ending,
        round(tape.ended, 4),
    )


def test_bytes_cut_inside_a_character_are_kept() -> None:
    snowman = "☃".encode()
    tape = Tape(Wire.OPENAI, "m", (Frame(0.0, snowman[:1]), Frame(0.1, snowman[1:]), Frame(0.2, snowman)))
    written = write_tape(tape)
    assert written.count(b'"b64"') == 2
    assert written.count('"data":"☃"'.encode()) == 1
    assert b"".join(frame.data for frame in parse_tape(written, "t").frames) == snowman * 2


def test_the_header_comes_first_and_leaves_out_what_is_not_set() -> None:
    written = write_tape(Tape(Wire.QWEN_WEB, "qwen3-max", (), Match(turn=0)))
    assert written == b'{"tape":1,"upstream":"qwen-web","model":"qwen3-max","match":{"turn":0}}\n'


def test_an_orderly_end_right_after_the_last_frame_needs_no_line() -> None:
    assert write_tape(Tape(Wire.OPENAI, "m", (Frame(1.0, b"x"),), ended=1.0)).count(b"\n") == 2


def test_blank_lines_are_skipped() -> None:
    tape = parse_tape(HEADER + b'\n{"at":1,"data":"x"}\r\n\n', "t")
    assert tape.frames == (Frame(1.0, b"x"),)


@pytest.mark.parametrize(
    ("raw", "line", "reason"),
    [
        (b"", 1, "header"),
        (b"data: {}\n", 1, "header"),
        (b'{"upstream":"openai","model":"m"}', 1, '"tape": 1'),
        (b'{"tape":2,"upstream":"openai","model":"m"}', 1, "tape"),
        (b'{"tape":1,"upstream":"smtp","model":"m"}', 1, "upstream"),
        (b'{"tape":1,"upstream":"openai"}', 1, "model"),
        (b'{"tape":1,"upstream":"openai","model":""}', 1, "model"),
        (b'{"tape":1,"upstream":"openai","model":"m","matches":{}}', 1, "matches"),
        (b'{"tape":1,"upstream":"openai","model":"m","match":{"kind":"xml"}}', 1, "kind"),
        (b'{"tape":1,"upstream":"openai","model":"m","match":{"trun":1}}', 1, "trun"),
        (HEADER + b"{", 2, "truncated"),
        (HEADER + b'{"data":"x"}', 2, "at"),
        (HEADER + b'{"at":0}', 2, "exactly one"),
        (HEADER + b'{"at":0,"data":"x","end":"eof"}', 2, "exactly one"),
        (HEADER + b'{"at":0,"b64":"%%%"}', 2, "b64"),
        (HEADER + b'{"at":0,"end":"bang"}', 2, "end"),
        (HEADER + b'{"at":-1,"data":"x"}', 2, "earlier"),
        (HEADER + b'{"at":2,"data":"x"}\n{"at":1,"data":"y"}', 3, "earlier"),
        (HEADER + b'{"at":2,"end":"eof"}\n{"at":3,"data":"y"}', 3, "follow"),
        (HEADER + b'{"at":0,"data":"\xff"}', 2, ""),
    ],
)
def test_a_broken_tape_is_refused_by_file_line_and_reason(raw: bytes, line: int, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"demo/x.tape.jsonl, line {line}: .*{re.escape(reason)}"):
        parse_tape(raw, "demo/x.tape.jsonl")
