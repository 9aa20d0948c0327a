"""Tapes: what an upstream sent, cut as it arrived, with its times.

A tape is a JSON-lines file (`*.tape.jsonl`). Its first line is the header:

    {"tape": 1, "upstream": "qwen-web" | "openai", "model": "...",
     "match": {"kind": "roo-xml", "client": "roo", "contains": "...", "turn": 0},
     "note": "...", "request": {...}, "repairs": ["..."]}

of which `match`, its four fields, `note`, `request` and `repairs` may be missing. Then one line an arrival,
`{"at": seconds since the request, "data": "text"}`, or `{"at": ..., "b64": "..."}` where the bytes were cut
inside a UTF-8 sequence; at the end, unless the upstream simply closed, `{"at": ..., "end": "eof" | "reset" |
"silence"}`.
"""

from __future__ import annotations

import base64
import binascii
from enum import Enum
from typing import Any, Literal

import msgspec

from roobridge.bridge.plan import ClientKind
from roobridge.errors import SettingsError

SUFFIX = ".tape.jsonl"


class Wire(Enum):
    """The wire formats that a tape can hold."""

    QWEN_WEB = "qwen-web"
    OPENAI = "openai"


class Ending(Enum):
    """How the connection ended."""

    EOF = "eof"  # closed in order
    RESET = "reset"  # broken off
    SILENCE = "silence"  # left open, nothing more came


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The requests a tape answers; what is None is not asked.

    kind, client: as the bridge classified the request. contains: text in the last user message. turn: the
    number of assistant messages in the request.
    """

    kind: ClientKind | None = None
    client: str | None = None
    contains: str | None = None
    turn: int | None = None


class Frame(msgspec.Struct, frozen=True):
    """Bytes that arrived together. at: seconds since the request."""

    at: float
    data: bytes


class Tape(msgspec.Struct, frozen=True):
    """One recorded reply.

    request: the request's body, scrubbed, where it was kept. repairs: what the bridge repaired in the reply
    when it was recorded. ended: seconds since the request at which the connection ended.
    """

    wire: Wire
    model: str
    frames: tuple[Frame, ...]
    match: Match = Match()
    note: str = ""
    request: dict[str, Any] | None = None
    repairs: tuple[str, ...] = ()
    ending: Ending = Ending.EOF
    ended: float = 0.0


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    upstream: Wire
    model: str
    tape: Literal[1] | None = None  # required; optional here so that its absence gets its own words
    match: Match = Match()
    note: str = ""
    request: dict[str, Any] | None = None
    repairs: tuple[str, ...] = ()


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    at: float
    data: str | None = None
    b64: str | None = None
    end: Ending | None = None


_header = msgspec.json.Decoder(_Header)
_line = msgspec.json.Decoder(_Line)


def parse_tape(raw: bytes, name: str) -> Tape:
    """Read a tape's bytes; name is the file's, for messages. Raises SettingsError naming file and line."""
    lines = raw.split(b"\n")
    header = _read_header(lines[0], name)
    frames: list[Frame] = []
    ending, ended = Ending.EOF, 0.0
    over = False
    for number, text in enumerate(lines[1:], start=2):
        if not text.strip():
            continue
        if over:
            raise _fault(name, number, 'nothing may follow the line with "end"')
        line = _read_line(text, name, number)
        if line.at < ended:
            raise _fault(name, number, f"`at` is {line.at:g}, earlier than the line before it ({ended:g})")
        ended = line.at
        if line.end is not None:
            ending, over = line.end, True
        else:
            frames.append(Frame(line.at, _bytes_of(line, name, number)))
    return Tape(
        header.upstream,
        header.model,
        tuple(frames),
        match=header.match,
        note=header.note,
        request=header.request,
        repairs=header.repairs,
        ending=ending,
        ended=ended,
    )


def write_tape(tape: Tape) -> bytes:
    """The bytes of a tape's file; `parse_tape` of them gives the same tape, times rounded to 0.1 ms."""
    header = _Header(tape.wire, tape.model, 1, tape.match, tape.note, tape.request, tape.repairs)
    lines = [msgspec.json.encode(_ordered(header))]
    lines += [msgspec.json.encode(_line_of(frame)) for frame in tape.frames]
    last = tape.frames[-1].at if tape.frames else 0.0
    if tape.ending is not Ending.EOF or tape.ended > last:
        lines.append(msgspec.json.encode(_Line(round(max(tape.ended, last), 4), end=tape.ending)))
    return b"\n".join(lines) + b"\n"


def _ordered(header: _Header) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(header)
    return {"tape": fields.pop("tape"), **fields}


def _read_header(text: bytes, name: str) -> _Header:
    try:
        header = _header.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _fault(name, 1, f"not a tape's header: {error}") from error
    if header.tape is None:
        raise _fault(name, 1, 'not a tape\'s header: `"tape": 1` is missing')
    if not header.model:
        raise _fault(name, 1, "`model` is empty")
    return header


def _read_line(text: bytes, name: str, number: int) -> _Line:
    try:
        line = _line.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _fault(name, number, str(error)) from error
    if sum(field is not None for field in (line.data, line.b64, line.end)) != 1:
        raise _fault(name, number, "a line holds exactly one of `data`, `b64` and `end`")
    return line


def _bytes_of(line: _Line, name: str, number: int) -> bytes:
    if line.data is not None:
        return line.data.encode()
    try:
        return base64.b64decode(line.b64 or "", validate=True)
    except binascii.Error as error:
        raise _fault(name, number, f"`b64`: {error}") from error


def _line_of(frame: Frame) -> _Line:
    at = round(frame.at, 4)
    try:
        return _Line(at, data=frame.data.decode())
    except UnicodeDecodeError:
        return _Line(at, b64=base64.b64encode(frame.data).decode("ascii"))


def _fault(name: str, number: int, reason: str) -> SettingsError:
    return SettingsError(f"tape {name}, line {number}: {reason}", code="bad_tape")
