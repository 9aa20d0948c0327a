"""The reasoning channel: what the model thought, and text shown early."""

from __future__ import annotations

from roobridge.events import Thought

_GAP = "\n\n"


class Thoughts:
    """Text in, pieces out. A blank line stands between thinking and a preview; it belongs to the preview,
    for it is none of the model's words."""

    def __init__(self) -> None:
        self._preview: bool | None = None  # what came last
        self._end = ""  # its last two characters

    def say(self, text: str, *, preview: bool = False) -> list[Thought]:
        turned = self._preview is not None and self._preview is not preview
        newlines = len(self._end) - len(self._end.rstrip("\n"))
        gap = _GAP[newlines:] if turned else ""
        self._preview = preview
        self._end = (self._end + text)[-len(_GAP) :]
        if gap and preview:
            return [Thought(gap + text, preview=True)]
        return [*([Thought(gap, preview=True)] if gap else []), Thought(text, preview)]
