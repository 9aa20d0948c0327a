"""To a client that gets calls: what the model wrote is read, judged, and told in the client's protocol."""

from __future__ import annotations

from collections.abc import Sequence

from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import Delta, broke_off, is_normal
from roobridge.bridge.reply.machine import complete_call
from roobridge.bridge.reply.reading import Reading
from roobridge.bridge.reply.resumption import Resumption
from roobridge.bridge.reply.telling import Telling
from roobridge.events import CallStart, Event, Length, Piece, Reasoning, Repaired, ToolDelta, Value


class AgentReply:
    """`Reading` and `Telling`, one after the other; the protocol is `reply.Reply`.

    plan: how the request is to be answered. call_ids: prefix of the ids given to tool calls that came
    without a usable one; unique per turn.
    """

    def __init__(self, plan: Plan, call_ids: str = "call") -> None:
        self._plan = plan
        self._reading = Reading(plan)
        self._telling = Telling(plan, call_ids)
        self._beside = 0  # characters of reasoning that came on its own channel

    @property
    def repairs(self) -> list[str]:
        return self._telling.repairs

    @property
    def calls(self) -> Sequence[CallStart]:
        return self._telling.calls

    @property
    def wrapped(self) -> bool:
        return self._telling.wrapped

    @property
    def done(self) -> bool:
        return self._telling.done

    @property
    def open_call(self) -> str:
        """The name of the call that is announced and not finished, or empty."""
        return self._reading.open_call

    @property
    def examined(self) -> int:
        return self._reading.examined

    @property
    def length(self) -> Length:
        thought = sum(map(len, self._telling.thoughts))
        return Length(self._reading.length - (thought - self._beside), thought)

    @property
    def said(self) -> str:
        return self._reading.heard(reasoned=self._reasoned).said()

    @property
    def tried(self) -> str:
        tried = self._telling.tried
        return tried if tried is not None else self.open_call

    def feed(self, delta: Delta) -> list[Piece]:
        pieces: list[Piece] = []
        if delta.reasoning:
            self._beside += len(delta.reasoning)
            self._reading.reasoned()
            self._telling.take([Reasoning(delta.reasoning)], pieces)
        if delta.content:
            event = self._reading.flow(delta.content)
            if event is not None:
                self._telling.flow(event, pieces)
            else:
                self._telling.take(self._reading.read(delta.content), pieces)
        for call in delta.tool_calls:
            self._tool_call(call, pieces)
        return pieces

    def close(self, finish: str) -> list[Piece]:
        pieces: list[Piece] = []
        normal = is_normal(finish)
        self._telling.take(self._reading.close(normal=normal), pieces)
        # A thinking model may end within its thinking, at the call that it had decided on
        # (fixtures/replies/rules/thinking.json: channel-with-call-only).
        if normal and not self._telling.spoke:
            self._telling.take(self._calls_in_reasoning(), pieces)
        self._telling.close(finish, normal=normal, pieces=pieces)
        return pieces

    def resumption(self, finish: str) -> Resumption | None:
        normal = is_normal(finish)
        if not self._telling.may_go_on or not (normal or broke_off(finish)):
            return None
        heard = self._reading.heard(reasoned=self._reasoned)
        opening = heard.opening(normal=normal, texts=self._plan.agent and self._telling.undecided)
        if opening is None:
            return None
        return Resumption(opening, self._reading, self._telling, self.feed)

    def lone_text(self, finish: str) -> str:
        undecided = self._plan.agent and self._telling.undecided
        if not undecided or self.done or not is_normal(finish):
            return ""
        return self._reading.heard(reasoned=self._reasoned).lone_text()

    def note(self, repair: str) -> None:
        self.repairs.append(repair)

    @property
    def _reasoned(self) -> bool:
        return bool(self._telling.thoughts)

    def _tool_call(self, call: ToolDelta, pieces: list[Piece]) -> None:
        flowing = self._reading.flow_call(call)
        if flowing:
            self._telling.value(Value(flowing), pieces)
        else:
            self._telling.take(self._reading.read_call(call), pieces)

    def _calls_in_reasoning(self) -> list[Event]:
        """Where nothing else was said: the calls that count all the same."""
        call = complete_call(self._plan, "".join(self._telling.thoughts))
        return [Repaired("call_in_reasoning"), *call] if call else []
