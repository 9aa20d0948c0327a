"""Roo XML: the tool's name is the tag, its parameters are tags inside it.

    <read_file>
    <path>a.py</path>
    </read_file>

Source of the rules: Roo Code's AssistantMessageParser (v3.25.7 to v3.41.3), narrowed: a tag counts only
where the grammar goes on after it (fixtures/replies/rules/rule1_opening_tags.json). Roo itself runs a tool
that is only spoken of (Roo Code #8242).
"""

from __future__ import annotations

import re
from types import MappingProxyType

from roobridge.grammar.model import Kind, Param
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect, Position
from roobridge.spelling.rows import TAG_ROWS, held
from roobridge.spelling.scanner import Loose
from roobridge.spelling.states import Action, State, Step, Table, Terminal
from roobridge.spelling.tags import PARAM_WORDS

NAME = "roo-xml"

_S, _T, _A = State, Terminal, Action

_TABLE: Table = MappingProxyType(
    {
        **TAG_ROWS,
        # The completion's text may stand without its parameter.
        **held(_S.COMPLETION, _A.RELEASE),
        (_S.COMPLETION, _T.PARAM_OPEN): Step(_A.COMMIT, _S.VALUE),
        (_S.COMPLETION, _T.TOOL_CLOSE): Step(_A.COMMIT, _S.CONTENT),
        (_S.COMPLETION, _T.TEXT): Step(_A.HOLD, _S.LOOSE),
        (_S.LOOSE, _T.TEXT): Step(_A.HOLD, _S.LOOSE),
        (_S.LOOSE, _T.TOOL_CLOSE): Step(_A.GATHER, _S.CONTENT, "completion_without_parameter"),
        (_S.LOOSE, _T.END): Step(_A.ABANDON, _S.CONTENT),
        (_S.LOOSE, _T.CUT): Step(_A.ABANDON, _S.CONTENT),
    }
)


# Roo's parser trims a value at both ends, but takes one newline at each end of `content` (3.22.0 on).
def _trims(param: Param) -> bool:
    return param.kind is not Kind.VERBATIM


# A tool's tag in other case, or with a slip in it.
_LOOSE_TOOL = Loose(
    ("<",),
    # From four letters on, for shorter words are alike to none (spelling/slips.py).
    re.compile(r"<([A-Za-z_]\w{3,39})\s{0,4}"),
    re.compile(r"(?!)()"),
    re.compile(r"<(?:[A-Za-z_]\w{0,39}\s{0,4})?"),
)

ROO_XML = Dialect(
    name=NAME,
    table=_TABLE,
    begins=frozenset({Position.CONTENT}),
    trims=_trims,
    loose_tool=_LOOSE_TOOL,
    tool_open="<{}>",
    tool_close="</{}>",
    param_open="<{}>",
    param_close="</{}>",
    other_params=(("<parameter={}>", "</parameter>"),),
    closers=MappingProxyType(
        {
            Level.PARAM: PARAM_WORDS | {"parameter"},
            Level.TOOL: frozenset({"function", "invoke", "tool"}),
        }
    ),
)
