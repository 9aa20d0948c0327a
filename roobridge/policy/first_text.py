"""White space between the model's thinking and its first words says nothing."""

from __future__ import annotations

from roobridge.events import Aside, CallStart, Event, Reasoning, Text


class FirstText:
    """Events in, events out: drops the white space that stands between reasoning and the first text.

    spoke: words or a call came; text goes its way unchanged from there on.
    """

    def __init__(self) -> None:
        self.spoke = False
        self._begins = False  # reasoning came, and no text yet

    def feed(self, event: Event) -> Event | None:
        if isinstance(event, (Reasoning, Aside)):
            # Text before an Aside was reasoning.
            self.spoke = self.spoke and isinstance(event, Reasoning)
            self._begins = not self.spoke
        elif isinstance(event, CallStart):
            self._speak()
        elif isinstance(event, Text):
            # Qwen3's template puts a blank line behind `</think>`.
            text = event.text.lstrip() if self._begins else event.text
            if not text:
                return None
            if not text.isspace():
                self._speak()
            return event if len(text) == len(event.text) else Text(text)
        return event

    def _speak(self) -> None:
        self.spoke = True
        self._begins = False
