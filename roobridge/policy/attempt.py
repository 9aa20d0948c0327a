"""Whether a reply of text alone evidently tries to call a tool, so that it is no answer (law 10).

Pure, and linear in the text: candidates are found from left to right, Markdown is walked over once, and what
is looked at around a candidate is bounded.

An attempt has a sign of a dialect (`attempt_signs.py`) at a place where a call may stand, and evidence that a
call is meant:

- Outside code spans, quotes and indented blocks. In a fence only where the fence's body begins with it, a
  declared tool is named, and the fence ends the reply or is announced ("I will read the file first:");
  otherwise it is an example.
- At a line's start, or anywhere where the call goes on over the lines below or ends its line.
- With what makes it a call: an object, parameters, another opener, its own close, or nothing else in the
  reply. A tag with words behind it on its line is a mention, and so is one whose values are left open
  (`...`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Toolset
from roobridge.parser.markdown import FENCE_LIMIT, Markdown, Place, Stop, fence_run
from roobridge.policy import attempt_signs as signs
from roobridge.policy.attempt_evidence import LINE, Evidence

_NONE: Mapping[str, str] = MappingProxyType({})
SHOWN = 300  # characters of an attempt that an error shows


class Attempt(msgspec.Struct, frozen=True):
    """name: of the tool, as it is declared or else as it was written; empty where it cannot be told. shown:
    the beginning of the attempt, on one line."""

    name: str
    shown: str


def find_attempt(text: str, toolset: Toolset, openings: Mapping[str, str] = _NONE) -> Attempt | None:
    """The first attempt in a reply's whole text.

    toolset: the declared tools; the tags of `read_tools` count like theirs. openings: what a call begins with
    in each dialect, up to its tool's name, and what closes it.
    """
    # A reply that is indented throughout is no code block in a text: the model means what it says.
    if text[:4].isspace() and text.strip() and _all_indented(text):
        text = "\n".join(line.strip() for line in text.split("\n"))
    return _Search(text, toolset, openings).run()


def show(text: str, limit: int = SHOWN) -> str:
    """A text on one line for an error: its first `limit` characters, without control characters."""
    head = " ".join(text[: limit * 2].split())
    # Clients show an error in terminals and web views alike: nothing in it may act there.
    head = "".join(c for c in head if unicodedata.category(c)[0] != "C")
    return head if len(head) <= limit and len(text) <= limit * 2 else head[:limit] + "…"


def _all_indented(text: str) -> bool:
    return all(line[:4].isspace() and line[:1] != "\n" for line in text.split("\n") if line.strip())


class _Search:
    """One text, read once from left to right."""

    def __init__(self, text: str, toolset: Toolset, openings: Mapping[str, str]) -> None:
        self._text = text
        self._tools = toolset.tools
        self._openings = frozenset(openings)
        names = frozenset(toolset.tools) | toolset.read_tools
        self._names = names
        self._evidence = Evidence(text, toolset, openings)
        self._markdown = Markdown()
        self._at = 0  # up to where Markdown was walked over
        self._body = -1  # where the open fence's body begins; -1 once something of it was looked at
        self._lead = ""  # the line before the fence

    def run(self) -> Attempt | None:
        text = self._text
        # Only as the whole reply: a line such as `read_file(path)` is ordinary code in an answer.
        call = signs.pythonic(self._names).fullmatch(text.strip()) if self._names else None
        if call is not None:
            return Attempt(call[1] or call[2], show(text))
        starts = signs.starts(self._openings, react=signs.REACT.search(text) is not None)
        for start in starts.finditer(text):
            at = start.start()
            sign = self._evidence.signs.match(text, at) if at >= self._at else None
            if sign is None:
                continue
            self._walk(at)
            name = self._fenced(sign) if self._markdown.fence else self._in_text(sign)
            if name is not None:
                return Attempt(name, show(text[at : at + SHOWN * 3]))
        return None

    # -- where it stands -------------------------------------------------------------------------------

    def _walk(self, end: int) -> None:
        text, i = self._text, self._at
        while i < end:
            i, stop = self._markdown.advance(text, i, end)
            if stop is Stop.FENCE:
                i = self._open_fence(i)
            elif stop is Stop.BRACKET:
                self._markdown.tag()
                i += 1
        self._at = max(i, end)

    def _open_fence(self, i: int) -> int:
        text, run = self._text, fence_run(self._text, i)
        line = self._evidence.find("\n", run)
        line = len(text) if line < 0 else line
        # A backtick fence has no backtick on its opening line (CommonMark 0.31, 4.5); else it is a code span.
        inline = text[i] == "`" and text.find("`", run, min(line, run + LINE)) >= 0
        if inline or not 3 <= run - i <= FENCE_LIMIT:
            self._markdown.not_fence(text[i:run])
            return run
        self._markdown.open_fence(text[i:run])
        self._body = line
        self._lead = text[max(0, i - LINE) : i].rstrip().rpartition("\n")[2]
        return run

    def _in_text(self, sign: re.Match[str]) -> str | None:
        if self._markdown.place is not Place.PROSE:
            return None
        at = sign.start()
        before = self._text[max(0, at - signs.LINE_START_ROOM) : at]
        short = at <= signs.LINE_START_ROOM or "\n" in before
        begins = self._markdown.at_start or (
            short and signs.LINE_START.match(before.rpartition("\n")[2]) is not None
        )
        return self._evidence.judge(sign, begins=begins)

    def _fenced(self, sign: re.Match[str]) -> str | None:
        """In a fence: the call that its body is."""
        body, self._body = self._body, -1
        if body < 0 or not signs.FENCE_HEAD.fullmatch(self._text, body, sign.start()):
            return None
        name = self._evidence.judge(sign, begins=True)
        # There a component of JSX is likelier than a tool's name with other letters.
        if name is None or name not in self._tools or (sign["tool"] or name) != name:
            return None
        end = sign.start()
        while self._markdown.fence and end < len(self._text):
            end, _ = self._markdown.advance(self._text, end, len(self._text))
        self._at = end
        if sign["json"] and self._evidence.objects.more_than_calls(sign.start(), end):
            return None
        if sign["json"] and self._evidence.objects.goes_beyond(sign.start(), end):
            return name
        announced = signs.ANNOUNCES.search(self._lead) and not signs.EXPLAINS.search(self._lead)
        return name if announced or signs.FENCE_END.match(self._text, end) else None
