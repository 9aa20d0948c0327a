"""Texts that are JSON calls and nothing else: the body of a code fence, or a reply's last lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from roobridge.calls.object import JsonCall
from roobridge.events import CallEnd, Event, Repaired
from roobridge.grammar.model import Tool

_BETWEEN = re.compile(r"[\s,]*")
_FENCE = re.compile(r"\s*+(`{3,}+|~{3,}+)[^\n`]*+\n")
_FENCES = 4  # around one another, at most; each is taken off the whole text
_FENCE_END = re.compile(r"\n[ \t]*(`{3,}|~{3,})\s*\Z")


def whole_calls(body: str, tools: Mapping[str, Tool], dialect: str, names: Collection[str]) -> list[Event]:
    """The events of a text that is one JSON call, several in a row, or an array of them, and nothing else;
    empty where it is not.
    """
    events: list[Event] = []
    for _ in range(_FENCES):
        inner = _FENCE.match(body)
        if inner is None:
            break
        body = _FENCE_END.sub("", body[inner.end() :])
        events = [Repaired("fenced_call")]
    at = len(body) - len(body.lstrip())
    array = body.startswith("[", at)
    if array:
        body = body.rstrip()
        if not body.endswith("]"):
            return []
        events.append(Repaired("json_array_of_calls"))
        body, at = body[:-1], at + 1
    calls = 0
    while at < len(body):
        at = _BETWEEN.match(body, at).end()  # type: ignore[union-attr]
        if at == len(body):
            break
        call = JsonCall(tools, dialect, names)
        call.ending = True
        at = call.read(body, at, events)
        if not (call.done and call.announced and call.has_arguments and call.whole):
            return []
        events.append(CallEnd())
        calls += 1
    return events if calls else []


class Probe:
    """Whether a text that comes in pieces can still be such calls, as far as it came."""

    def __init__(self, tools: Mapping[str, Tool], names: Collection[str], *, bare: bool) -> None:
        self.dead = False
        self.between = True  # no object is open
        self.calls = 0
        self._tools = tools
        self._names = names
        self._bare = bare
        self._array = False
        self._over = False  # the array is closed
        self._call: JsonCall | None = None

    def read(self, text: str, i: int) -> int:
        """Read on at text[i]; gives where it stopped: at the end, at what belongs to no call, or where more
        text must come.
        """
        while i < len(text) and not self.dead:
            if self._call is None:
                char = text[i]
                if not self._may_stand(char):
                    return i
                if char != "{":
                    i += 1
                    continue
                self._call = JsonCall(self._tools, "", self._names, bare=self._bare)
                self.between = False
            before = i
            i = self._call.read(text, i, [])
            if self._call.done:
                self._call, self.between = None, True
                self.calls += 1
            elif self._call.alien or self._call.broken:
                self.dead = True
            elif i < len(text) and i == before:
                return i
        return i

    def passes(self, text: str) -> bool:
        """Take text that stays within an open string. Otherwise nothing is taken."""
        return self._call is not None and bool(self._call.flow(text))

    def _may_stand(self, char: str) -> bool:
        """Between calls."""
        if char == "[" and not self._array and not self.calls:
            self._array = True
        elif char == "]" and self._array and self.calls and not self._over:
            self._over = True
        elif char in "`~" and self.calls and not self._bare:
            pass  # the end of a fence in the fence
        elif not (char.isspace() or (char == "," and self.calls) or (char == "{" and not self._over)):
            return False
        return True
