"""What models put around a continuation: a sentence before it, a code fence about it."""

from __future__ import annotations

import re
from enum import Enum, auto

from roobridge.dialects import PARAMETER_HEADS

_ASSENT = re.compile(r"(?:sure|certainly|of course|okay|ok|understood|apologies|sorry|my apologies)\b", re.I)
_INTRODUCES = re.compile(
    r"(?:here|continuing|continuation|continued|resuming|let me|i(?:['\u2019]ll|['\u2019]m| will| am)"
    r"|the (?:rest|continuation|remain\w*))\b",
    re.I,
)
_OF_THE_REST = re.compile(r"continu|\brest\b|remain|left off|stopped|cut off|broke off", re.I)
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[\w.+:/-]*[ \t]*\r?\n")
_FENCE_END = re.compile(r"\n[ \t]*(?:`{3,}|~{3,})[ \t]*(?:\r?\n|\Z)")
_FENCE_BEGUN = re.compile(r"\r?\n[ \t]*(?:`+|~+)?[ \t]*\r?\Z|\r\Z")
_CLOSERS = ("</", *PARAMETER_HEADS)
_ENDS = (":", ".", "!", ",", "\u2026")
_LONGEST = 240  # characters of introducing words


def preamble(head: str) -> int:
    """Where the text after a line that only introduces it begins; 0 where there is no such line."""
    blank = len(head) - len(head.lstrip())
    line, newline, _ = head[blank:].partition("\n")
    assent, rest = _parts(line)
    if not newline or line.strip()[-1:] not in _ENDS:
        return 0
    introduced = _OF_THE_REST.search(rest) is not None if rest else assent
    introduced = introduced and (assent or _INTRODUCES.match(rest) is not None)
    return blank + len(line) + 1 if introduced else 0


def introduces(text: str) -> bool:
    """Whether a text before a call that is told again can be words about it."""
    said = text.strip()
    assent, rest = _parts(said)
    return not said or (len(said) <= _LONGEST and (assent or _INTRODUCES.match(rest) is not None))


def _parts(said: str) -> tuple[bool, str]:
    """Whether it begins with a word of assent, and what follows that."""
    said = said.strip()
    if len(said) > _LONGEST:
        return False, ""
    assent = _ASSENT.match(said)
    return assent is not None, said[assent.end() :].lstrip(" ,.!:\n") if assent else said


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

    def feed(self, text: str) -> str:
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
