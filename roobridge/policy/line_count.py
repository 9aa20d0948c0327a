"""Parameters that a client's version requires and that can be computed, where the model left them out."""

from __future__ import annotations

from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Form,
    Markup,
    ParamEnd,
    ParamStart,
    Repaired,
    Unfinished,
    Value,
)
from roobridge.grammar.model import Param, Toolset


class Computed:
    """Events in, events out: counts the lines of the parameter that another one is computed from.

    counting: the open value is that parameter's.
    """

    def __init__(self, toolset: Toolset) -> None:
        self._tools = {
            tool.name: params
            for tool in toolset.tools.values()
            if (params := [p for p in tool.params.values() if p.computed and p.required])
        }
        self._missing: list[Param] = []
        self._open = ""
        self._newlines: dict[str, int] = {}
        self._last: dict[str, str] = {}
        self.counting = False

    def value(self, text: str) -> None:
        """More characters of the open value, while `counting`."""
        self._newlines[self._open] += text.count("\n")
        self._last[self._open] = text[-1:]

    def feed(self, event: Event) -> list[Event]:
        if isinstance(event, CallStart):
            self._missing = list(self._tools.get(event.name, ()))
            self._newlines.clear()
        elif self._missing:
            if isinstance(event, Value):
                if self.counting:
                    self.value(event.text)
            elif isinstance(event, ParamStart):
                self._begin(event.name)
            elif isinstance(event, CallEnd):
                return [*self._add(), event]
            elif isinstance(event, ParamEnd):
                self.counting = False
            elif isinstance(event, Unfinished):
                self._missing = []
                self.counting = False
        return [event]

    def _begin(self, name: str) -> None:
        self._missing = [param for param in self._missing if param.name != name]
        self._open = name
        self.counting = any(param.computed == name for param in self._missing)
        if self.counting:
            self._newlines[name] = 0
            self._last[name] = ""

    def _add(self) -> list[Event]:
        added: list[Event] = []
        for param in self._missing:
            if param.computed in self._newlines:
                # A last line without a newline is a line too.
                ends_open = self._last[param.computed] not in ("", "\n")
                lines = self._newlines[param.computed] + ends_open
                added += [Repaired(f"computed_{param.name}"), ParamStart(param.name, Form.JSON)]
                # Its tags stand on a line of their own, as the model's do.
                added += [Value(str(lines)), ParamEnd(), Markup("\n")]
        self._missing = []
        return added
