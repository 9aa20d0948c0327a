"""The model's half of a reply: content and tool calls in, events out."""

from __future__ import annotations

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.heard import Heard
from roobridge.bridge.reply.machine import new_parser
from roobridge.dialects.hermes import call_of_json
from roobridge.dialects.native import NativeCalls
from roobridge.events import Event, Reasoning, Text, ToolDelta, Value


class Reading:
    """Reads one reply from its first word on, and keeps what it has read.

    plan: how the request is to be answered. reasoned: reasoning has gone out, so that none stands in the text
    any more.
    """

    def __init__(self, plan: Plan, *, reasoned: bool = False) -> None:
        self._plan = plan
        self._parser = new_parser(plan, reasoning=not reasoned)
        self._native = _native(plan)
        self._text: list[str] = []
        self._calls: list[ToolDelta] = []
        self._waiting: list[str] = []  # content that came while a native call was open

    @property
    def open_call(self) -> str:
        """The name of the call that is announced and not finished, or empty."""
        return self._parser.open_call or self._native.open_call

    @property
    def examined(self) -> int:
        """Characters examined so far, each time anew."""
        return self._parser.examined

    @property
    def length(self) -> int:
        """Characters of its content and its calls."""
        calls = sum(len(call.name) + len(call.arguments) for call in self._calls)
        return calls + sum(map(len, self._text))

    @property
    def has_calls(self) -> bool:
        """A call came as `tool_calls`."""
        return bool(self._calls)

    @property
    def has_waiting(self) -> bool:
        """Content waits for the end of a native call."""
        return bool(self._waiting)

    def heard(self, *, reasoned: bool) -> Heard:
        """All of it, to be read once more. reasoned: as for a new reading."""
        parser = new_parser(self._plan, reasoning=not reasoned)
        return Heard("".join(self._text), self._calls, parser, _native(self._plan))

    def anew(self, *, reasoned: bool) -> Reading:
        """Another one of the same reply, which has read nothing."""
        return Reading(self._plan, reasoned=reasoned)

    def become(self, other: Reading) -> None:
        """Go on where another one stands; what this one has read counts no more."""
        self._parser, self._native = other._parser, other._native
        self._text, self._calls, self._waiting = other._text, other._calls, other._waiting

    def reasoned(self) -> None:
        """Reasoning came on a channel of its own."""
        self._parser.reasoned()

    def flow(self, text: str) -> Value | Text | Reasoning | None:
        """Take content that holds nothing to decide; gives the event it makes. Otherwise gives None, and
        nothing is taken.
        """
        if self._calls and self._native.open:  # nearly no reply of text has calls: the list is asked first
            return None
        event = self._parser.flow(text)
        if event is not None:
            self._text.append(text)
        return event

    def read(self, text: str) -> list[Event]:
        """Content that did not flow."""
        self._text.append(text)
        if self._native.open:
            # No client's protocol has text within a call: a call in tags would end at it.
            self._waiting.append(text)
            return []
        return self._parser.read(text)

    def flow_call(self, call: ToolDelta) -> str:
        """As `flow`, of a delta that stays within the open value; gives its characters, or nothing."""
        flowing = self._native.flow(call)
        if flowing:
            self._calls.append(call)
        return flowing

    def read_call(self, call: ToolDelta) -> list[Event]:
        """A native call's delta that did not flow."""
        self._calls.append(call)
        # Servers part content and calls before it is told whether a tag at the content's end was one.
        events = [] if self._native.open else self._parser.interrupt()
        events += self._native.feed(call)
        if not self._native.open:
            events += self._released()
        return events

    def feed(self, delta: Delta) -> list[Event]:
        """A delta's content and tool calls, whether they flow or not; its reasoning is the caller's."""
        events: list[Event] = []
        if delta.content:
            event = self.flow(delta.content)
            events += self.read(delta.content) if event is None else [event]
        for call in delta.tool_calls:
            events += self.read_call(call)
        return events

    def close(self, *, normal: bool) -> list[Event]:
        """The reply ended. normal: the upstream said so, and not for want of room."""
        events = self._native.close(normal=normal)
        events += self._released()
        return events + self._parser.close(normal=normal)

    def _released(self) -> list[Event]:
        if not self._waiting:
            return []
        text = "".join(self._waiting)
        self._waiting.clear()
        return self._parser.feed(text)


def _native(plan: Plan) -> NativeCalls:
    # A client that reads calls from text has no words for a call of a tool that it does not declare.
    spell = call_of_json if plan.kind is ClientKind.XML_AGENT else None
    return NativeCalls(plan.toolset.tools, spell)
