"""One reply on its way: deltas of the upstream in, pieces for the client out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.ports import Delta, broke_off, is_normal
from roobridge.bridge.reply.machine import complete_call, new_parser
from roobridge.bridge.reply.unfinished import Heard, Opening, as_text
from roobridge.dialects.hermes import call_of_json
from roobridge.dialects.native import NativeCalls
from roobridge.events import (
    CallStart,
    Event,
    Fail,
    Finish,
    Length,
    Outcome,
    Piece,
    Reasoning,
    Repaired,
    Text,
    ToolDelta,
    Undeclared,
    Value,
)
from roobridge.parser.machine import Parser
from roobridge.policy.first_text import FirstText
from roobridge.policy.line_count import Computed
from roobridge.policy.repeated import Repeated
from roobridge.policy.waiting import Held, HeldLive, HeldPreview
from roobridge.policy.wrap import Stage, Wrapper, does_not_fit
from roobridge.render.roo_xml import DIALECT as ROO_XML
from roobridge.render.roo_xml import XmlRenderer
from roobridge.render.tool_calls import ToolCallsRenderer

_HELD: dict[Wrap, type[Held]] = {Wrap.PREVIEW: HeldPreview, Wrap.HOLD: Held, Wrap.LIVE: HeldLive}


class AgentReply:
    """The reply to a client that gets calls: the machine at work.

    plan: how the request is to be answered. call_ids: prefix of the ids given to tool calls that came
    without a usable one; unique per turn.
    """

    def __init__(self, plan: Plan, call_ids: str = "call") -> None:
        self.repairs: list[str] = []
        self.done = False  # the client's reply is over: the rest of the upstream's is not needed
        self._plan = plan
        self._parser = new_parser(plan)
        self._native = self.new_native()
        self._computed = Computed(plan.toolset)
        self._first_text = FirstText()
        self._repeated = Repeated(plan.toolset, ROO_XML if plan.kind is ClientKind.XML_AGENT else "")
        held = _HELD[plan.wrap]() if plan.agent else None
        self._wrapper = Wrapper(plan.toolset, held, several=not plan.single_call)
        self._renderer = _renderer(plan, self.repairs, call_ids)
        self._reasoning: list[str] = []
        self._beside = 0  # characters of it that came on the channel of their own
        self._waiting: list[str] = []  # content that came while a native call was open
        self._heard: list[str] = []  # all content, as it came
        self._heard_calls: list[ToolDelta] = []
        self._spoke = False  # words or a call came outside the reasoning
        self._straight = False  # the open value goes out as it comes
        self._failed = False

    @property
    def open_call(self) -> str:
        """The name of the call that is announced and not finished, or empty."""
        return self._parser.open_call or self._native.open_call

    @property
    def examined(self) -> int:
        """Characters examined so far, each time anew."""
        return self._parser.examined

    @property
    def length(self) -> Length:
        """What the model has written so far; what stands in thinking tags is thought."""
        thought = sum(map(len, self._reasoning))
        calls = sum(len(call.name) + len(call.arguments) for call in self._heard_calls)
        content = sum(map(len, self._heard)) - (thought - self._beside)
        return Length(content + calls, thought)

    def feed(self, delta: Delta) -> list[Piece]:
        """Take one delta's reasoning, content and tool calls; its usage and finish are the caller's."""
        pieces: list[Piece] = []
        if delta.reasoning:
            self._beside += len(delta.reasoning)
            self._parser.reasoned()
            self._take([Reasoning(delta.reasoning)], pieces)
        if delta.content:
            self._content(delta.content, pieces)
        for call in delta.tool_calls:
            self._tool_call(call, pieces)
        return pieces

    def close(self, finish: str) -> list[Piece]:
        """The upstream's reply ended: "stop" and "tool_calls" are normal ends; "length", "error",
        "silence", "cut" and every other word are not. The pieces end with a Finish or a Fail, unless
        `done` was already set, when they are empty.
        """
        pieces: list[Piece] = []
        normal = is_normal(finish)
        self._take(self._native.close(normal=normal), pieces)
        self._after_native(pieces, last=True)
        self._take(self._parser.close(normal=normal), pieces)
        if normal and not self._spoke:
            self._take(self._calls_in_reasoning(), pieces)
        self._put(self._wrapper.close(finish, normal=normal), pieces)
        return pieces

    # -- what a continuation needs ---------------------------------------------------------------------

    def opening(self, finish: str) -> Opening | None:
        """What an end with this word would leave unfinished, to be continued; asked before `close`.

        None where nothing is, or nothing that going on would mend.
        """
        normal = is_normal(finish)
        if not self._may_go_on() or not (normal or broke_off(finish)):
            return None
        texts = self._plan.agent and self._wrapper.stage is Stage.UNDECIDED
        return self._again().opening(normal=normal, texts=texts)

    def lone_text(self, finish: str) -> str:
        """The text of a reply that is text and nothing else, where this end would have it wrapped."""
        undecided = self._plan.agent and self._wrapper.stage is Stage.UNDECIDED
        if not undecided or not self._may_go_on() or not is_normal(finish):
            return ""
        return self._again().lone_text()

    @property
    def said(self) -> str:
        """All that the model wrote outside its own channel for reasoning, calls spelled as text."""
        native = self.new_native()
        events = [event for call in self._heard_calls for event in native.feed(call)]
        events += native.close(normal=False)
        alien = [event.text for event in events if isinstance(event, Undeclared)]
        parts = ["".join(self._heard), as_text(events), *alien]
        return "\n".join(part for part in parts if part)

    @property
    def tried(self) -> str:
        """The name of the tool that the model tried to call, as far as it can be told, or empty."""
        attempt = self._wrapper.attempt
        return attempt.name if attempt is not None else self.open_call

    def _may_go_on(self) -> bool:
        stages = (Stage.UNDECIDED, Stage.CALL)
        return not self.done and self._wrapper.stage in stages

    def _again(self) -> Heard:
        return Heard("".join(self._heard), self._heard_calls, self.new_parser(), self.new_native())

    def new_parser(self) -> Parser:
        """A parser for this reply's text that has read nothing."""
        return new_parser(self._plan, reasoning=not self._reasoning)

    def new_native(self) -> NativeCalls:
        """The same for its `tool_calls`."""
        spell = call_of_json if self._plan.kind is ClientKind.XML_AGENT else None
        return NativeCalls(self._plan.toolset.tools, spell)

    def adopt(self, parser: Parser, text: list[str], *, same_spelling: bool) -> None:
        """From here on another parser reads, which has read this text and stands in the same open call."""
        if not same_spelling:
            self._renderer.respell()
        self._parser = parser
        self._heard = text
        self._native = self.new_native()
        self._heard_calls = []
        self._drop_waiting()

    def adopt_native(self, native: NativeCalls, calls: list[ToolDelta]) -> None:
        """The same for another reader of `tool_calls`."""
        self.adopt(self.new_parser(), [], same_spelling=False)
        self._native = native
        self._heard_calls = calls

    def _drop_waiting(self) -> None:
        if self._waiting:
            self.note("text_beside_call_dropped")
            self._waiting.clear()

    def take(self, events: Iterable[Event]) -> list[Piece]:
        """Events that a continuation adds."""
        pieces: list[Piece] = []
        self._take(events, pieces)
        return pieces

    def note(self, repair: str) -> None:
        self.repairs.append(repair)

    def give_up(self, why: str) -> list[Piece]:
        """The continuation does not fit: end the reply with a Fail."""
        pieces: list[Piece] = []
        self._put([does_not_fit(self.open_call, why)], pieces)
        return pieces

    # -- parts of feed and close -----------------------------------------------------------------------

    def _content(self, text: str, pieces: list[Piece]) -> None:
        self._heard.append(text)
        if self._native.open:
            self._waiting.append(text)
            return
        event = self._parser.flow(text)
        if type(event) is Value:
            self._value(event, pieces)
        elif event is None:
            self._take(self._parser.read(text), pieces)
        elif type(event) is Text and self._wrapper.waits and self._first_text.spoke:
            self._put(self._wrapper.wait(text), pieces)
        else:
            self._take((event,), pieces)

    def _value(self, event: Value, pieces: list[Piece]) -> None:
        """Characters of the open value, which hold nothing to decide."""
        if not self._straight:
            self._take((event,), pieces)
            return
        text = event.text
        self._repeated.told.append(text)
        if self._computed.counting:
            self._computed.value(text)
        self._give(self._renderer.value(text), pieces)

    def _tool_call(self, call: ToolDelta, pieces: list[Piece]) -> None:
        self._heard_calls.append(call)
        flowing = self._native.flow(call)
        if flowing:
            self._value(Value(flowing), pieces)
            return
        if not self._native.open:
            self._take(self._parser.interrupt(), pieces)
        self._take(self._native.feed(call), pieces)
        self._after_native(pieces)

    def _after_native(self, pieces: list[Piece], *, last: bool = False) -> None:
        if self._waiting and (last or not self._native.open):
            text = "".join(self._waiting)
            self._waiting.clear()
            self._take(self._parser.feed(text), pieces)

    def _take(self, events: Iterable[Event], pieces: list[Piece]) -> None:
        for event in events:
            if self._straight and type(event) is Value:
                self._value(event, pieces)
                continue
            if isinstance(event, Reasoning):
                self._reasoning.append(event.text)
            elif isinstance(event, CallStart) or (isinstance(event, Text) and not event.text.isspace()):
                self._spoke = True
            kept = self._first_text.feed(event)
            for told in self._repeated.feed(kept) if kept is not None else ():
                self._put(self._wrapper.feed(self._computed.feed(told)), pieces)
            self._straight = self._wrapper.passes and not self.done and not self._repeated.holds

    def _put(self, outcomes: Iterable[Outcome], pieces: list[Piece]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Repaired):
                if not self._failed:
                    self.repairs.append(outcome.name)
            elif not self.done:
                self._give(self._renderer.render(outcome), pieces)

    def _give(self, new: list[Piece], pieces: list[Piece]) -> None:
        if new:
            pieces += new
            last = type(new[-1])
            if last is Finish or last is Fail:
                self.done = True
                self._straight = False
                self._failed = last is Fail

    def _calls_in_reasoning(self) -> list[Event]:
        """Where nothing else was said: the calls that count all the same."""
        if self._wrapper.stage is not Stage.UNDECIDED:
            return []
        call = complete_call(self._plan, "".join(self._reasoning))
        return [Repaired("call_in_reasoning"), *call] if call else []


class Renderer(Protocol):
    """Outcomes in, pieces out."""

    def render(self, outcome: Outcome) -> list[Piece]: ...
    def value(self, text: str) -> list[Piece]: ...
    def respell(self) -> None: ...


def _renderer(plan: Plan, repairs: list[str], call_ids: str) -> Renderer:
    if plan.kind is ClientKind.XML_AGENT:
        return XmlRenderer(plan.toolset, repairs)
    several = not plan.single_call
    return ToolCallsRenderer(plan.toolset, repairs, call_ids, guard_text=plan.guard_text, several=several)
