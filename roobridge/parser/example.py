"""A call inside a fence, a quote or an indented block, kept aside until the reply's end."""

from __future__ import annotations

from roobridge.events import Event


class Example:
    """head: the source text up to and with the opening tag. Holds the rest of the source, and its events."""

    def __init__(self, head: str, rest: str) -> None:
        self.head = head
        self.events: list[Event] = []
        self._rest = [rest]

    def add(self, text: str) -> None:
        """More source text arrived."""
        self._rest.append(text)

    def rest(self) -> str:
        """All source text after the head."""
        return "".join(self._rest)

    def taken(self, unread: int) -> str:
        """The source text of the example, without the last `unread` characters."""
        whole = self.head + self.rest()
        return whole[: len(whole) - unread]
