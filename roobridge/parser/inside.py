"""The lexers inside calls and candidates, and what the reply's end means to them.

A lexer gives the next terminal with its source text and its name, or None where more text must come. It
moves the point over what it takes.
"""

from __future__ import annotations

import re

from roobridge.events import Repaired
from roobridge.parser.call import is_complete
from roobridge.parser.point import Lexed, Point
from roobridge.parser.scanner import BLANKS, Found, Lexicon, Miss
from roobridge.parser.states import State, Terminal

_SPACES = re.compile(f"[{BLANKS}]+")
_SPACES_IN_LINE = re.compile(f"[{BLANKS.replace(chr(10), '')}]+")
_BRACES = {
    (State.WRAPPED, "["): Terminal.BRACKET,
    (State.WRAPPED, "{"): Terminal.BRACE,
    (State.OBJECT_END, "}"): Terminal.BRACE,
    (State.OBJECT_END, "{"): Terminal.NEXT_CALL,
    (State.OBJECT_END, ","): Terminal.BRACKET,
    (State.OBJECT_END, "]"): Terminal.BRACKET,
}
_AFTER_CLOSE = frozenset(
    {State.CLOSING, State.ENDING, State.ENDING_BARE, State.TAIL, State.REST, State.OBJECT_END}
)


class CallLexer(Point):
    """What the characters are inside a call, or where one may have begun."""

    def lex_value(self) -> Lexed | None:
        call, start = self.call, self.at
        assert call is not None
        lexicon = call.lexicon(State.VALUE)
        i = start
        while True:
            tag = self.buffer.find("<", i)
            if tag < 0:
                return self._value_to(start, len(self.buffer))
            found, end = lexicon.match(self.buffer, tag)
            if found is Miss.MORE and not self.ending:
                return self._value_to(start, tag)
            if isinstance(found, Found) and self._counts(found, start, tag):
                self._value_to(start, tag)
                self.at = end
                return found.terminal, self.buffer[tag:end], found.name
            i = tag + 1

    def _value_to(self, start: int, end: int) -> Lexed | None:
        """Give the value's characters; nothing is to be decided about them."""
        self.at = end
        if end > start and self.call is not None:
            self.call.text(self.buffer[start:end], self.sink)
        return None

    def _counts(self, found: Found, start: int, tag: int) -> bool:
        """A parameter's opening tag ends an open value only at a line's start."""
        if found.terminal is not Terminal.PARAM_OPEN:
            return True
        if tag > start:
            return self.buffer[tag - 1] == "\n"
        return self.call is not None and self.call.value is not None and self.call.value.at_line_start

    def lex_loose(self) -> Lexed | None:
        assert self.call is not None
        lexicon = self.call.lexicon(State.LOOSE)
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
        if char in "{}[],":
            return self._brace(char)
        if char == "<":
            found, end = self.ahead().match(self.buffer, self.at)
            if self.state in (State.ENDING, State.ENDING_BARE) and not isinstance(found, Found):
                begins, _ = self.words.match(self.buffer, self.at)
                if isinstance(begins, Found) and begins.terminal in (Terminal.TOOL_OPEN, Terminal.CALL_OPEN):
                    return Terminal.NEXT_CALL, "", ""
                found = begins if begins is Miss.MORE else found
            if found is Miss.MORE and not self.ending:
                return None
            if isinstance(found, Found) and self.row(found.terminal) is not None:
                self.found = found
                raw, self.at = self.buffer[self.at : end], end
                return found.terminal, raw, found.name
        return Terminal.TEXT, "", ""

    def _brace(self, char: str) -> Lexed:
        terminal = _BRACES.get((self.state, char), Terminal.TEXT)
        if terminal is Terminal.NEXT_CALL or terminal is Terminal.TEXT or self.braced is None:
            return terminal, "", ""
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
            return self.object_close
        assert self.call is not None
        return self.call.lexicon(self.state)

    def lex_object(self) -> Lexed | None:
        json = self.json
        assert json is not None
        start = self.at
        self.at = json.read(self.buffer, start, self.sink)
        if not json.announced:
            self.pending.append((Terminal.TEXT, self.buffer[start : self.at], ""))
        if json.alien:
            return Terminal.OBJECT_ALIEN, "", ""
        if json.broken:
            return self._brace_missing() if json.lacks_brace else (Terminal.OBJECT_BROKEN, "", "")
        return (Terminal.OBJECT_DONE, "", "") if json.done else None

    def _brace_missing(self) -> Lexed | None:
        """The object's end is missing: the wrapper's closing tag stands for it."""
        found, end = self.object_close.match(self.buffer, self.at)
        if found is Miss.MORE and not self.ending:
            return None
        if not isinstance(found, Found):
            return Terminal.OBJECT_BROKEN, "", ""
        raw, self.at = self.buffer[self.at : end], end
        return found.terminal, raw, ""

    def lex_rest(self) -> Lexed | None:
        return self.text_to(self.at, len(self.buffer))

    def drop_partial_close(self) -> None:
        """At a normal end: what is kept back as the beginning of a closing tag is dropped."""
        rest = self.buffer
        if self.state is State.REASONING:
            lexicon = self.think_closes[self.thinking]
        elif self.state in (State.VALUE, State.OBJECT) or self.state in _AFTER_CLOSE:
            lexicon = self.ahead()
        else:
            return
        if rest and lexicon.match(rest, 0)[0] is Miss.MORE:
            self.emit(Repaired("partial_close"))
            self.buffer = ""

    def end_terminal(self, *, normal: bool) -> Terminal:
        """Whether the reply's end may close what is open."""
        if self.state is State.OBJECT and self.json is not None:
            if not self.json.announced:
                return Terminal.OBJECT_ALIEN
            normal = normal and self._object_may_end()
        elif self.call is not None and self.state is State.CLOSING:
            normal = normal and self.call.complete()
        elif self.call is not None and self.state in (State.VALUE, State.TAIL, State.REST):
            normal = normal and (self.closed_inside() or self.call.may_end_open())
        return Terminal.END if normal else Terminal.CUT

    def closed_inside(self) -> bool:
        """The tool's own closing tag stands among what is kept back."""
        return any(held in (Terminal.TOOL_CLOSE, Terminal.CALL_CLOSE) for held, _, _ in self.pending)

    def _object_may_end(self) -> bool:
        assert self.json is not None
        tool = self.toolset.tools[self.json.name]
        if not is_complete(tool, self.json.given):
            return False
        arguments = self.json.arguments
        if arguments is not None and arguments.open:
            param = tool.params.get(arguments.open)
            return tool.known and param is not None and param.cut_safe
        return self.json.close()
