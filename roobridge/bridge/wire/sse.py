"""Server-sent events, read from an upstream and written to a client.

Reading follows WHATWG HTML, section 9.2 (event streams), with two departures: a last event without its
blank line is given by `close`, since some servers leave it out; and lines that are no field of the
protocol are kept in `stray` instead of being dropped, since a refusal may come as a bare JSON or HTML body.

Writing follows OpenAI's `chat.completion.chunk`. All that is the same in every chunk of a turn is rendered
once, so a delta costs one JSON string and two concatenations.
"""

from __future__ import annotations

import json
from typing import TypeAlias, TypeVar

import msgspec

from roobridge.bridge.ports import Usage
from roobridge.bridge.wire.bounds import HELD, LINE
from roobridge.events import Content, Finish, Piece, Thought, ToolDelta

T = TypeVar("T")

Frame: TypeAlias = tuple[str, str]  # (event name or "", data); a plain tuple costs a tenth of a named one


class SSEDecoder:
    """Text of an event stream in, frames out.

    Each character is looked at a bounded number of times however the text is cut: of an open event, finished
    lines and parts of the last line are kept apart and joined once.

    Once more than HELD is kept nothing is read any more; see `full`.
    """

    def __init__(self) -> None:
        self.stray: list[str] = []
        self._held = 0  # of the open event
        self._strayed = 0
        self._parts: list[str] = []  # of the line that is not ended yet
        self._data: list[str] = []
        self._event = ""
        self._after_cr = False  # the last character was CR: an LF that follows belongs to it

    @property
    def full(self) -> bool:
        """More is kept than may be."""
        return self._held > HELD or self._strayed > HELD

    def feed(self, text: str) -> list[Frame]:
        """Take more text (decoded, any cut) and return the frames that it completed."""
        if self.full:
            return []
        if self._after_cr or "\r" in text:
            text = self._with_lf(text)
        frames: list[Frame] = []
        start = 0
        while self._parts or self._data or self._event:
            end = text.find("\n", start)
            if end < 0:
                if start < len(text):
                    self._hold(text[start:])
                return frames
            if not self._hold(text[start:end]):
                return frames
            start = end + 1
            self._end_line(frames)
        blocks = (text[start:] if start else text).split("\n\n")
        tail = blocks.pop()
        for block in blocks:
            if block.startswith("data: ") and "\n" not in block:
                frames.append(("", block[6:]))
            else:
                for line in block.split("\n"):
                    self._line(line, frames)
                self._line("", frames)
        if tail:
            self._open(tail, frames)
        return frames

    def close(self) -> list[Frame]:
        """The stream ended: return the event that was still open, if there is one."""
        frames: list[Frame] = []
        self._end_line(frames)
        self._line("", frames)
        return frames

    def _with_lf(self, text: str) -> str:
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if "\r" in text:
            self._after_cr = text.endswith("\r")
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        return text

    def _open(self, tail: str, frames: list[Frame]) -> None:
        lines = tail.split("\n")
        rest = lines.pop()
        for line in lines:
            self._line(line, frames)
        if rest:
            self._hold(rest)

    def _hold(self, part: str) -> bool:
        """Keep a part of the last line, which others may follow; whether there is still room."""
        self._held += len(part)
        self._parts.append(part)
        return not self.full

    def _end_line(self, frames: list[Frame]) -> None:
        line = "".join(self._parts)
        self._held -= len(line)
        self._parts.clear()
        self._line(line, frames)

    def _line(self, line: str, frames: list[Frame]) -> None:
        if not line:
            if self._data:
                frames.append((self._event, "\n".join(self._data)))
                self._data.clear()
            self._event = ""
            self._held = 0
            return
        field, _, value = line.partition(":")
        if field == "data":
            self._held += len(value) + LINE
            self._data.append(value.removeprefix(" "))
        elif field == "event":
            self._event = value.removeprefix(" ")
        elif field not in ("", "id", "retry"):
            self._strayed += len(line) + LINE
            self.stray.append(line)


def decode_data(decoder: msgspec.json.Decoder[T], data: str) -> T:
    """Decode a frame's JSON. Raises msgspec.MsgspecError or ValueError.

    A half of a surrogate pair, which servers that cut text by UTF-16 units send as a lone escape, becomes
    U+FFFD; only the standard library's reader lets it in.
    """
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        if "\\u" not in data and data.isascii():
            raise
        return decoder.decode(well_formed(json.dumps(json.loads(data), ensure_ascii=False)))


def well_formed(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates replaced by U+FFFD, fit for UTF-8."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_encoder = msgspec.json.Encoder()


def json_string(text: str) -> bytes:
    """A JSON string literal, as UTF-8, of any text."""
    try:
        return _encoder.encode(text)
    except UnicodeEncodeError:
        return _encoder.encode(well_formed(text))


class ChunkWriter:
    """Writes the client's stream of one turn, each method one whole frame.

    id: of the completion. model: as the client asked for it. created: seconds since 1970. Every chunk has
    `choices`, because Roo up to 3.30 reads `choices[0]` without looking first.
    """

    def __init__(self, id: str, model: str, created: int) -> None:
        head = b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,"choices":[' % (
            json_string(id),
            created,
            json_string(model),
        )
        self._head = head
        delta = head + b'{"index":0,"delta":{'
        self._role = delta + b'"role":"assistant","content":""},"finish_reason":null}]}\n\n'
        self._content = delta + b'"content":'
        self._reasoning = delta + b'"reasoning_content":'
        self._tool = delta + b'"tool_calls":[{"index":'
        self._finish = delta + b'},"finish_reason":'
        self._end = b'},"finish_reason":null}]}\n\n'

    def role(self) -> bytes:
        """The first chunk."""
        return self._role

    def piece(self, piece: Piece) -> bytes:
        """Any piece but a Fail, for which there is `error`."""
        if isinstance(piece, Content):
            return self.content(piece.text)
        if isinstance(piece, ToolDelta):
            return self.tool(piece)
        if isinstance(piece, Thought):
            return self.reasoning(piece.text)
        assert isinstance(piece, Finish)
        return self.finish(piece.reason)

    def content(self, text: str) -> bytes:
        return self._content + json_string(text) + self._end

    def reasoning(self, text: str) -> bytes:
        return self._reasoning + json_string(text) + self._end

    def tool(self, delta: ToolDelta) -> bytes:
        """id, type and name stand in a call's first delta only; later ones hold arguments alone."""
        named = b""
        if delta.id or delta.name:
            named = b'"id":%b,"type":"function",' % json_string(delta.id)
        name = b'"name":%b,' % json_string(delta.name) if delta.name else b""
        call = b'%d,%b"function":{%b"arguments":%b}}]' % (
            delta.index,
            named,
            name,
            json_string(delta.arguments),
        )
        return self._tool + call + self._end

    def finish(self, reason: str) -> bytes:
        return self._finish + json_string(reason) + b"}]}\n\n"

    def usage(self, usage: Usage) -> bytes:
        """The chunk after the finish; its `choices` are empty."""
        return self._head + b'],"usage":' + _encoder.encode(usage_body(usage)) + b"}\n\n"

    def error(
        self, message: str, *, kind: str = "api_error", code: str = "", param: str | None = None
    ) -> bytes:
        """The stream's last frame, in place of a finish. OpenAI's clients raise on a truthy `error`."""
        body = {
            "message": well_formed(message),
            "type": kind,
            "code": code or None,
            "param": param,
        }
        return b'data: {"error":' + _encoder.encode(body) + b"}\n\n"

    def comment(self) -> bytes:
        """A line that readers skip: keeps the connection from looking dead."""
        return b": keep-alive\n\n"

    def done(self) -> bytes:
        return b"data: [DONE]\n\n"


def usage_body(usage: Usage) -> dict[str, object]:
    """Usage in OpenAI's words, for a chunk or a whole completion, and where a cache was used in those that
    Roo (3.52, openai.ts) and Zoo read on its top level.
    """
    body: dict[str, object] = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cached},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }
    if usage.cached:
        body["cache_read_input_tokens"] = usage.cached
    if usage.written:
        body["cache_creation_input_tokens"] = usage.written
    return body
