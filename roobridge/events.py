"""What can be said about a reply: the events between dialects and renderers, and the pieces a client gets.

Events are what the machine recognised in the model's words. The grammar of a reply is

    reply := (Text | Break | Reasoning | Aside | Repaired | call)*
    call  := CallStart (Markup | param)* (CallEnd | Unfinished)
    param := ParamStart (Markup | Value)* ParamEnd

`raw` is the source text that an event stands for, in the spelling of `CallStart.dialect`; a renderer of
that same spelling repeats it, every other one ignores it. For a dialect whose values are written as they
are, the raw text of a Value is its text.

Outcomes are what a policy made of the events, with what it adds: an early look at text, and the verdict on
the reply.

Pieces are what a renderer hands to the edge, in order. All are frozen and final; each carries only the
new characters, never what was sent before.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import msgspec


class Form(Enum):
    """How the characters of a parameter's Values are to be read."""

    TEXT = "text"  # the value as it is written, without a word on its type
    STRING = "string"  # a string that was quoted as one, decoded
    JSON = "json"  # JSON text of a value that is not a string


class _Word(msgspec.Struct, frozen=True, gc=False):
    pass


class Text(_Word, frozen=True, gc=False):
    """Words of the model outside every call."""

    text: str


class Undeclared(Text, frozen=True, gc=False):
    """The same of an upstream's own call that the client has no words for. name: what it calls."""

    name: str = ""


class Break(_Word, frozen=True, gc=False):
    """The Text that follows begins a new Markdown block."""


class Reasoning(_Word, frozen=True, gc=False):
    """The model thinking aloud; no call stands in it."""

    text: str


class Aside(_Word, frozen=True, gc=False):
    """All Text so far was reasoning: its closing tag came without an opening one."""


class CallStart(_Word, frozen=True, gc=False):
    """A tool call begins. id is the upstream's own, or empty."""

    name: str
    dialect: str
    raw: str = ""
    id: str = ""


class ParamStart(_Word, frozen=True, gc=False):
    name: str
    form: Form = Form.TEXT
    raw: str = ""


class Value(_Word, frozen=True, gc=False):
    """More characters of the open parameter's value, read as its form says."""

    text: str


class Markup(_Word, frozen=True, gc=False):
    """Source text without meaning: white space between tags, the newline beside a value."""

    raw: str


class ParamEnd(_Word, frozen=True, gc=False):
    raw: str = ""


class CallEnd(_Word, frozen=True, gc=False):
    raw: str = ""


class Unfinished(_Word, frozen=True, gc=False):
    """The reply ended inside the call; it must not be delivered as a finished one.

    param: the parameter that was open, or empty. why: what cannot be read in it, where that is known.
    """

    param: str = ""
    why: str = ""


class Repaired(_Word, frozen=True, gc=False):
    """Something was added, dropped or read otherwise than written: one of the named repairs."""

    name: str


Event: TypeAlias = (
    Text
    | Break
    | Reasoning
    | Aside
    | CallStart
    | ParamStart
    | Value
    | Markup
    | ParamEnd
    | CallEnd
    | Unfinished
    | Repaired
)


class Preview(_Word, frozen=True, gc=False):
    """Text that is held, shown early."""

    text: str


class Complete(_Word, frozen=True, gc=False):
    """The client's reply is whole. called: it holds a call; cut: the model ran out of room."""

    called: bool
    cut: bool = False


class Undeliverable(_Word, frozen=True, gc=False):
    """The reply cannot be delivered. code: "unfinished_call", "unreadable_call", "unfinished_text",
    "degenerate" or "broken_off"."""

    code: str
    message: str


Outcome: TypeAlias = Event | Preview | Complete | Undeliverable


class Content(_Word, frozen=True, gc=False):
    """More of the message's content."""

    text: str


class Thought(_Word, frozen=True, gc=False):
    """More of the reasoning channel. preview: text shown early that the content will repeat."""

    text: str
    preview: bool = False


class ToolDelta(_Word, frozen=True, gc=False):
    """More of one tool call: id and name in its first delta only, then fragments of the arguments' JSON.

    The same words come from an upstream (where any field may be missing, empty or restated) and go to a
    client (where the first delta of an index carries both).
    """

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class Finish(_Word, frozen=True, gc=False):
    """The reply ended as it should. reason: OpenAI's finish_reason."""

    reason: str


class Fail(_Word, frozen=True, gc=False):
    """The reply cannot be delivered; what was sent of an open call must not count. code names why."""

    code: str
    message: str


class Length(msgspec.Struct):
    """Characters that a model wrote: said as content and in calls, thought as reasoning."""

    said: int = 0
    thought: int = 0


Piece: TypeAlias = Content | Thought | ToolDelta | Finish | Fail
