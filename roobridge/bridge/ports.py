"""What a turn asks of an upstream, and what it gets."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import msgspec

from roobridge.events import ToolDelta


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one turn, cumulative: the last one seen counts.

    cached, read from a cache, and written, to one that is paid for, are part of prompt; reasoning is part of
    completion.
    """

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0
    written: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


class Delta(msgspec.Struct, frozen=True, gc=False):
    """One thing an upstream said. Several fields may be set; they are read in the order they stand here.

    finish: "" while the reply goes on; OpenAI's finish_reason ("stop", "length", "tool_calls",
    "content_filter") at its end; "cut" where the stream ended without saying so.
    """

    reasoning: str = ""
    content: str = ""
    tool_calls: tuple[ToolDelta, ...] = ()
    usage: Usage | None = None
    finish: str = ""


class Model(msgspec.Struct, frozen=True):
    """One model an upstream serves.

    context: tokens that it takes as it is loaded, not those it was trained for; output: tokens it can write;
    0 where unknown. vision: image parts; tools; thinking: before the answer; None where unknown. free: costs
    nothing, running at home. said: its entry in the upstream's own list, without secrets, for those who read
    that upstream's words.
    """

    id: str
    owner: str = "qwen"
    context: int = 0
    output: int = 0
    vision: bool | None = None
    tools: bool | None = None
    thinking: bool | None = None
    free: bool = False
    said: Mapping[str, Any] = {}


class Capabilities(msgspec.Struct, frozen=True):
    """What an upstream can take.

    native_tools: `tools` and `role: tool`. system_role: a system message. vision: image parts.
    partial: a last assistant message with `partial: true` is continued exactly. drain: a reply must be
    read to its end, since breaking off spoils the chat's state. closed_list: it has the models that it lists
    and no other; servers' lists are not complete else (llama.cpp's answers to any name).
    """

    native_tools: bool = True
    system_role: bool = True
    vision: bool = True
    partial: bool = False
    drain: bool = False
    closed_list: bool = False


class ToolUse(Enum):
    """How a model is told of tools. AUTO: natively, unless its upstream says that it takes none."""

    AUTO = "auto"
    NATIVE = "native"
    PROMPTED = "prompted"


class Health(msgspec.Struct, frozen=True):
    """ok, and one sentence for a person; never a secret."""

    ok: bool
    detail: str = ""


class Try(msgspec.Struct, frozen=True):
    """One that failed before the one that counts. code, kind: of its error. upstream: the operator's name of
    the upstream that was given up with it; empty where it was asked again.
    """

    code: str
    kind: str = "api_error"
    upstream: str = ""

    def __str__(self) -> str:
        return f"{self.upstream}:{self.code}" if self.upstream else self.code


class Waiting(msgspec.Struct):
    """Whether a request stands in a queue now, and when it last left one, in the loop's seconds; 0 for never.
    An upstream is not silent before it is asked.
    """

    now: bool = False
    over: float = 0.0


class UpstreamRequest(msgspec.Struct, frozen=True):
    """One request to an upstream.

    body: in OpenAI's shape, `model` already mapped, `stream` left out. key: the client's bearer token,
    for an upstream that has none of its own; never logged. headers: the client's, lower-case names, for
    matching tapes only. tries: in order, those of all upstreams of its turn.
    tools: None for what the upstream's operator decided. thinking_back: the model is shown what it thought in
    earlier turns. context: tokens that the operator says the model takes, 0 for what its server says.
    waiting: for a slot, noted by whoever gives them out.
    """

    body: dict[str, Any]
    key: str = ""
    headers: dict[str, str] = {}
    tries: list[Try] = []
    tools: ToolUse | None = None
    thinking_back: bool = False
    context: int = 0
    waiting: Waiting = msgspec.field(default_factory=Waiting)


class Upstream(Protocol):
    """A place where a Qwen model is served."""

    name: str
    capabilities: Capabilities

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        """Ask, and yield what each read gave, as it comes; always streaming, whatever the client asked.

        The first item comes only once the upstream has accepted the request. The last delta has `finish`
        set. Raises UpstreamError: before the first item when the request was refused, later when the
        reply broke off. Closing the iterator (`aclose`) closes the upstream's connection at once.
        """
        ...

    async def models(self) -> Sequence[Model]:
        """The models it serves. Raises UpstreamError."""
        ...

    async def health(self) -> Health: ...

    async def aclose(self) -> None:
        """Release connections; the upstream is not used afterwards."""
        ...


def is_normal(finish: str) -> bool:
    """Whether the upstream's word for the end means that the model had said all."""
    return finish in _NORMAL


def broke_off(finish: str) -> bool:
    """Whether it means that the model would have said more."""
    return finish in _BROKEN_OFF


_NORMAL = frozenset({"stop", "tool_calls", "function_call"})
_BROKEN_OFF = frozenset({"length", "error", "silence", "cut"})
