"""A call inside a fence, a quote or an indented block, kept aside until the reply's end."""

from __future__ import annotations

from roobridge.events import Event


class Example:
    """head: the source text up to and with the opening tag. opener: that tag. indent: columns before it, or
    before the fence that it stands in. Holds the rest of the source, and its events."""

    def __init__(self, head: str, opener: str, indent: int, rest: str) -> None:
        self.head = head
        self.events: list[Event] = []
        self._opener = opener
        self._indent = " " * indent
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

    def dedented(self) -> str:
        """The source text from the opening tag on, without the indent that all its lines have; empty where
        they have none."""
        first, *lines = (self._opener + self.rest()).split("\n")
        indented = all(line.startswith(self._indent) for line in lines if line.strip())
        if not self._indent or not indented:
            return ""
        return "\n".join([first, *(line.removeprefix(self._indent) for line in lines)])
