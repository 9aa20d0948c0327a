"""What a dialect says of itself: its spelling and its table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Param, Tool, Toolset
from roobridge.spelling.closers import Level
from roobridge.spelling.scanner import Found, Loose
from roobridge.spelling.states import Table


class Dialect(msgspec.Struct, frozen=True, eq=False):
    """A way of writing tool calls as tags or as a JSON object; one object each, so that it can be a key.

    name: the word in `CallStart.dialect`. table: the rows of its states.
    openers(toolset): the literals that begin a candidate in content, by the tools' names and the completion
    alone. inner(toolset): those that begin one after a wrapper. trims(param): white space at both ends of its
    value is markup; else one newline is. strict_space: more than that newline is a slip, and named.
    The spellings are format strings for a name; call_close is empty where no wrapper is open.
    any_parameter: between parameters every name counts, declared or not.
    loose_tool, loose_param: the openers as models misspell them.
    other_params: opening and closing tags of parameters in dialects that models mix with this one.
    closers: words that stand in closing tags of each level beside the right one, in such mixtures.
    """

    name: str
    table: Table
    openers: Callable[[Toolset], Mapping[str, Found]]
    inner: Callable[[Toolset], Mapping[str, Found]]
    trims: Callable[[Param], bool]
    strict_space: bool = False
    tool_open: str = ""
    tool_close: str = ""
    param_open: str = ""
    param_close: str = ""
    call_open: str = ""
    call_close: str = ""
    any_parameter: str = ""
    loose_tool: Loose | None = None
    loose_param: Loose | None = None
    other_params: tuple[tuple[str, str], ...] = ()
    closers: Mapping[Level, frozenset[str]] = MappingProxyType({})

    def param_openers(self, tool: Tool) -> dict[str, str]:
        """Literal to name, for every declared parameter, in every spelling of this dialect."""
        formats = (self.param_open, *(opening for opening, _ in self.other_params))
        return {form.format(name): name for form in formats for name in tool.params}

    def close_of(self, opener: str, name: str) -> str:
        """The closing tag of a parameter that was opened with this literal."""
        for opening, closing in self.other_params:
            if opener == opening.format(name):
                return closing.format(name)
        return self.param_close.format(name)
