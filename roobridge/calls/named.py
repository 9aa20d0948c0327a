"""Calls whose tags name the tool, with a JSON object of the arguments between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from roobridge.calls.arguments import JsonArguments
from roobridge.calls.object import JsonCall
from roobridge.events import Event
from roobridge.grammar.model import Tool


class NamedCall(JsonCall):
    """An arguments object in tags that name the tool. closes: the literals that may stand behind it."""

    def __init__(
        self, tools: Mapping[str, Tool], dialect: str, name: str, closes: Collection[str] = ()
    ) -> None:
        super().__init__(tools, dialect)
        self.name = name
        self.has_arguments = True
        self.arguments = JsonArguments(self._early, tools[name], 0)
        self.arguments.quotes.behind += "".join(literal[0] for literal in closes)
        self.reader = self.arguments.reader

    def close(self, out: list[Event]) -> bool:
        arguments = self.arguments
        assert arguments is not None
        self.out = arguments.out = out
        return self.lacks_brace or arguments.done or arguments.reader.close()

    def _read(self, text: str, i: int) -> int:
        return self.read_value(text, i)[0]

    def _sure(self, arguments: JsonArguments) -> bool:
        """Between tags any braces may stand: the first key has to be one that the tool declares."""
        if arguments.given and arguments.given[0] not in self._tools[self.name].params:
            self.reader.refuse()
            return False
        return bool(arguments.given)
