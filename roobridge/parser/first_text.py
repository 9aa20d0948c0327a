"""White space between the model's thinking and its first words says nothing."""

from __future__ import annotations

from roobridge.events import Aside, CallStart, Event, Reasoning, Text


class FirstText:
    """Events in, events out: drops the white space that stands between reasoning and the first text."""

    def __init__(self) -> None:
        self.begins = False  # reasoning came, and no text yet
        self._spoke = False

    def feed(self, event: Event) -> Event | None:
        if isinstance(event, (Reasoning, Aside)):
            # Text before an Aside was reasoning.
            self._spoke = self._spoke and isinstance(event, Reasoning)
            self.begins = not self._spoke
        elif isinstance(event, CallStart):
            self._speak()
        elif isinstance(event, Text):
            text = event.text.lstrip() if self.begins else event.text
            if not text:
                return None
            self.passed(text)
            return event if len(text) == len(event.text) else Text(text)
        return event

    def passed(self, text: str) -> None:
        """Text that goes its way unchanged."""
        if not self._spoke and not text.isspace():
            self._speak()

    def _speak(self) -> None:
        self._spoke = True
        self.begins = False
