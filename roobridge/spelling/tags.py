"""What dialects share whose calls are tags in a wrapper: their table, their values, how a call is written."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import msgspec

from roobridge.grammar.model import Kind, Param
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect, Given, Position, Writing
from roobridge.spelling.rows import BARE_ROWS, WRAPPED_ROWS
from roobridge.spelling.scanner import Loose

# What models write as a parameter's closing tag in every dialect, and none has as its own.
PARAM_WORDS = frozenset({"param", "parameters", "arg", "argument"})

_ON_ONE_LINE = frozenset({Kind.TEXT, Kind.LINE, Kind.NUMBER, Kind.BOOLEAN})


class TagForm(msgspec.Struct, frozen=True, eq=False):
    """The tags of one level. opening: where the level has names, a format string for one. any_name: what an
    opening tag begins with that counts whatever its name. words: what models write in the closing tag beside
    the right word. loose: the opening tag as models misspell it. others: further tags of the same meaning.
    """

    opening: str
    closing: str
    any_name: str = ""
    words: frozenset[str] = frozenset()
    loose: Loose | None = None
    others: tuple[tuple[str, str], ...] = ()


def in_tags(
    name: str, *, call: TagForm, tool: TagForm, param: TagForm, writing: Writing | None = None
) -> Dialect:
    """A dialect of tags. name, writing: as `Dialect` has them. call: the wrapper."""
    return Dialect(
        name=name,
        table=WRAPPED_ROWS,
        begins=frozenset({Position.WRAPPER}),
        trims=is_one_line,
        # Qwen3-Coder's template writes one newline at each end of a value; more of it is a slip.
        strict_space=True,
        around=MappingProxyType({call.opening: call.closing}),
        call_open=call.opening,
        call_close=call.closing,
        tool_open=tool.opening,
        tool_close=tool.closing,
        param_open=param.opening,
        param_close=param.closing,
        any_tool=tool.any_name,
        any_parameter=param.any_name,
        noise=(call.closing, tool.closing, param.closing),
        loose_tool=tool.loose,
        loose_param=param.loose,
        other_params=param.others,
        closers=MappingProxyType({Level.PARAM: param.words, Level.TOOL: tool.words, Level.CALL: call.words}),
        writing=writing,
    )


def bare(wrapped: Dialect) -> Dialect:
    """The same dialect where the wrapper's opening tag is missing."""
    return msgspec.structs.replace(wrapped, table=BARE_ROWS, begins=frozenset({Position.CONTENT}))


def is_one_line(param: Param) -> bool:
    """Its value is short: a path, a number, a choice. White space at its ends says nothing, whoever wrote it;
    in any other value all but one newline at each end is the model's."""
    return param.kind in _ON_ONE_LINE and not param.prose


def written(dialect: Dialect, name: str, params: Sequence[Given], *, whole: bool) -> str:
    """A call as far as it came, tags and values on lines of their own; whole: to its end."""
    told = "".join(
        f"{dialect.param_open.format(given.name)}\n{given.text}"
        + (f"\n{dialect.param_close.format(given.name)}\n" if given.closed else "")
        for given in params
    )
    head = f"{dialect.call_open}\n{dialect.tool_open.format(name)}\n"
    return f"{head}{told}" + (f"{dialect.tool_close.format(name)}\n{dialect.call_close}" if whole else "")
