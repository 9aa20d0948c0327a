"""The stream of an OpenAI-compatible upstream: text in, deltas out.

Read as servers write it, not as OpenAI's API reference says (DashScope, vLLM, SGLang, llama.cpp, LM Studio,
Ollama): `choices` missing or null, `reasoning` beside or instead of `reasoning_content`, content as an array
of parts, tool calls with ids and names restated as empty, without an index, or with arguments as an object,
usage in any chunk, a whole JSON completion in answer to a stream request, and errors inside a stream that
began well.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roobridge.bridge.ports import Delta, Usage
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.bounds import event_too_large
from roobridge.bridge.wire.openai_errors import WORD_LIMIT, said_in_text, stream_error
from roobridge.bridge.wire.sse import SSEDecoder, decode_data
from roobridge.errors import UpstreamError
from roobridge.events import ToolDelta


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: msgspec.Raw = msgspec.Raw(b"")


class _ToolCall(msgspec.Struct, gc=False):
    index: Any = None
    id: str | None = None
    function: _Function | None = None


class _Said(msgspec.Struct, gc=False):
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct, gc=False):
    index: Any = None
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None
    error: Any = None  # OpenRouter's, of the provider behind it


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None
    code: Any = None
    message: Any = None
    detail: Any = None


_chunks = msgspec.json.Decoder(_Chunk)
_strings = msgspec.json.Decoder(str)
_anything = msgspec.json.Decoder()

# What servers call their ends. Any other word ("abort", "error", "repetition") is no normal end.
_FINISHES = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


# Tokens that came from a cache: OpenAI, DashScope, vLLM and llama.cpp; Anthropic's word, which LiteLLM and
# DashScope's explicit cache use too; DeepSeek.
_CACHED = ("cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens")
_WRITTEN = "cache_creation_input_tokens"
_DIGITS = 10  # of an index at most


class OpenAIStream:
    """Decodes one reply.

    clean: takes the secrets out of its errors.

    accepted: a frame that is no error has come. error: set by a refusal inside the stream; what came before
    it has been returned, nothing follows it. finish: the finish_reason seen so far, or empty. ended: the
    last delta, the one with `finish`, has been returned.
    """

    def __init__(self, clean: Cleaner) -> None:
        self.accepted = False
        self.error: UpstreamError | None = None
        self.finish = ""
        self.ended = False
        self._clean = clean
        self._sse = SSEDecoder()
        self._last_index = -1

    def feed(self, text: str) -> list[Delta]:
        """Take more of the body, decoded, and return what it said. Never raises."""
        deltas: list[Delta] = []
        for event, data in self._sse.feed(text):
            if self.error is not None or self.ended:
                break
            self._frame(event, data, deltas)
        if self._sse.full and self.error is None and not self.ended:
            self.error = event_too_large()
        return deltas

    def close(self) -> list[Delta]:
        """The body ended: return the rest, with the ending unless `error` is set."""
        deltas: list[Delta] = []
        for event, data in self._sse.close():
            if self.error is None and not self.ended:
                self._last_frame(event, data, deltas)
        if not self.accepted and self.error is None:
            self._whole("\n".join(self._sse.stray), deltas)
        if not self.ended and self.error is None:
            self._end("cut", deltas)
        return deltas

    def _end(self, default: str, deltas: list[Delta]) -> None:
        self.ended = True
        deltas.append(Delta(finish=self.finish or default))

    def _frame(self, event: str, data: str, deltas: list[Delta]) -> None:
        if data == "[DONE]":
            self.accepted = True
            self._end("stop", deltas)
            return
        try:
            chunk = decode_data(_chunks, data)
            if event == "error" or chunk.error or (chunk.choices is None and _is_refusal(chunk)):
                self.error = stream_error(decode_data(_anything, data), self._clean)
            else:
                self._chunk(chunk, deltas)
        except (msgspec.MsgspecError, ValueError) as reason:
            self._no_chunk(event, data, reason, deltas)

    def _no_chunk(self, event: str, data: str, reason: Exception, deltas: list[Delta]) -> None:
        if not data.strip():
            return  # some servers open a stream with an empty event
        if data.strip() == "[DONE]":
            self._frame(event, "[DONE]", deltas)
        elif event == "error":
            self.error = stream_error(data, self._clean)
        else:
            why = self._clean.head(str(reason), WORD_LIMIT)
            self.error = UpstreamError(f"The upstream sent a frame that is no chunk: {why}", code="bad_frame")

    def _last_frame(self, event: str, data: str, deltas: list[Delta]) -> None:
        """A frame that the end of the body closed: whole, or broken off and worth nothing."""
        self._frame(event, data, deltas)
        if self.error is not None and self.error.code == "bad_frame" and self.accepted:
            self.error = None

    def _whole(self, body: str, deltas: list[Delta]) -> None:
        """The body held no frame: it is a whole completion, an error, or nothing."""
        if not body.strip():
            self.error = UpstreamError("The upstream sent an empty reply.", code="empty_stream")
            return
        try:
            chunk = decode_data(_chunks, body)
            if chunk.choices:
                self._chunk(chunk, deltas)
            else:
                self.error = stream_error(decode_data(_anything, body), self._clean)
        except (msgspec.MsgspecError, ValueError):
            text = said_in_text(body, self._clean).message
            self.error = stream_error(f"no reply but this text: {text}", self._clean)
        if self.error is None:
            self._end("stop", deltas)

    def _chunk(self, chunk: _Chunk, deltas: list[Delta]) -> None:
        reasoning = content = ""
        calls: tuple[ToolDelta, ...] = ()
        for choice in chunk.choices or ():
            if _index(choice.index) > 0:  # the other choices of a request with n > 1
                continue
            if choice.error:
                self.error = stream_error({"error": choice.error}, self._clean)
                return
            said = choice.delta or choice.message
            if said is not None:
                content = said.content if type(said.content) is str else _text(said.content)
                if said.reasoning_content or said.reasoning:
                    reasoning = _text(said.reasoning_content) or _text(said.reasoning)
                if said.tool_calls:
                    calls = tuple([self._call(call) for call in said.tool_calls])
            if choice.finish_reason:
                if choice.finish_reason == "error_finish":  # DashScope: the content is the error's text
                    self.error = stream_error(content, self._clean)
                    return
                self.finish = _FINISHES.get(choice.finish_reason, "cut")
            break
        self.accepted = True
        usage = _usage(chunk.usage) if chunk.usage else None
        if reasoning or content or calls or usage is not None:
            deltas.append(Delta(reasoning, content, calls, usage))

    def _call(self, call: _ToolCall) -> ToolDelta:
        function = call.function or _Function()
        id, name = call.id or "", function.name or ""
        index = _index(call.index)
        if index < 0:
            index = self._last_index + 1 if id or name or self._last_index < 0 else self._last_index
        self._last_index = index
        return ToolDelta(index, id, name, _arguments(function.arguments))


def _index(said: Any) -> int:
    """A call's index, written as a number or its digits; below 0 where there is none."""
    if isinstance(said, str) and said.isdecimal() and len(said) < _DIGITS:
        return int(said)
    return said if isinstance(said, int) else -1


def _is_refusal(chunk: _Chunk) -> bool:
    """Errors in words of their own: DashScope's, and those of servers made with FastAPI."""
    return bool((chunk.code and chunk.message) or chunk.detail)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part["text"] for part in value if isinstance(part, dict) and _is_text(part))
    return ""


def _is_text(part: dict[str, Any]) -> bool:
    return isinstance(part.get("text"), str)


def _arguments(raw: msgspec.Raw) -> str:
    """The arguments' JSON text: written as a string by the book, as an object by some servers."""
    try:
        return _strings.decode(raw)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        text = bytes(raw).decode()
    if text in ("", "null"):
        return ""
    return decode_data(_strings, text) if text.startswith('"') else text


def _usage(said: Any) -> Usage | None:
    """OpenAI's usage object; None where it counts nothing."""
    if not isinstance(said, dict):
        return None
    prompt, completion = _count(said, "prompt_tokens"), _count(said, "completion_tokens")
    if not prompt and not completion:
        return None
    details = said.get("prompt_tokens_details")
    return Usage(
        prompt,
        completion,
        next(filter(None, (_count(part, name) for part in (details, said) for name in _CACHED)), 0),
        _count(said.get("completion_tokens_details"), "reasoning_tokens"),
        _count(details, _WRITTEN) or _count(said, _WRITTEN),
    )


def _count(said: Any, name: str) -> int:
    value = said.get(name) if isinstance(said, dict) else None
    return value if isinstance(value, int) and value > 0 else 0
