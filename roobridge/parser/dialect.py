"""What a dialect says of itself: its spelling and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from roobridge.grammar.model import Param, Tool, Toolset
from roobridge.parser.scanner import Found
from roobridge.parser.states import Table


class Dialect(msgspec.Struct, frozen=True, eq=False):
    """A way of writing tool calls as tags or as a JSON object; one object each, so that it can be a key.

    name: the word in `CallStart.dialect`. table: the rows of its states.
    openers(toolset): the literals that begin a candidate in content, by the tools' names and the completion
    alone. inner(toolset): those that begin one after a wrapper. trims(param): white space at both ends of its
    value is markup; else one newline is.
    The five spellings are format strings for a name; call_close is empty where no wrapper is open.
    any_parameter: between parameters every name counts, declared or not.
    closes_unclosed: `param_open` of a parameter that is still missing ends an open value at a line's start.
    """

    name: str
    table: Table
    openers: Callable[[Toolset], Mapping[str, Found]]
    inner: Callable[[Toolset], Mapping[str, Found]]
    trims: Callable[[Param], bool]
    tool_close: str = ""
    param_open: str = ""
    param_close: str = ""
    call_close: str = ""
    any_parameter: str = ""
    closes_unclosed: bool = False

    def param_openers(self, tool: Tool) -> dict[str, str]:
        """Literal to name, for every declared parameter."""
        return {self.param_open.format(name): name for name in tool.params}
