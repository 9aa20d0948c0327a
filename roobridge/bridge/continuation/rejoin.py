"""A call told again: what the client has already been sent of it is taken out, and must agree.

Compared are the values that events carry, since a dialect spells them its own way: a file in tags as it is,
in JSON with escapes. What was sent cannot be unsaid (law 5), so a parameter may not change, nor its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto

from roobridge.bridge.continuation.beginning import HEAD
from roobridge.bridge.continuation.overlap import SURE, MisfitError, overlap
from roobridge.bridge.reply.unfinished import OpenCall
from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Markup,
    ParamEnd,
    ParamStart,
    Reasoning,
    Repaired,
    Value,
)
from roobridge.spelling.dialect import Given


class _Stage(Enum):
    BEFORE = auto()  # the call is not there yet
    CALL = auto()  # between its parameters
    CLOSED = auto()  # in a parameter that was sent whole
    OPEN = auto()  # in the one that was sent in part
    ASTRAY = auto()  # the same, and its value does not begin as the one that was sent: does it overlap?
    JOINED = auto()  # everything from here on is new


class Rejoin:
    """Events of a parser that reads the call from its beginning in; what is new out.

    call: what was sent. before: how many calls precede it in the events.
    """

    def __init__(self, call: OpenCall, before: int = 0) -> None:
        self.same_spelling = False
        self._call = call
        self._skip = before
        self._stage = _Stage.BEFORE
        self._closed = {given.name: given for given in call.params if given.closed}
        self._param: Given | None = None
        self._text: list[str] = []  # of the parameter being compared
        self._length = 0
        self._sent = call.param.text if call.param else ""

    @property
    def joined(self) -> bool:
        """What was sent has been told again in full."""
        done = self._stage is _Stage.OPEN and self._length == len(self._sent)
        return done or self._stage is _Stage.JOINED

    def take(self, events: Iterable[Event]) -> list[Event]:
        """What of the events is new. Raises MisfitError where they contradict what was sent."""
        new: list[Event] = []
        for event in events:
            new_markup = isinstance(event, Markup) and self._is_new_markup()
            if new_markup or self._stage is _Stage.JOINED or isinstance(event, Reasoning):
                new.append(event)
            elif not isinstance(event, (Markup, Repaired)):
                new += self._compare(event)
        return new

    def _is_new_markup(self) -> bool:
        """It stands behind all that was sent."""
        told = self._stage is _Stage.OPEN and self._length == len(self._sent)
        return told and (self._sent != "" or not self._call.lead)

    def _compare(self, event: Event) -> list[Event]:
        if self._stage is _Stage.BEFORE:
            self._seek(event)
            return []
        match event:
            case ParamStart():
                return self._start(event)
            case Value():
                return self._value(event.text)
            case ParamEnd():
                return self._end(event)
            case _:
                assert isinstance(event, CallEnd), "nothing else is told inside a call"
                if self._call.param is not None:
                    raise MisfitError(f"it leaves out {self._call.param.name}, which had begun")
                self._stage = _Stage.JOINED
                return [event]

    def _seek(self, event: Event) -> None:
        if not isinstance(event, CallStart):
            return
        if self._skip:
            self._skip -= 1
            return
        if event.name != self._call.name:
            raise MisfitError(f"it calls {event.name} instead")
        self.same_spelling = event.dialect == self._call.dialect
        self._stage = _Stage.CALL

    def _start(self, event: ParamStart) -> list[Event]:
        self._text.clear()
        self._length = 0
        self._param = self._closed.get(event.name)
        if self._param is not None:
            self._stage = _Stage.CLOSED
        elif self._call.param is not None and event.name == self._call.param.name:
            self._stage = _Stage.OPEN
        elif self._call.param is None:
            self._stage = _Stage.JOINED
            return [event]
        else:
            raise MisfitError(f"it gives {event.name} before {self._call.param.name}, which had begun")
        return []

    def _value(self, text: str) -> list[Event]:
        if self._stage is _Stage.OPEN:
            at = self._length
            rest = self._sent[at : at + len(text)]
            if text.startswith(rest):
                self._length += len(rest)
                return self._beyond(text[len(rest) :])
            self._text.append(self._sent[:at])
            self._stage = _Stage.ASTRAY
        self._text.append(text)
        if self._stage is _Stage.ASTRAY and sum(map(len, self._text)) >= HEAD:
            return self._overlapping()
        return []

    def _beyond(self, text: str) -> list[Event]:
        if not text:
            return []
        self._stage = _Stage.JOINED
        return [Value(text)]

    def _overlapping(self) -> list[Event]:
        whole = "".join(self._text)
        length = overlap(self._sent, whole)
        # The beginning of a line is not enough here: all values of a kind begin alike.
        if length < SURE and "\n" not in whole[:length]:
            raise MisfitError("it begins anew with another value than was sent")
        self._stage = _Stage.JOINED
        return [Repaired("overlap_removed"), *([Value(whole[length:])] if whole[length:] else [])]

    def _end(self, event: ParamEnd) -> list[Event]:
        if self._stage is _Stage.ASTRAY:
            return [*self._overlapping(), event]
        if self._stage is _Stage.OPEN:
            # A last newline that was sent as part of the value is markup in this spelling.
            if self._sent[self._length :] not in ("", "\n", "\r\n"):
                raise MisfitError("its value is shorter than what was sent")
            self._stage = _Stage.JOINED
            return [event]
        assert self._param is not None
        # White space at a value's ends is markup in one dialect and of the value in another.
        if self._param.text.strip() != "".join(self._text).strip():
            raise MisfitError(f"it gives {self._param.name} another value")
        self._stage = _Stage.CALL
        return []
