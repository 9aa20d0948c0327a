"""The lexer of an open value: which of its tags may end it, and which are its own."""

from __future__ import annotations

import re

from roobridge.calls.tagged import TagCall
from roobridge.parser.candidate import Candidate
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import MARKED
from roobridge.parser.output import Output
from roobridge.parser.token import Token
from roobridge.spelling.closers import CLOSES, Level, Tag, close_end, tag_at
from roobridge.spelling.scanner import BLANKS, Found, Miss
from roobridge.spelling.states import Terminal

_NO_PARAM_CLOSE = frozenset({Terminal.TOOL_CLOSE, Terminal.LATE_CLOSE, Terminal.CALL_CLOSE})
# What `tag_at` and the end marks begin with; any other `<` is a value's own.
MAY_BE_TAG = re.compile(r"<(?:[A-Za-z_/|\\]|\Z)")
_LAST_WORD = re.compile(r"([^\s<>]{1,40})>{1,2}\s*\Z")
_QUOTES = frozenset("\"'`")
_TAG_END = re.compile(r"[^<>\n]{0,80}(?:>|\Z)")
_NEAR = {
    Level.PARAM: Terminal.NEAR_CLOSE,
    Level.TOOL: Terminal.LATE_CLOSE,
    Level.CALL: Terminal.CALL_CLOSE,
}


class ValueLexer:
    """Gives the value's characters as events, and a token where a tag may end it."""

    def __init__(self, cursor: Cursor, candidate: Candidate, output: Output) -> None:
        self._cursor = cursor
        self._candidate = candidate
        self._output = output

    def lex(self) -> Token | None:
        cursor, call = self._cursor, self._candidate.call
        assert call is not None
        text, start = cursor.text, cursor.at
        if text[start] == ">" and not call.so_far.tail:
            after = text[start + 1 : start + 2]
            if not after and not cursor.ending:
                return None
            if after in ("\r", "\n"):  # one too many where the opening tag's line ends with it
                return cursor.take(start + 1, Terminal.TAG_END)
        i = start
        while True:
            # Any other `<` is a value's own: code holds many, and each one kept back would stall it (law 2).
            may_be = MAY_BE_TAG.search(text, i)
            tag = may_be.start() if may_be is not None else -1
            if call.tags.half:
                self._end_half(call, i, tag)
            if tag < 0:
                self._value_to(call, start, len(text))
                return None
            token, i = self._tag_in_value(call, start, tag)
            if token is not None:
                # The value's own end may be what precedes: a command with half a tag in it must not run.
                mangled = token.terminal in _NO_PARAM_CLOSE and self._mangled_close(call)
                return Token(Terminal.GARBLED) if call.so_far.garbled or mangled else token
            if i < 0:
                self._value_to(call, start, tag)
                return None

    def lex_loose(self) -> Token | None:
        """In a completion whose text stands where its parameter should: up to its own closing tag."""
        cursor, call = self._cursor, self._candidate.call
        assert call is not None
        start = i = cursor.at
        while (tag := cursor.text.find("<", i)) >= 0:
            found, end = call.closer.match(cursor.text, tag)
            if isinstance(found, Found) and tag == start:
                return cursor.take(end, found.terminal, found.name)
            if isinstance(found, Found) or (found is Miss.MORE and not cursor.ending):
                return cursor.text_to(start, tag)
            i = tag + 1
        return cursor.rest()

    def _mangled_close(self, call: TagCall) -> bool:
        """The value ends with what must have been its closing tag."""
        found = _LAST_WORD.search(call.so_far.tail)
        word = re.sub(r"[^\w.-]+", "", found[1]) if found is not None else ""
        return bool(word) and call.tags.level(word) is Level.PARAM

    def _value_to(self, call: TagCall, start: int, end: int) -> None:
        """Give the value's characters; nothing is to be decided about them."""
        self._cursor.at = end
        if end > start:
            call.text(self._cursor.text[start:end], self._output.sink)

    def _end_half(self, call: TagCall, start: int, tag: int) -> None:
        """The `>` of an opener with attributes: one that closes itself opens nothing."""
        text = self._cursor.text
        end = text.find(">", start, tag if tag >= 0 else len(text))
        if end < 0 and tag < 0:
            return
        if end >= 0 and not (end > start and text[end - 1] == "/"):
            call.tags.opened(call.tags.half)
        call.tags.half = ""

    def _tag_in_value(self, call: TagCall, start: int, at: int) -> tuple[Token | None, int]:
        """The `<` at `at`: what it ends the value with, else where to look on; -1 where more must come."""
        text = self._cursor.text
        found = tag_at(text, at)
        if isinstance(found, Tag):
            if found.closing:
                return self._close_in_value(call, found, start, at)
            return self._opener_in_value(call, found, start, at)
        mark, end = MARKED.match(text, at)
        if isinstance(mark, Found):
            return self._end_with(call, start, at, end, Terminal.MARK), end
        more = Miss.MORE in (found, mark) and not self._cursor.ending
        return None, -1 if more else at + 1

    def _end_with(
        self, call: TagCall, start: int, at: int, end: int, terminal: Terminal, name: str = ""
    ) -> Token:
        self._value_to(call, start, at)
        return self._cursor.take(end, terminal, name)

    def _opener_in_value(self, call: TagCall, tag: Tag, start: int, at: int) -> tuple[Token | None, int]:
        text, tags = self._cursor.text, call.tags
        # What a value opens of the call's own tags it closes, too: rule2_closing_tags.json in fixtures.
        tags.seen(tag.word)
        if not call.so_far.said and not text[start:at].strip():
            found, end = call.openers.match(text, at)
            if found is Miss.MORE and not self._cursor.ending:
                return None, -1
            named = "=" in text[at:end]  # no file begins with it; an element of its name may well
            if isinstance(found, Found) and found.name == call.param and (named or not tags.verbatim):
                return self._end_with(call, start, at, end, Terminal.PARAM_AGAIN), end
        if tags.opens_next and self._behind_space(call, start, at):
            found, end = self._parameter_at(call, at)
            if found is Miss.MORE and not self._cursor.ending:
                return None, -1
            if isinstance(found, Found):
                return self._end_with(call, start, at, end, Terminal.PARAM_OPEN, found.name), end
        if tags.level(tag.word) is not None and tag.end < len(text):
            quoted = self._in_quotes(call, start, at, tag.end)
            if quoted is None:
                return None, -1
            if quoted:
                pass  # it is spoken of, and no closing tag belongs to it
            elif text[tag.end] in ">=":
                tags.opened(tag.word)
            elif text[tag.end].isspace():
                tags.half = tag.word
        return None, tag.end

    def _in_quotes(self, call: TagCall, start: int, at: int, end: int) -> bool | None:
        """Whether the tag stands alone between two quotes; None where more text must tell."""
        text = self._cursor.text
        quote = text[at - 1] if at > start else call.so_far.tail[-1:]
        if not quote or quote not in _QUOTES:
            return False
        found = _TAG_END.match(text, end)
        if found is None:
            return False
        behind = text[found.end() : found.end() + 1]
        return None if not behind and not self._cursor.ending else behind == quote

    def _parameter_at(self, call: TagCall, at: int) -> tuple[Found | Miss, int]:
        """An opener of a declared parameter that was not given yet."""
        text = self._cursor.text
        found, end = call.openers.match(text, at)
        name = found.name if isinstance(found, Found) else ""
        loose = call.dialect.loose_param
        if found is Miss.NONE and loose is not None and not call.tags.verbatim:
            said, end = loose.match(text, at)
            found, name = (Miss.NONE, said) if isinstance(said, str) else (said, "")
        if name and not call.given(name) and name in call.tool.params:
            return Found(Terminal.PARAM_OPEN, name), end
        return found if found is Miss.MORE else Miss.NONE, at

    def _behind_space(self, call: TagCall, start: int, at: int) -> bool:
        text = self._cursor.text
        before = text[at - 1] if at > start else call.so_far.tail[-1:]
        if call.tags.verbatim and (call.so_far.lines or "\n" in text[start:at].strip()):
            return before == "\n"
        return not before or before in BLANKS or call.tags.odd

    def _close_in_value(self, call: TagCall, tag: Tag, start: int, at: int) -> tuple[Token | None, int]:
        text, tags = self._cursor.text, call.tags
        level = tags.level(tag.word)
        if level is None and not tags.odd_close(tag.word):
            return None, tag.end
        end = close_end(text, tag.end)
        if end is None and not self._cursor.ending:
            return None, -1
        if end is None or end < 0:
            return None, tag.end
        exact = level is not None and text[at:end] == tags.exact(level)
        if tags.holds(tag.word):
            tags.closed(tag.word)
            if exact and level is Level.PARAM:
                return self._end_with(call, start, at, end, Terminal.INNER_CLOSE, level.name), end
            return None, end
        if level is None:
            return self._end_with(call, start, at, end, Terminal.ODD_CLOSE), end
        terminal = CLOSES[level] if exact else _NEAR[level]
        return self._end_with(call, start, at, end, terminal), end
