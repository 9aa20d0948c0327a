"""The lexers outside calls: text, fences, reasoning.

A lexer gives the next terminal with its source text and its name, or None where more text must come. It
moves the point over what it takes.
"""

from __future__ import annotations

import re

from roobridge.events import Break, Reasoning
from roobridge.parser.markdown import FENCE_LIMIT, Place, Stop, fence_run
from roobridge.parser.point import Lexed, Point
from roobridge.parser.scanner import BLANKS, Found, Miss
from roobridge.parser.states import Terminal

_SPACES = re.compile(f"[{BLANKS}]+")
_FENCE_HEAD = re.compile(r"(`{3,}|~{3,})([^\n`]*)(\n[ \t\r\n]*)?")
_HEAD_LIMIT = 64  # characters after a fence's run, its info and blanks, that are kept back
_FENCE_LINE = re.compile(rf"(`{{3,{FENCE_LIMIT}}}|~{{3,{FENCE_LIMIT}}})[ \t\r]{{,{_HEAD_LIMIT}}}(?=\n|$)")


class ContentLexer(Point):
    """What the characters are outside every call."""

    def lex_content(self) -> Lexed | None:
        start = i = self.at
        if self.breaking:
            self.breaking = False
            self.emit(Break())
        while i < len(self.buffer):
            tag = self.buffer.find("<", i)
            end = tag if tag >= 0 else len(self.buffer)
            i, stop = self.markdown.advance(self.buffer, i, end)
            if stop is Stop.BLOCK:
                self.breaking = i > start
                if self.breaking:
                    return self.text_to(start, i)
                self.emit(Break())
            elif stop is Stop.FENCE:
                return self._fence_at(start, i)
            elif stop is Stop.END and i == end and tag >= 0:
                lexed, i = self._tag_at(start, tag)
                if lexed is not None or i < 0:
                    return lexed
        return self.text_to(start, i)

    def _fence_at(self, start: int, i: int) -> Lexed | None:
        if i > start:
            return self.text_to(start, i)
        run = fence_run(self.buffer, i)
        if run == len(self.buffer) and run - i <= FENCE_LIMIT and not self.ending:
            return None
        if not 3 <= run - i <= FENCE_LIMIT:
            self.markdown.not_fence(self.buffer[i:run])
            return self.text_to(start, run)
        return Terminal.FENCE_OPEN, "", ""

    def _tag_at(self, start: int, tag: int) -> tuple[Lexed | None, int]:
        """The `<` at `tag`: what is to be given, and where to look on; -1 where more text must come."""
        found, end = self.words.match(self.buffer, tag)
        if found is Miss.MORE and not self.ending:
            return self.text_to(start, tag), -1
        terminal = self._terminal(found) if isinstance(found, Found) else Terminal.TEXT
        if terminal is Terminal.TEXT:
            if isinstance(found, Found) and not found.name.startswith("/"):
                self.mentioned(self.buffer[tag:end])
            self.markdown.tag()
            return None, max(end, tag + 1)
        if tag > start:
            return self.text_to(start, tag), tag
        assert isinstance(found, Found)
        self.found = found
        self.at = end
        return (terminal, self.buffer[tag:end], found.name), end

    def _terminal(self, found: Found) -> Terminal:
        """What a literal is at this place."""
        terminal, place = found.terminal, self.markdown.place
        if place is Place.SPAN or terminal is Terminal.TEXT:
            return Terminal.TEXT
        if terminal in (Terminal.TOOL_OPEN, Terminal.CALL_OPEN, Terminal.COMPLETION_OPEN):
            if place is Place.BLOCK and not self.examples:
                return Terminal.TEXT
            if terminal is Terminal.COMPLETION_OPEN:
                loose = self.loose and self.markdown.at_start and place is Place.PROSE
                return terminal if loose else Terminal.TOOL_OPEN
            return terminal
        if terminal is Terminal.MARK:
            return terminal
        if place is Place.BLOCK:
            return Terminal.TEXT
        if terminal is Terminal.THINK_OPEN:
            return terminal if self.markdown.at_start else Terminal.TEXT
        if terminal is Terminal.THINK_CLOSE and not self.thought:
            return Terminal.THINK_END
        return self._stray(found.name.strip("/"))

    def _stray(self, name: str) -> Terminal:
        if self.opened.get(name):
            self.opened[name] -= 1
            return Terminal.TEXT
        if self.after_call:
            return Terminal.STRAY_NOISE
        return Terminal.STRAY_CLOSE if self.markdown.at_start else Terminal.TEXT

    def lex_fence(self) -> Lexed | None:
        head = _FENCE_HEAD.match(self.buffer, self.at)
        assert head is not None
        end = head.end()
        short = end - head.end(1) < _HEAD_LIMIT
        if end == len(self.buffer) and not self.ending and short:
            return None
        info, blank = head[2].strip(), head[3]
        if blank is not None and end < len(self.buffer) and short:
            lexed = self._fence_body_at(head, info, end)
            if lexed is not None:
                return lexed
            if self._starts_opener(end):
                return None
        self.at = head.end(2)
        self.markdown.open_fence(head[1])
        if short and blank is None and self.buffer.startswith("`", self.at):
            self.markdown.not_fence(head[1])
        self.markdown.advance(head[2], 0, len(head[2]))
        return Terminal.TEXT, head[1] + head[2], ""

    def _starts_opener(self, at: int) -> bool:
        return not self.ending and self.words.match(self.buffer, at)[0] is Miss.MORE

    def _fence_body_at(self, head: re.Match[str], info: str, at: int) -> Lexed | None:
        if self.buffer[at] == "{" and info in self.languages and head[1][0] == "`":
            self.at = at + 1
            self.markdown.absorb(head[0] + "{")
            return Terminal.BRACE, head[0] + "{", ""
        found, end = self.words.match(self.buffer, at) if self.examples else (Miss.NONE, at)
        openers = (Terminal.TOOL_OPEN, Terminal.CALL_OPEN, Terminal.COMPLETION_OPEN)
        if not isinstance(found, Found) or found.terminal not in openers:
            return None
        self.found = found
        self.at = end
        self.fence_head = head[0]
        return found.terminal, self.buffer[at:end], found.name

    def lex_fenced(self) -> Lexed | None:
        start = self.at
        self.at, stop = self.markdown.advance(self.buffer, start, len(self.buffer))
        self.body.append(self.buffer[start : self.at])
        return (Terminal.FENCE_CLOSE, "", "") if stop is Stop.CLOSED else None

    def lex_example_end(self) -> Lexed | None:
        blank = _SPACES.match(self.buffer, self.at)
        if blank is not None:
            self.at = blank.end()
            return Terminal.SPACE, blank[0], ""
        start, run = self.at, fence_run(self.buffer, self.at)
        if self.buffer[start] in "`~":
            line = _FENCE_LINE.match(self.buffer, start)
            if line is not None and (line.end() < len(self.buffer) or self.ending):
                self.at = line.end()
                return Terminal.FENCE_CLOSE, line[0], ""
            short = run - start <= FENCE_LIMIT and len(self.buffer) - run <= _HEAD_LIMIT
            if short and not self.ending and not self.buffer[run:].strip(" \t\r"):
                return None
        return Terminal.TEXT, "", ""

    def lex_reasoning(self) -> Lexed | None:
        start = i = self.at
        lexicon = self.think_closes[self.thinking]
        while (tag := self.buffer.find("<", i)) >= 0:
            found, end = lexicon.match(self.buffer, tag)
            if isinstance(found, Found):
                self._think_to(start, tag)
                self.at = end
                return found.terminal, self.buffer[tag:end], ""
            if found is Miss.MORE and not self.ending:
                return self._think_to(start, tag)
            i = tag + 1
        return self._think_to(start, len(self.buffer))

    def _think_to(self, start: int, end: int) -> Lexed | None:
        self.at = end
        if end > start:
            self.emit(Reasoning(self.buffer[start:end]))
        return None
