"""One reply on its way: deltas of the upstream in, pieces for the client out."""

from __future__ import annotations

from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import Delta
from roobridge.events import Piece


class Reply:
    """The machine for one reply; no I/O, no clock.

    plan: how the request is to be answered. call_ids: prefix of the ids given to tool calls that came
    without a usable one; unique per turn.
    """

    def __init__(self, plan: Plan, call_ids: str = "call") -> None:
        self.repairs: list[str] = []
        self.done = False  # the client's reply is over: the rest of the upstream's is not needed
        raise NotImplementedError

    def feed(self, delta: Delta) -> list[Piece]:
        """Take one delta's reasoning, content and tool calls; its usage and finish are the caller's."""
        raise NotImplementedError

    def close(self, finish: str) -> list[Piece]:
        """The upstream's reply ended: "stop", "tool_calls" and "content_filter" are normal ends; "length",
        "error", "silence" and "cut" are not. The pieces end with a Finish or a Fail, unless `done` was
        already set, when they are empty.
        """
        raise NotImplementedError
