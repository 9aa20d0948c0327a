"""Where the events go: to the caller, or to an example whose fate is open."""

from __future__ import annotations

from roobridge.events import Event
from roobridge.parser.example import Example


class Output:
    """events: of the present feed. sink: where new ones go, those or the example's. example: the open one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sink = self.events
        self.example: Example | None = None

    def begin(self, text: str) -> list[Event]:
        """This text is fed: its events will stand in the list that is given."""
        self.events = []
        if self.example is None:
            self.sink = self.events
        else:
            self.example.add(text)
        return self.events

    def emit(self, event: Event) -> None:
        self.sink.append(event)

    def put_aside(self, example: Example) -> None:
        """Events are the example's from here on."""
        self.example = example
        self.sink = example.events

    def settle(self) -> Example:
        """The example's fate is known: events are the caller's again."""
        example = self.example
        assert example is not None
        self.example = None
        self.sink = self.events
        return example
