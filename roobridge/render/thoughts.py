"""The reasoning channel: what the model thought, and text shown early."""

from __future__ import annotations

from roobridge.events import Piece, Preview, Reasoning, Thought

_GAP = "\n\n"


class Thoughts:
    """Text in, pieces out. A blank line stands between thinking and a preview; it belongs to the preview,
    for it is none of the model's words."""

    def __init__(self) -> None:
        self._preview: bool | None = None  # what came last
        self._end = ""  # how it ended

    def tell(self, outcome: Preview | Reasoning) -> list[Piece]:
        return [*self.say(outcome.text, preview=isinstance(outcome, Preview))]

    def say(self, text: str, *, preview: bool = False) -> list[Thought]:
        if self._preview is preview:
            self._end = text if len(text) >= len(_GAP) else (self._end + text)[-len(_GAP) :]
            return [Thought(text, preview)]
        turned = self._preview is not None
        end = self._end[-len(_GAP) :]
        # Roo joins all reasoning of a reply into one block: without a gap the two would run into one word.
        newlines = len(end) - len(end.rstrip("\n"))
        gap = _GAP[newlines:] if turned else ""
        self._preview = preview
        self._end = (end + text)[-len(_GAP) :]
        if gap and preview:
            return [Thought(gap + text, preview=True)]
        return [*([Thought(gap, preview=True)] if gap else []), Thought(text, preview)]
