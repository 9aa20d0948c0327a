"""A code fence that a model puts around its continuation: whether it is one, and its taking out."""

from __future__ import annotations

import re
from enum import Enum, auto

from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.reply.unfinished import Opening
from roobridge.dialects import PARAMETER_HEADS

# CommonMark 0.31, section 4.5, but for the info string, which is one word here: models name a language.
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[\w.+:/-]*[ \t]*\r?\n")
_FENCE_END = re.compile(r"\n[ \t]{0,64}+(?:`{3,64}+|~{3,64}+)[ \t]{0,64}+(?:\r?\n|\Z)")
_FENCE_BEGUN = re.compile(r"\r?\n[ \t]{0,64}+(?:(?:`{1,64}+|~{1,64}+)[ \t]{0,64}+)?\r?\Z|\r\Z")
# A fence may be closed before the call's tags or behind them; either way they are the call's.
_CLOSERS = ("</", *PARAMETER_HEADS)


def behind_fence(opening: Opening, head: str, at: int) -> int:
    """Behind a fence that was opened around the continuation; `at` where none was."""
    body = fence(head[at:])
    if not body or (opening.call is None and not opening.begun):
        return at
    if at:
        # Words about it stand before it, which no value has in its midst.
        return at + body
    fits = _may_hold_fence(opening)
    at_once = head[0] in "`~"
    # Where the text stopped within a line, a fence at once cannot be the value's: a fence begins a line.
    inside_line = opening.text[-1:] not in ("\n", "`", "~", ">")
    if at_once and (inside_line or not fits):
        return body
    if not at_once and fits:
        return 0
    raise MisfitError("it begins with a code fence, which may be part of it")


def _may_hold_fence(opening: Opening) -> bool:
    """The value that is open may itself have a code fence here."""
    call = opening.call
    if call is None or call.param is None or opening.escaped:
        return False
    text = call.param.text
    markdown = any(given.text.strip().endswith((".md", ".mdx")) for given in call.params if given.closed)
    return markdown or "```" in text or not text.strip()


def fence(head: str) -> int:
    """Where the body of a fence that stands at the beginning begins; 0 where none does."""
    found = _FENCE.match(head)
    return found.end() if found else 0


class _Stage(Enum):
    INSIDE = auto()
    BEHIND = auto()  # the fence is closed
    CLOSING = auto()  # closing tags followed
    OTHER = auto()


class Unfence:
    """Takes the closing line out of a text whose opening fence was taken out."""

    def __init__(self) -> None:
        self._stage = _Stage.INSIDE
        self._held = ""

    @property
    def strayed(self) -> bool:
        """Something else than closing tags followed the fence: it may have been part of the text."""
        return self._stage is _Stage.OTHER

    def strip(self, text: str) -> str:
        """More text; gives what is not markup of the fence."""
        if self._stage is _Stage.CLOSING:
            return text
        if self._stage is _Stage.OTHER:
            return ""
        self._held += text
        if self._stage is _Stage.BEHIND:
            return self._behind()
        return self._inside(last=False)

    def close(self) -> str:
        """The text ended: what was kept back of it."""
        if self._stage is not _Stage.INSIDE:
            return ""
        given = self._inside(last=True)
        if self._stage is _Stage.INSIDE:
            given, self._held = given + self._held, ""
        return given

    def _inside(self, *, last: bool) -> str:
        end = _FENCE_END.search(self._held)
        if end is not None and (last or end[0].endswith("\n")):
            given, self._held = self._held[: end.start()], self._held[end.end() - 1 :]
            self._stage = _Stage.BEHIND
            return given + self._behind()
        # Kept back is what can still become the closing line, and no more (law 2).
        begun = _FENCE_BEGUN.search(self._held)
        at = begun.start() if begun is not None else len(self._held)
        given, self._held = self._held[:at], self._held[at:]
        return given

    def _behind(self) -> str:
        said = self._held.lstrip("`~ \t\r\n")
        if not said or any(word.startswith(said) for word in _CLOSERS):
            return ""
        self._stage = _Stage.CLOSING if said.startswith(_CLOSERS) else _Stage.OTHER
        given, self._held = self._held, ""
        return given if self._stage is _Stage.CLOSING else ""
