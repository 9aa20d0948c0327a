"""JSON objects in a text: which tool one calls, be it spelled as it may, and what stands behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecoder

from roobridge.grammar.model import Toolset
from roobridge.policy import attempt_signs as signs

_HEAD = 600  # characters of an object in which its name is looked for
_DECODER = JSONDecoder()
_SPACE = re.compile(r"\s*")


class Objects:
    """Of one whole text. names: of the tools. declared: the tool that a written name means, or None."""

    def __init__(
        self, text: str, toolset: Toolset, names: frozenset[str], declared: Callable[[str], str | None]
    ) -> None:
        self._text = text
        self._tools = toolset.tools
        self._names = names
        self._declared = declared

    def left_open(self, at: int) -> bool:
        """The object at this point shows a form: its name or its arguments are left open."""
        head = self._text[at : at + _HEAD]
        return bool(signs.PLACEHOLDER.match(head) or signs.OPEN_ARGUMENTS.search(head))

    def more_than_calls(self, at: int, end: int) -> bool:
        """Whether the object at this point is whole, and something else than another call follows it before
        the end: then it is data."""
        # The decoder calls itself for each bracket: a text of brackets is no reason to fail.
        try:
            _, behind = _DECODER.raw_decode(self._text, at)
        except (ValueError, RecursionError):
            return False
        rest = past(self._text, behind)
        goes_on = self._text[rest : rest + 1] in ("`", "~", ",", "]", "}") or self._text.startswith(
            "</", rest
        )
        return rest < end and self.name_at(rest) is None and not goes_on

    def goes_beyond(self, at: int, end: int) -> bool:
        """Whether the object at this point is not whole in its fence, and the reply ends with a fence's end:
        a fence stands in one of its strings."""
        if self._text.rstrip()[-3:] not in ("```", "~~~") or past(self._text, end) == len(self._text):
            return False
        try:
            _DECODER.raw_decode(self._text[at:end])
        except (ValueError, RecursionError):
            return True
        return False

    def name_at(self, at: int) -> str | None:
        """The tool that the object at this point calls; another name where it calls one that is not
        declared; None where it is no call."""
        head = self._text[at : at + _HEAD]
        named, first = signs.NAMES.search(head), signs.MEMBER.search(head)
        wraps = first is not None and first[1] in self._names and head[first.end() :].lstrip()[:1] == "{"
        if signs.SCHEMA.search(head) or self.left_open(at):
            return None
        if first is not None and wraps:
            return first[1]
        written = named[1] if named is not None else ""
        name, given = self._declared(written) or "", signs.ARGUMENTS.search(head)
        if name and (given or self.has_key(at, self._params(name))):
            return name
        if name := self._broken_name(head):
            return name
        return written if given and not signs.NO_NAME.match(written) else None

    def _broken_name(self, head: str) -> str:
        """The declared tool that an object with faults in its spelling calls, or empty."""
        named = signs.BROKEN_NAMES.search(head) or signs.CUT_NAME.match(head)
        return (self._declared(named[1]) or "") if named is not None else ""

    def _params(self, name: str) -> frozenset[str]:
        tool = self._tools.get(name)
        return frozenset(tool.params) - {"name", "tool"} if tool is not None else frozenset()

    def has_key(self, at: int, keys: frozenset[str]) -> bool:
        head = self._text[at : at + _HEAD]
        return any(member[1] in keys for member in signs.MEMBER.finditer(head))


def past(text: str, at: int) -> int:
    """Behind the white space at this point."""
    return _SPACE.match(text, at).end()  # type: ignore[union-attr]
