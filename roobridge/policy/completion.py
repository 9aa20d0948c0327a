"""The model's own completion: kept back until it says something, unnested, kept within its limit."""

from __future__ import annotations

import re
from enum import Enum, auto

from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Markup,
    ParamEnd,
    ParamStart,
    Repaired,
    Unfinished,
    Value,
)
from roobridge.grammar.model import Completion
from roobridge.policy.units import head_units, units
from roobridge.spelling.words import speaks

_BLANK = re.compile(r"\s+")
_TAIL = 64  # characters kept back while an inner closing tag may follow


class _Stage(Enum):
    PASSING = auto()  # no completion is open
    SILENT = auto()  # one is open and has no letter or digit yet
    SPEAKING = auto()  # it has


class CompletionFilter:
    """Events in, events out.

    completion: which call, and which of its parameters. limit: UTF-16 units of that parameter's value, 0
    for none; what is over it is dropped, a named repair, because the client would cut it as well.
    """

    def __init__(self, completion: Completion, limit: int) -> None:
        self._completion = completion
        self._limit = limit
        self._stage = _Stage.PASSING
        self._early: list[Event] = []
        self._value: _Unnest | None = None
        self._units = 0

    @property
    def passing(self) -> bool:
        """No completion is open."""
        return self._stage is _Stage.PASSING

    def feed(self, event: Event) -> list[Event]:
        if self._stage is _Stage.PASSING:
            if not isinstance(event, CallStart) or event.name != self._completion.tool:
                return [event]
            self._stage = _Stage.SILENT
            self._early = [event]
            self._units = 0
            return []
        events = self._in_value(event)
        if self._stage is _Stage.SPEAKING:
            if isinstance(event, (CallEnd, Unfinished)):
                self._stage = _Stage.PASSING
            return events
        return self._silent(event, events)

    def _silent(self, event: Event, events: list[Event]) -> list[Event]:
        if isinstance(event, Repaired):
            return [event]
        self._early += events
        if any(isinstance(e, Value) and speaks(e.text) for e in events):
            self._stage = _Stage.SPEAKING
            return self._early
        if isinstance(event, CallEnd):
            self._stage = _Stage.PASSING
            # Roo answers it with `Missing value for required parameter`, which costs a turn (3.29,
            # attemptCompletionTool.ts).
            return [Repaired("blank_completion")]
        if isinstance(event, Unfinished):
            self._stage = _Stage.PASSING
            return [event]
        return []

    def _in_value(self, event: Event) -> list[Event]:
        if isinstance(event, ParamStart):
            self._value = _Unnest(self._completion) if event.name == self._completion.param else None
        elif self._value is not None and isinstance(event, Value):
            return self._within(self._value.add(event.text))
        elif self._value is not None and isinstance(event, (ParamEnd, Unfinished)):
            rest = self._within(self._value.end())
            self._value = None
            return [*rest, event]
        elif self._value is not None and isinstance(event, Markup) and self._value.waits:
            # Behind a value's first character white space is told at its end alone (calls/value.py).
            return [*self._within(self._value.end()), event]
        return [event]

    def _within(self, events: list[Event]) -> list[Event]:
        if not self._limit:
            return events
        kept: list[Event] = []
        for event in events:
            if not isinstance(event, Value) or self._units > self._limit:
                kept += [] if isinstance(event, Value) else [event]
                continue
            room = self._limit - self._units
            size = units(event.text)
            self._units += size
            if size <= room:
                kept.append(event)
            else:
                kept += [Value(head_units(event.text, room)), Repaired("completion_cut")]
                self._units = self._limit + 1
        return kept


class _Unnest:
    """The value of a completion in which the model wrote a completion again."""

    def __init__(self, completion: Completion) -> None:
        call, param = f"<{completion.tool}>", f"<{completion.param}>"
        self._heads = (call + param, param)
        self._closers = re.compile(
            rf"(?<!\s)\s*+</{re.escape(completion.param)}>(?:\s*+</{re.escape(completion.tool)}>)?\s*+\Z"
        )
        self._open_tags = re.compile(rf"\s*({re.escape(call)}\s*)?{re.escape(param)}")
        self._held: list[str] | None = []
        self._compact = ""
        self._tail: str | None = None  # the end of a nested value, which may be its closing tags
        self._led = False  # white space before a nested value is passed

    @property
    def waits(self) -> bool:
        """Something of the value is kept back."""
        return bool(self._held or self._tail)

    def add(self, text: str) -> list[Event]:
        if self._tail is not None:
            text = text if self._led else text.lstrip()
            self._led = self._led or bool(text)
            whole = self._tail + text
            cut = max(len(whole) - _TAIL, 0)
            self._tail = whole[cut:]
            return [Value(whole[:cut])] if cut else []
        if self._held is None:
            return [Value(text)]
        self._held.append(text)
        self._compact += _BLANK.sub("", text)[: len(self._heads[0])]
        # Roo ends the result at the first `</result>` and would show the inner opening tags as its text.
        if any(self._compact.startswith(head) for head in self._heads):
            rest = self._open_tags.sub("", "".join(self._held), count=1)
            self._held, self._tail = None, ""
            return [Repaired("nested_completion"), *self.add(rest)]
        if any(head.startswith(self._compact) for head in self._heads):
            return []
        return self._give()

    def end(self) -> list[Event]:
        if self._tail is not None:
            rest, self._tail = self._closers.sub("", self._tail), None
            return [Value(rest)] if rest else []
        return self._give()

    def _give(self) -> list[Event]:
        text = "".join(self._held or [])
        self._held = None
        return [Value(text)] if text else []
