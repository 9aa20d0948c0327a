"""Text that waits until it is known whether a call follows, one class a policy."""

from __future__ import annotations

import msgspec

from roobridge.events import Preview
from roobridge.spelling.words import speaks


class Released(msgspec.Struct, frozen=True, gc=False):
    """Text that need not wait any longer."""

    text: str


class Held:
    """The policy `hold`: all text waits."""

    def __init__(self) -> None:
        self.worthy = False  # a letter or digit was seen
        self._parts: list[str] = []

    def whole(self) -> str:
        """All text, whether it waits or was released."""
        return "".join(self._parts)

    def add(self, text: str) -> list[Preview | Released]:
        """More text; gives what may be shown of it."""
        self._parts.append(text)
        if not self.worthy:
            self.worthy = speaks(text)
        return []

    def break_here(self) -> None:
        """The text that follows begins a new Markdown block."""

    def set_aside(self) -> str:
        """All that waits was reasoning after all; gives what was not shown as such yet."""
        self.worthy = False
        return self.take()

    def take(self) -> str:
        """All that waits; it waits no longer."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


class HeldPreview(Held):
    """The policy `preview`: all text waits, and is shown from its first letter or digit on."""

    def add(self, text: str) -> list[Preview | Released]:
        begun = self.worthy
        super().add(text)
        if not self.worthy:
            return []
        return [Preview(text if begun else "".join(self._parts).lstrip())]

    def set_aside(self) -> str:
        shown = self.worthy
        text = super().set_aside()
        # A preview went out on the reasoning channel already, which is where it belongs now.
        return "" if shown else text


class HeldLive(Held):
    """The policy `live`: the last block with a letter or digit in it waits until the next one begins."""

    def __init__(self) -> None:
        super().__init__()
        self._next: list[str] = []  # what follows that block and has no letter or digit yet
        self._broken = False
        self._released: list[str] = []

    def whole(self) -> str:
        return "".join([*self._released, *self._parts, *self._next])

    def add(self, text: str) -> list[Preview | Released]:
        if not self._broken:
            return super().add(text)
        self._next.append(text)
        if not speaks(text):
            return []
        # No list, fence or paragraph is torn: what is released ends where a block does.
        finished = super().take()
        lines = finished.rstrip(" \t")
        # The break is told at the new block's first character: its indent came before.
        indent = finished[len(lines) :] if lines.endswith("\n") else ""
        self._parts, self._next, self._broken = [indent, *self._next], [], False
        self._released.append(finished[: len(finished) - len(indent)])
        return [Released(self._released[-1])]

    def break_here(self) -> None:
        self._broken = self._broken or speaks("".join(self._parts))

    def take(self) -> str:
        self._parts += self._next
        self._next = []
        self._broken = False
        return super().take()
