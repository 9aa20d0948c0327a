"""The lexers inside calls and candidates, and what the reply's end means to them.

A lexer gives the next terminal with its source text and its name, or None where more text must come. It
moves the point over what it takes.
"""

from __future__ import annotations

import re

from roobridge.events import Repaired
from roobridge.parser.chain_lexer import CHAIN
from roobridge.parser.machine_state import Lexed, Point
from roobridge.spelling.scanner import BLANKS, Found, Lexicon, Miss
from roobridge.spelling.states import OPENS_CALL, State, Terminal

_SPACES = re.compile(f"[{BLANKS}]+")
_SPACES_IN_LINE = re.compile(f"[{BLANKS.replace(chr(10), '')}]+")
_BRACES = {
    (State.OPENED, "{"): Terminal.BRACE,
    (State.WRAPPED, "["): Terminal.BRACKET,
    (State.WRAPPED, "{"): Terminal.BRACE,
    (State.OBJECT_END, "}"): Terminal.BRACE,
    (State.OBJECT_END, "{"): Terminal.NEXT_CALL,
    (State.OBJECT_END, ","): Terminal.BRACKET,
    (State.OBJECT_END, "]"): Terminal.BRACKET,
}
_CLOSES = frozenset({Terminal.TOOL_CLOSE, Terminal.LATE_CLOSE, Terminal.CALL_CLOSE})
_IN_CALL = (CHAIN | {State.VALUE}) - {State.OPENED, State.AWAITING}
_MUST_BE_COMPLETE = frozenset({State.CLOSING, State.NEARLY, State.ODD, State.BETWEEN, State.INNER})


class CallLexer(Point):
    """What the characters are inside a call, or where one may have begun."""

    def lex_loose(self) -> Lexed | None:
        assert self.call is not None
        lexicon = self.call.closer
        start = i = self.at
        while (tag := self.buffer.find("<", i)) >= 0:
            found, end = lexicon.match(self.buffer, tag)
            if isinstance(found, Found) and tag == start:
                self.at = end
                return found.terminal, self.buffer[tag:end], found.name
            if isinstance(found, Found) or (found is Miss.MORE and not self.ending):
                return self.text_to(start, tag)
            i = tag + 1
        return self.text_to(start, len(self.buffer))

    def lex_ahead(self) -> Lexed | None:
        """A state that decides by what follows."""
        spaces = _SPACES_IN_LINE if self.state is State.STRAY else _SPACES
        blank = spaces.match(self.buffer, self.at)
        if blank is not None and self.row(Terminal.SPACE) is not None:
            self.at = blank.end()
            return Terminal.SPACE, blank[0], ""
        char = self.buffer[self.at]
        if char == "\n" and self.state is State.STRAY:
            return Terminal.STRAY_NOISE, "", ""
        if char in "{}[]," and (self.state, char) in _BRACES:
            return self._brace(char)
        lexicon = self.ahead()
        if lexicon.may_begin(char) or self.state is State.WRAPPED:
            found, end = lexicon.match(self.buffer, self.at)
            if found is Miss.MORE and not self.ending:
                return None
            if isinstance(found, Found) and found.terminal is Terminal.NEXT_CALL:
                return Terminal.NEXT_CALL, "", ""
            if isinstance(found, Found) and self.row(found.terminal) is not None:
                self.found = found
                raw, self.at = self.buffer[self.at : end], end
                return found.terminal, raw, found.name
            if self.state is State.STRAY:
                return self._stray_end()
        return Terminal.TEXT, "", ""

    def _stray_end(self) -> Lexed | None:
        """A stray closing tag right before a call is noise as it is alone on its line."""
        begins, _ = self.words.match(self.buffer, self.at)
        if begins is Miss.MORE and not self.ending:
            return None
        opens = isinstance(begins, Found) and begins.terminal in OPENS_CALL
        return Terminal.STRAY_NOISE if opens else Terminal.TEXT, "", ""

    def _brace(self, char: str) -> Lexed:
        terminal = _BRACES[self.state, char]
        if terminal is Terminal.NEXT_CALL:
            return terminal, "", ""
        if self.state is State.WRAPPED and self.braced is None:
            return Terminal.TEXT, "", ""
        self.found = Found(terminal, dialect=self.braced)
        self.at += 1
        return terminal, char, ""

    def ahead(self) -> Lexicon:
        if self.state is State.WRAPPED:
            return self.inner
        if self.state is State.STRAY:
            return self.stray_closes
        if self.state is State.MARKED:
            return self.marks
        if self.state in (State.OBJECT, State.OBJECT_END):
            return self.closers
        if self.state is State.KEPT:
            return self.known.closes
        assert self.call is not None
        return self.call.begun

    def lex_object(self) -> Lexed | None:
        json = self.json
        assert json is not None
        start = self.at
        json.ending = self.ending
        self.at = json.read(self.buffer, start, self.sink)
        if not json.announced:
            self.pending.append((Terminal.TEXT, self.buffer[start : self.at], ""))
        if json.alien:
            return Terminal.OBJECT_ALIEN, "", ""
        if json.broken:
            return self._brace_missing() if json.lacks_brace else (Terminal.OBJECT_BROKEN, "", "")
        if not json.done:
            return None
        return (Terminal.OBJECT_DONE if json.whole else Terminal.OBJECT_BROKEN), "", ""

    def _brace_missing(self) -> Lexed | None:
        """The object's end is missing: the wrapper's closing tag stands for it."""
        assert self.json is not None
        found, end = self.closers.match(self.buffer, self.at)
        if found is Miss.MORE and not self.ending:
            return None
        if not isinstance(found, Found) or not self.json.whole:
            return Terminal.OBJECT_BROKEN, "", ""
        raw, self.at = self.buffer[self.at : end], end
        return found.terminal, raw, ""

    def lex_rest(self) -> Lexed | None:
        return self.text_to(self.at, len(self.buffer))

    def drop_partial_close(self) -> None:
        """At a normal end: what is kept back as the beginning of a closing tag is dropped."""
        rest = self.buffer
        if self.state is State.REASONING:
            begun = self.think_closes[self.thinking].match(rest, 0)[0] is Miss.MORE
        elif self.state in (State.OBJECT, State.OBJECT_END, State.KEPT):
            begun = self.ahead().match(rest, 0)[0] is Miss.MORE
        else:
            begun = self.state in _IN_CALL and self.call is not None and self.call.begins_close(rest)
        if rest and begun:
            self.emit(Repaired("partial_close"))
            self.buffer = ""

    def end_terminal(self, *, normal: bool) -> Terminal:
        """Whether the reply's end may close what is open."""
        if self.state is State.OBJECT and self.json is not None:
            if not self.json.announced:
                return Terminal.OBJECT_ALIEN
            normal = normal and self._object_may_end()
        elif self.call is not None and self.state in _MUST_BE_COMPLETE:
            # Words behind a closing tag that a file speaks of are the file's: it was cut (law 9).
            cut = self.state is State.BETWEEN and self.call.tags.verbatim and self.call.so_far.lines
            # A command that holds another call swallowed it: its own closing tags are missing.
            tags = self.call.tags
            swallowed = self.state is State.INNER and tags.free and not tags.verbatim
            normal = normal and self.call.complete() and not cut and not swallowed
        elif self.call is not None and self.state in (State.VALUE, State.TAIL, State.REST):
            closed = self.closed_inside() or self.call.may_end_open()
            normal = normal and closed and not self.call.so_far.garbled
        return Terminal.END if normal else Terminal.CUT

    def closed_inside(self) -> bool:
        """The tool's own closing tag stands among what is kept back."""
        return any(held in _CLOSES for held, _, _ in self.pending)

    def _object_may_end(self) -> bool:
        assert self.json is not None
        arguments = self.json.arguments
        if arguments is not None and arguments.open:
            return arguments.may_end_open and self.json.whole
        return self.json.close(self.sink) and self.json.whole
