"""A parameter that is told more than once in a call.

Tellings of an array are gathered into one. Of others, equal ones are one, and else the last counts, as every
client reads it: the first has gone out as it came. Each is the repair `repeated_parameter`.
"""

from __future__ import annotations

from hashlib import blake2b

from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Form,
    Markup,
    ParamEnd,
    ParamStart,
    Repaired,
    Value,
)
from roobridge.grammar.model import Param, Tool, Toolset
from roobridge.jsontext.lenient import normalise
from roobridge.jsontext.strings import quoted

_REPAIR = Repaired("repeated_parameter")


class Repeated:
    """Events in, events out. own: the dialect that the client reads; a call in it goes out as it was written,
    and the client takes the last telling of it.

    holds: the open value waits until it is whole, for it repeats one or may be repeated. told: the open
    value's characters; who passes some on without `feed` adds them.
    """

    def __init__(self, toolset: Toolset, own: str = "") -> None:
        self.holds = False
        self.told: list[str] = []
        self._toolset = toolset
        self._own = own
        self._written = False  # the open call is in that dialect
        self._tool = Tool("", {})
        self._name = ""
        # Values may be whole files: they are compared by it, and need not be kept.
        self._given: dict[str, bytes] = {}  # a digest of each value
        self._form = Form.TEXT
        self._held: list[Event] = []
        self._arrays: dict[str, list[list[Event]]] = {}

    def feed(self, event: Event) -> list[Event]:
        if isinstance(event, CallStart):
            self._tool = self._toolset.tools.get(event.name) or Tool(event.name, {})
            self._written = bool(event.raw) and event.dialect == self._own
            self._given.clear()
            self._arrays.clear()
            self.holds = False
        elif isinstance(event, ParamStart):
            return self._start(event)
        elif isinstance(event, ParamEnd):
            return self._end(event)
        elif isinstance(event, CallEnd):
            return [*self._gathered(), event]
        elif isinstance(event, (Value, Markup)):
            if isinstance(event, Value):
                self.told.append(event.text)
            if self.holds:
                self._held.append(event)
                return []
        return [event]

    def _start(self, event: ParamStart) -> list[Event]:
        self._name, self._form = event.name, event.form
        self.told.clear()
        again = event.name in self._given
        # Roo's parser takes the last telling (AssistantMessageParser); the text stays as it is (law 7).
        if self._written:
            self._given[event.name] = b""
            return [_REPAIR, event] if again else [event]
        self.holds = again or self._is_array(event.name)
        self._held = [event]
        return [] if self.holds else [event]

    def _end(self, event: ParamEnd) -> list[Event]:
        if self._written:
            return [event]
        name, digest = self._name, self._digest()
        told, held = self._given.get(name), self.holds
        self._given[name] = digest
        self.holds = False
        if not held:
            return [event]
        telling = [*self._held, event]
        if told == digest:
            return [_REPAIR]
        if self._is_array(name):
            self._arrays.setdefault(name, []).append(telling)
            return []
        return [_REPAIR, *telling]

    def _digest(self) -> bytes:
        value = self._form.value + "".join(self.told)
        self.told.clear()
        return blake2b(value.encode("utf-8", "surrogatepass")).digest()

    def _is_array(self, name: str) -> bool:
        param = self._tool.params.get(name)
        return param is not None and "array" in param.types and "string" not in param.types

    def _gathered(self) -> list[Event]:
        events: list[Event] = []
        for name, tellings in self._arrays.items():
            if len(tellings) == 1:
                events += tellings[0]
            else:
                events += [_REPAIR, *_as_one(self._tool.params[name], tellings)]
        self._arrays.clear()
        return events


def _as_one(param: Param, tellings: list[list[Event]]) -> list[Event]:
    """The events of one array with the elements of all tellings."""
    told = [_told(telling) for telling in tellings]
    if param.nested is not None and all(form is Form.TEXT and text.strip()[:1] == "<" for form, text in told):
        form, whole = Form.TEXT, "\n".join(text for _, text in told)
    else:
        parts = [part for form, text in told if (part := _elements(param, form, text))]
        form, whole = Form.JSON, f"[{','.join(parts)}]"
    return [ParamStart(param.name, form), Value(whole), ParamEnd()]


def _told(telling: list[Event]) -> tuple[Form, str]:
    form = next(event.form for event in telling if isinstance(event, ParamStart))
    return form, "".join(event.text for event in telling if isinstance(event, Value))


def _elements(param: Param, form: Form, text: str) -> str:
    """A telling as elements of a JSON array: its own, where it is one, else itself."""
    stripped = text.strip()
    items = (param.schema or {}).get("items")
    strings = isinstance(items, dict) and items.get("type") == "string"
    if form is Form.JSON or stripped[:1] == "[" or not (strings or form is Form.STRING):
        try:
            json, _ = normalise(stripped)
        except ValueError:
            return quoted(text)
        return json[1:-1].strip() if json[0] == "[" else json
    return quoted(text)
