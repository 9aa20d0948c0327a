"""Calls whose tags name the tool, with a JSON object of the arguments between them."""

from __future__ import annotations

from collections.abc import Mapping

from roobridge.calls.arguments import JsonArguments
from roobridge.calls.object import JsonCall
from roobridge.grammar.model import Tool
from roobridge.jsontext.modes import Mode


class NamedCall(JsonCall):
    """An arguments object in tags that name the tool."""

    def __init__(self, tools: Mapping[str, Tool], dialect: str, name: str) -> None:
        super().__init__(tools, dialect)
        self.name = name
        self.has_arguments = True
        self.arguments = JsonArguments(self._early, tools[name], 0)
        self.reader = self.arguments.reader
        self.note("json_in_tags")

    def _read(self, text: str, i: int) -> int:
        return self.take(text, i)[0]

    def _sure(self, arguments: JsonArguments) -> bool:
        """Between tags any braces may stand: the first key has to be one that the tool declares."""
        if arguments.given and arguments.given[0] not in self._tools[self.name].params:
            self.reader.mode = Mode.BROKEN
            return False
        return bool(arguments.given)
