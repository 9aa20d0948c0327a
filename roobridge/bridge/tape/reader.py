"""The recorded bytes of an upstream's reply, in either wire format, to deltas."""

from __future__ import annotations

import codecs
from typing import Protocol

from roobridge.bridge.ports import Delta
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.tape.format import Ending, Tape, Wire
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.bridge.wire.qwen_web import OUTPUT_LIMITS, QwenWebStream
from roobridge.bridge.wire.sse import SSEDecoder
from roobridge.errors import UpstreamError


class ReplyStream(Protocol):
    """What the decoders of all wire formats have in common: text in, deltas out, never raising."""

    accepted: bool
    error: UpstreamError | None
    finish: str
    ended: bool

    def feed(self, text: str) -> list[Delta]: ...

    def close(self) -> list[Delta]: ...


class WireReader:
    """Decodes one reply from bytes, cut anywhere; what is not UTF-8 becomes U+FFFD.

    model: of the reply, for the output limits of chat.qwen.ai's models; may be empty.
    """

    def __init__(self, wire: Wire, model: str = "") -> None:
        self._text = codecs.getincrementaldecoder("utf-8-sig")("replace")
        clean = Cleaner()
        self._stream: ReplyStream = (
            QwenWebStream(clean, OUTPUT_LIMITS.get(model, 0))
            if wire is Wire.QWEN_WEB
            else OpenAIStream(clean)
        )

    @property
    def accepted(self) -> bool:
        """A frame that is no refusal has come."""
        return self._stream.accepted

    @property
    def finish(self) -> str:
        """The finish_reason seen so far, or empty."""
        return self._stream.finish

    @property
    def ended(self) -> bool:
        """The last delta, the one with `finish`, has been given."""
        return self._stream.ended

    @property
    def error(self) -> UpstreamError | None:
        """The refusal that the stream held; nothing comes after it."""
        return self._stream.error

    def feed(self, data: bytes) -> list[Delta]:
        return self._stream.feed(self._text.decode(data))

    def close(self) -> list[Delta]:
        return self._stream.feed(self._text.decode(b"", final=True)) + self._stream.close()


def last_words(tape: Tape, reader: WireReader) -> list[Delta]:
    """What the end of a tape says, with the ending unless `reader.error` is set.

    After its finish_reason a reply is whole, however the connection ends. Raises UpstreamError for one that
    broke off before; a silence is the caller's to wait out.
    """
    if tape.ending is Ending.RESET and not reader.finish:
        raise UpstreamError("The connection to the upstream broke off.", code="broken_off")
    return reader.close()


def sniff(raw: bytes) -> Wire:
    """The wire format of a recorded body, by its first frame: chat.qwen.ai's names itself or its phases."""
    frames = SSEDecoder().feed(raw[:65536].decode("utf-8", "replace"))
    first = frames[0][1] if frames else ""
    return Wire.QWEN_WEB if '"response.created"' in first or '"phase"' in first else Wire.OPENAI
