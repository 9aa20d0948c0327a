"""All that was received of a reply, read once more from its beginning: what an end would leave of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from roobridge.bridge.reply.unfinished import (
    Opening,
    as_text,
    holds_call,
    is_unfinished,
    open_call,
    says_something,
)
from roobridge.dialects.native import NativeCalls
from roobridge.events import ToolDelta, Undeclared
from roobridge.parser.machine import Parser


class Heard(msgspec.Struct, frozen=True):
    """Only where a reply ends: reading it at each delta would cost its square (law 3).

    text, calls: what was received. parser, native: have read nothing, and read it again, once."""

    text: str
    calls: Sequence[ToolDelta]
    parser: Parser
    native: NativeCalls

    def opening(self, *, normal: bool, texts: bool) -> Opening | None:
        """What an end leaves unfinished; None where it leaves nothing. texts: text can be unfinished too."""
        said = [event for call in self.calls for event in self.native.feed(call)]
        if self.native.open:
            call = open_call(said)
            cut = is_unfinished(self.native.close(normal=normal))
            # A request's message has no place for half a call, so the model is shown it as text.
            text = "\n".join(part for part in (self.text, as_text(said)) if part)
            return Opening(text, call, told=True) if cut and call is not None else None
        events = self.parser.feed(self.text)
        call = open_call(events)
        escaped = self.parser.in_object
        kept_back = self.parser.kept_back
        rest = self.parser.close(normal=normal)
        if call is not None:
            return Opening(self.text, call, escaped=escaped) if is_unfinished(rest) else None
        events += rest
        begun = kept_back if kept_back.startswith("<") else ""
        lines = self.text[: len(self.text) - len(begun)].rstrip(" \t")
        # A model that stops right behind an opening tag on a line of its own meant a call, not a mention.
        cut = not normal or (begun != "" and lines[-1:] in ("", "\n"))
        words = texts and says_something(events) and not holds_call(events)
        return Opening(self.text, escaped=escaped, begun=begun) if cut and words else None

    def lone_text(self) -> str:
        """The text where a normal end leaves nothing but text; else empty."""
        events = self.parser.feed(self.text) + self.parser.close(normal=True)
        alone = not self.calls and not holds_call(events) and says_something(events)
        return self.text if alone else ""

    def said(self) -> str:
        """All of it as text: calls as Qwen3-Coder writes them, those that have no words here as they came."""
        events = [event for call in self.calls for event in self.native.feed(call)]
        events += self.native.close(normal=False)
        alien = [event.text for event in events if isinstance(event, Undeclared)]
        parts = [self.text, as_text(events), *alien]
        return "\n".join(part for part in parts if part)
