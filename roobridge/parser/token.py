"""What a lexer gives: a terminal, and the text that it stands for."""

from __future__ import annotations

import msgspec

from roobridge.spelling.dialect import Dialect
from roobridge.spelling.states import Terminal


class Token(msgspec.Struct, frozen=True, gc=False):
    """raw: the source text; empty where what stands here is read again in the state that follows. name: of
    the tool or the parameter. dialect: what an opener is written in.
    """

    terminal: Terminal
    raw: str = ""
    name: str = ""
    dialect: Dialect | None = None
