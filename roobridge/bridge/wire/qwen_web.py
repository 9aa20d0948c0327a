"""The stream of chat.qwen.ai: text in, deltas out.

A reply is one frame `response.created`, then frames of phases, each phase with its own `status: finished`;
only that of the phase `answer` ends the reply. There is no `[DONE]` and no length signal: an end of the body
before it is a reply cut off, and a reply whose usage reaches the model's output limit has ended by length.

Phases: `answer` is content; `think` (2025) is reasoning; `thinking_summary` (2026) carries reasoning in two
arrays that grow from frame to frame. Those of the site's own tools (`web_search`, `image_gen`, ...) are not
the model's words and are left out. A frame without a phase is read as answer.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roobridge.bridge.ports import Delta, Usage
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.bounds import event_too_large
from roobridge.bridge.wire.openai_errors import WORD_LIMIT
from roobridge.bridge.wire.qwen_web_errors import empty_reply, refusal, stream_error
from roobridge.bridge.wire.sse import SSEDecoder, decode_data
from roobridge.errors import UpstreamError

# Tokens of one reply (GET /api/models, recorded 2025), for models whose list entry has not been read.
OUTPUT_LIMITS = {"qwen3-max": 32768, "qwen3-coder-plus": 65536}


class _Said(msgspec.Struct, gc=False):
    content: str | None = None
    role: str | None = None
    phase: str | None = None
    status: str | None = None
    extra: Any = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Said | None = None


class _Created(msgspec.Struct):
    response_id: str = ""
    chat_id: str = ""


class _Usage(msgspec.Struct, gc=False):
    # Of any type: a count that is none must not cost the words beside it.
    input_tokens: Any = 0
    output_tokens: Any = 0
    cached_tokens: Any = 0
    output_tokens_details: Any = None


class _Frame(msgspec.Struct, rename={"created": "response.created"}):
    created: _Created | None = None
    response_id: str | None = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None


_frames = msgspec.json.Decoder(_Frame)
_anything = msgspec.json.Decoder()


class QwenWebStream:
    """Decodes one reply.

    clean: takes the secrets out of its errors. output_limit: tokens the model can write in one reply, 0 where
    unknown.

    accepted: a frame of a reply has come. response_id: the reply's id, the parent of the next turn. error,
    finish, ended: as in OpenAIStream; finish is set only together with ended.
    """

    def __init__(self, clean: Cleaner, output_limit: int = 0) -> None:
        self.accepted = False
        self.error: UpstreamError | None = None
        self.finish = ""
        self.ended = False
        self.response_id = ""
        self._clean = clean
        self._limit = output_limit
        self._sse = SSEDecoder()
        self._usage: Usage | None = None
        self._answered = False
        self._titles = 0
        self._thoughts = 0

    def feed(self, text: str) -> list[Delta]:
        """Take more of the body, decoded, and return what it said. Never raises."""
        deltas: list[Delta] = []
        for _, data in self._sse.feed(text):
            if self.error is not None or self.ended:
                break
            self._frame(data, deltas)
        if self._sse.full and self.error is None and not self.ended:
            self.error = event_too_large()
        return deltas

    def close(self) -> list[Delta]:
        """The body ended: return the rest, with the ending unless `error` is set."""
        deltas: list[Delta] = []
        for _, data in self._sse.close():
            if self.error is None and not self.ended:
                self._last_frame(data, deltas)
        if self.error is None and not self.ended:
            self._missing_end(deltas)
        return deltas

    def _last_frame(self, data: str, deltas: list[Delta]) -> None:
        """A frame that the end of the body closed: whole, or broken off and worth nothing."""
        self._frame(data, deltas)
        if self.error is not None and self.error.code == "bad_frame":
            self.error = None

    def _missing_end(self, deltas: list[Delta]) -> None:
        body = "\n".join(self._sse.stray)
        if not self.accepted and body.strip():
            self.error = refusal(200, body, self._clean)
        elif not self._answered:
            self.error = empty_reply()
        else:
            self._end("length" if self._at_limit() else "cut", deltas)

    def _at_limit(self) -> bool:
        # The list gives the limit of a thinking model's answer apart from that of its thoughts.
        usage = self._usage
        return usage is not None and 0 < self._limit <= usage.completion - usage.reasoning

    def _end(self, finish: str, deltas: list[Delta]) -> None:
        self.finish = finish
        self.ended = True
        deltas.append(Delta(finish=finish))

    def _frame(self, data: str, deltas: list[Delta]) -> None:
        if data == "[DONE]":
            return
        try:
            frame = decode_data(_frames, data)
            if frame.created is None and not frame.choices and frame.usage is None:
                self._other(decode_data(_anything, data))
                return
        except (msgspec.MsgspecError, ValueError) as reason:
            if self.accepted:
                why = self._clean.head(str(reason), WORD_LIMIT)
                self.error = UpstreamError(
                    f"chat.qwen.ai sent a frame that cannot be read: {why}", code="bad_frame"
                )
            else:
                self.error = refusal(200, data, self._clean)
            return
        self.accepted = True
        if frame.created is not None:
            self.response_id = self.response_id or frame.created.response_id
        elif not frame.response_id or not self.response_id or frame.response_id == self.response_id:
            self._said(frame, deltas)

    def _other(self, frame: object) -> None:
        """A frame that is neither a beginning nor part of a reply: an error, or something to pass over."""
        if not isinstance(frame, dict) or _is_error(frame):
            self.error = stream_error(frame, self._clean)

    def _said(self, frame: _Frame, deltas: list[Delta]) -> None:
        usage = frame.usage
        counted = None if usage is None else _counted(usage)
        if counted is not None:
            self._usage = counted
        said = frame.choices[0].delta if frame.choices else None
        reasoning = content = ""
        finished = False
        if said is not None:
            self._answered = True
            phase = said.phase or ("answer" if said.role != "function" else "")
            if phase == "answer":
                content = said.content or ""
                finished = said.status == "finished"
            elif phase in ("think", "thinking_summary"):
                reasoning = (said.content or "") + self._summary(said.extra)
        if reasoning or content or counted is not None:
            deltas.append(Delta(reasoning, content, usage=counted))
        if finished:
            self._end("length" if self._at_limit() else "stop", deltas)

    def _summary(self, extra: Any) -> str:
        """The items that the two arrays gained since the last frame."""
        if not isinstance(extra, dict):
            return ""
        titles = _items(extra.get("summary_title"))
        thoughts = _items(extra.get("summary_thought"))
        new = [f"**{title}**\n\n" for title in titles[self._titles :]]
        new += [f"{thought}\n\n" for thought in thoughts[self._thoughts :]]
        self._titles = max(self._titles, len(titles))
        self._thoughts = max(self._thoughts, len(thoughts))
        return "".join(new)


def _is_error(frame: dict[str, Any]) -> bool:
    if frame.get("error") or "ret" in frame or frame.get("success") is False:
        return True
    return "code" in frame and ("detail" in frame or "details" in frame)


def _items(summary: Any) -> list[str]:
    content = summary.get("content") if isinstance(summary, dict) else None
    return [item for item in content if isinstance(item, str)] if isinstance(content, list) else []


def _counted(usage: _Usage) -> Usage | None:
    prompt, completion = _count(usage.input_tokens), _count(usage.output_tokens)
    if not prompt and not completion:
        return None
    details = usage.output_tokens_details
    reasoning = details.get("reasoning_tokens") if isinstance(details, dict) else 0
    return Usage(prompt, completion, _count(usage.cached_tokens), _count(reasoning))


def _count(value: Any) -> int:
    return value if isinstance(value, int) and value > 0 else 0
