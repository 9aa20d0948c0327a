"""Parameters' opening tags where a call goes on, as they should be and as models misspell them."""

from __future__ import annotations

import re

from roobridge.calls.tagged import TagCall
from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.token import Token
from roobridge.spelling.scanner import Found, Loose, Miss
from roobridge.spelling.slips import alike
from roobridge.spelling.states import State, Terminal

_LONGEST = 120  # characters of a misspelt opener
_MISSPELT = re.compile(r"""<([A-Za-z_]\w{2,39})(?:\s*[=:]\s*["']?([\w.:-]{1,64})["']?)?\s{0,8}>""")
_MISSPELT_BEGUN = re.compile(r"""<[A-Za-z_]\w{0,39}\s*[=:]?\s*["']?[\w.:-]{0,64}["']?\s{0,8}\Z""")

_NONE = (None, False)


class ChainOpeners:
    """Every method gives the token at this point, and whether more text might make it one."""

    def __init__(self, cursor: Cursor, candidate: Candidate) -> None:
        self._cursor = cursor
        self._candidate = candidate

    def read(self, state: State, call: TagCall) -> tuple[Token | None, bool]:
        cursor = self._cursor
        if self._candidate.row(state, Terminal.PARAM_OPEN) is None:
            return _NONE
        found, end = call.openers.match(cursor.text, cursor.at)
        if isinstance(found, Found):
            return self._exact(state, call, found.name, end), False
        more = found is Miss.MORE
        loose = call.dialect.loose_param
        if loose is None:
            return None, more
        # `parameter=path>` without its `<` counts at a line's start alone: code has such words.
        if cursor.text[cursor.at] != "<" and not self._candidate.begins_line:
            return None, more
        token, may_be = self._loose(state, call, loose)
        return token, token is None and (more or may_be)

    def _exact(self, state: State, call: TagCall, name: str, end: int) -> Token:
        given = call.given(name)
        # A file may well hold an element of a parameter's name.
        element = call.tags.verbatim and "=" not in self._cursor.text[self._cursor.at : end]
        if self._is_inner(state, call, name) or (given and (element or state is State.BETWEEN)):
            return Token(Terminal.TEXT)
        return self._cursor.take(end, Terminal.PARAM_OPEN, call.meant(name))

    def _loose(self, state: State, call: TagCall, loose: Loose) -> tuple[Token | None, bool]:
        """An opener with other quotes, blanks or signs in it, or without its name where one is missing."""
        cursor = self._cursor
        said, end = loose.match(cursor.text, cursor.at)
        if isinstance(said, str):
            raw = cursor.text[cursor.at : end]
            name = call.meant(said) if said else call.sole_missing
            own = raw == call.dialect.param_open.format(name)
            if name and (own or name in call.tool.params or not call.tool.known):
                if self._is_inner(state, call, name):
                    return Token(Terminal.TEXT), False
                return cursor.take(end, Terminal.PARAM_OPEN, name), False
            if name and state is State.INNER:
                return Token(Terminal.TEXT), False
        token, may_be = self._misspelt(state, call)
        if token is not None or (may_be and not cursor.ending):
            return token, may_be
        # It begins as an opener and cannot be read: the value behind it belongs to no one (law 9).
        unread = said is not Miss.MORE and loose.begins(cursor.text, cursor.at)
        if unread and self._candidate.row(state, Terminal.GARBLED) is not None:
            return Token(Terminal.GARBLED), False
        return None, may_be or said is Miss.MORE

    def _is_inner(self, state: State, call: TagCall, name: str) -> bool:
        """Behind closing tags that the value's own openers account for, it is the value's, too."""
        return state is State.INNER and (call.given(name) or not call.tags.opens_next)

    def _misspelt(self, state: State, call: TagCall) -> tuple[Token | None, bool]:
        """An opener with a slip in its first word, or a tag with a slip in a parameter's name."""
        cursor = self._cursor
        found = _MISSPELT.match(cursor.text, cursor.at)
        if found is None:
            begun = _MISSPELT_BEGUN.match(cursor.text, cursor.at)
            return None, begun is not None and len(cursor.text) - cursor.at < _LONGEST
        word, name = found[1], found[2]
        meant = call.meant(word if name is None else name)
        if name is not None:
            # One that was given already may be what a file says of it.
            known = alike(word, "parameter") and not call.given(meant)
            return (cursor.take(found.end(), Terminal.PARAM_OPEN, meant), False) if known else _NONE
        if meant != word and state is not State.BETWEEN:
            return cursor.take(found.end(), Terminal.PARAM_OPEN, meant), False
        return _NONE
