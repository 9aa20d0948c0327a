"""One reply on its way: deltas of the upstream in, pieces for the client out; no I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.agent import AgentReply
from roobridge.bridge.reply.plain import PlainReply
from roobridge.bridge.reply.resumption import Resumption
from roobridge.events import CallStart, Length, Piece


class Reply(Protocol):
    """Deltas in, pieces out. Nothing but this is known of a reply outside its room."""

    @property
    def repairs(self) -> list[str]:
        """By name, in order."""
        ...

    @property
    def calls(self) -> Sequence[CallStart]:
        """The calls that were recognised, as they began; none where replies are not read for calls."""
        ...

    @property
    def wrapped(self) -> bool:
        """Text that stayed alone was made a completion."""
        ...

    @property
    def done(self) -> bool:
        """The client's reply is over, and the rest of the upstream's is not needed."""
        ...

    @property
    def length(self) -> Length:
        """What the model has written so far; what stands in thinking tags is thought."""
        ...

    @property
    def examined(self) -> int:
        """Characters examined so far, each time anew."""
        ...

    @property
    def said(self) -> str:
        """All that the model wrote outside its own channel for reasoning, calls spelled as text."""
        ...

    @property
    def tried(self) -> str:
        """The name of the tool that the model tried to call, as far as it can be told, or empty."""
        ...

    def feed(self, delta: Delta) -> list[Piece]:
        """Take one delta's reasoning, content and tool calls; its usage and finish are the caller's."""
        ...

    def close(self, finish: str) -> list[Piece]:
        """The upstream's reply ended, with this word of its own (`ports`). The pieces end with a Finish or a
        Fail, unless `done` was already set, when they are empty.
        """
        ...

    def resumption(self, finish: str) -> Resumption | None:
        """To go on with what an end with this word would leave unfinished; asked before `close`.

        None where nothing is, or nothing that going on would mend.
        """
        ...

    def lone_text(self, finish: str) -> str:
        """The text of a reply that is text and nothing else, where this end would have it wrapped."""
        ...

    def note(self, repair: str) -> None:
        """Name a repair."""
        ...


def new_reply(plan: Plan, call_ids: str = "call") -> Reply:
    """plan: how the request is to be answered. call_ids: prefix of the ids given to tool calls that came
    without a usable one; unique per turn.
    """
    return PlainReply() if plan.kind is ClientKind.PLAIN else AgentReply(plan, call_ids)
