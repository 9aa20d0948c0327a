"""The lexers outside calls: text, fences, reasoning.

A lexer gives the next terminal with its source text and its name, or None where more text must come. It
moves the point over what it takes.
"""

from __future__ import annotations

import re

from roobridge.events import Break, Reasoning
from roobridge.parser.machine_state import Lexed, Point
from roobridge.parser.markdown import FENCE_LIMIT, Place, Stop, fence_run
from roobridge.spelling.scanner import BLANKS, Found, Miss
from roobridge.spelling.states import OPENS_CALL, Terminal

_SPACES = re.compile(f"[{BLANKS}]+")
_FENCE_HEAD = re.compile(r"(`{3,}|~{3,})([^\n`]*)(\n[ \t\r\n]*)?")
_INNER_HEAD = re.compile(r"(?:`{3,6}|~{3,6})[^\n`]{,16}(\n[ \t\r\n]{,8})?")  # of a fence in a fence
_INNER_LIMIT = 6 + 16 + 1 + 8
_FENCE_CHARS = 3
_HEAD_LIMIT = 64  # characters after a fence's run, its info and blanks, that are kept back
_FENCE_LINE = re.compile(rf"(`{{3,{FENCE_LIMIT}}}|~{{3,{FENCE_LIMIT}}})[ \t\r]{{,{_HEAD_LIMIT}}}(?=\n|$)")


_BLANK = re.compile(r"\s{0,20}")
# What follows a tag that is spoken of: a blank, or punctuation.
_GOES_ON = " \t.,;:!?)\"'`*_"


class ContentLexer(Point):
    """What the characters are outside every call."""

    def lex_content(self) -> Lexed | None:
        start = i = self.at
        if self.breaking:
            self.breaking = False
            self.emit(Break())
        while i < len(self.buffer):
            tag = self.words.find(self.buffer, i)
            end = tag if tag >= 0 else len(self.buffer)
            i, stop = self.markdown.advance(self.buffer, i, end)
            if stop is Stop.BLOCK:
                self.breaking = i > start
                if self.breaking:
                    return self.text_to(start, i)
                self.emit(Break())
            elif stop is Stop.FENCE:
                return self._fence_at(start, i)
            elif stop is Stop.BRACKET:
                if not self.toolset.tools or not self.bare:
                    self.markdown.tag()
                    i += 1
                    continue
                return self.text_to(start, i) or (Terminal.BRACE, "", "")
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
        if isinstance(found, Found) and found.slip and "=" not in self.buffer[tag:end]:
            # A tool's tag with a slip in it counts on a line of its own: texts hold tags that are alike.
            if end == len(self.buffer) and not self.ending:
                return self.text_to(start, tag), -1
            if self.buffer[end : end + 1] not in ("\r", "\n") or not self.markdown.at_start:
                found, end = Miss.NONE, tag
        if isinstance(found, Found) and found.terminal is Terminal.THINK_CLOSE:
            if end == len(self.buffer) and not self.ending:
                return self.text_to(start, tag), -1
            terminal = self._think_close(found, end)
        elif isinstance(found, Found) and self._may_be_alien(found, tag):
            follows = self._parameter_follows(end)
            if follows is None and not self.ending:
                return self.text_to(start, tag), -1
            terminal = Terminal.ALIEN_OPEN if follows else Terminal.TEXT
        else:
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

    def _may_be_alien(self, found: Found, tag: int) -> bool:
        """A function that is not declared opens at a line's start."""
        alien = self.known.alien
        if alien is None or found.terminal is not Terminal.TEXT:
            return False
        named = self.buffer.startswith(alien.any_tool, tag)
        return named and self.markdown.at_start and self.markdown.place is Place.PROSE

    def _parameter_follows(self, at: int) -> bool | None:
        """Whether a parameter of that function opens here; None where more text must tell."""
        assert self.known.alien is not None
        head = self.known.alien.any_parameter.rstrip("=")
        at = _BLANK.match(self.buffer, at).end()  # type: ignore[union-attr]
        if self.buffer.startswith(head, at):
            return True
        return None if head.startswith(self.buffer[at:]) else False

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
        return self._stray(found.name.strip("/"))

    def _think_close(self, found: Found, end: int) -> Terminal:
        """A closing tag of thinking, unless a line of prose speaks of it: words stand before and behind."""
        if self.markdown.place is not Place.PROSE:
            return Terminal.TEXT
        after = self.buffer[end : end + 1]
        if not self.markdown.at_start and after and after in _GOES_ON:
            return Terminal.TEXT
        if not self.thought:
            return Terminal.THINK_END
        terminal = self._stray(found.name.strip("/"))
        return terminal if self.markdown.at_start else Terminal.STRAY_NOISE

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
        if blank is not None and end < len(self.buffer) and self.buffer[end] in "`~" and short:
            inner = _INNER_HEAD.match(self.buffer, end)
            if not self.ending and _may_go_on(self.buffer, end, inner):
                return None
            if inner is not None and inner[1] and inner.end() < len(self.buffer):
                end = inner.end() if self.buffer[inner.end()] in "{[" else end
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
        if self.buffer[at] in "{[" and self.toolset.tools:
            self.at = at
            return Terminal.BRACE, self.buffer[head.start() : at], info
        found, end = self.words.match(self.buffer, at) if self.examples else (Miss.NONE, at)
        if not isinstance(found, Found) or found.terminal not in OPENS_CALL:
            return None
        self.found = found
        self.at = end
        self.fence_head = head[0]
        return found.terminal, self.buffer[at:end], found.name

    def lex_fenced(self) -> Lexed | None:
        assert self.block is not None
        start = self.at
        text = self.buffer[start:] if start else self.buffer
        if self.markdown.flows(text):
            self.at, stop = len(self.buffer), Stop.END
        else:
            self.at, stop = self.markdown.advance(self.buffer, start, len(self.buffer))
            text = self.buffer[start : self.at]
        self.block.add(text)
        if self.block.dead or (stop is Stop.CLOSED and not self.block.ready):
            return Terminal.TEXT, "", ""
        return (Terminal.FENCE_CLOSE, "", "") if stop is Stop.CLOSED else None

    def lex_lone(self) -> Lexed | None:
        assert self.block is not None
        start, self.at = self.at, len(self.buffer)
        self.block.add(self.buffer[start:])
        self.at -= self.block.leave()
        if self.block.dead or (self.at < len(self.buffer) and not self.block.ready):
            return Terminal.TEXT, "", ""
        return (Terminal.OBJECT_DONE, "", "") if self.at < len(self.buffer) else None

    def lex_kept(self) -> Lexed | None:
        if self.words.may_begin(self.buffer[self.at]):
            for lexicon in (self.known.closes, self.marks):
                found, end = lexicon.match(self.buffer, self.at)
                if found is Miss.MORE and not self.ending:
                    return None
                if isinstance(found, Found):
                    raw, self.at = self.buffer[self.at : end], end
                    return found.terminal, raw, ""
        return self.lex_example_end()

    def lex_example_end(self) -> Lexed | None:
        blank = _SPACES.match(self.buffer, self.at)
        if blank is not None:
            self.at = blank.end()
            return Terminal.SPACE, blank[0], ""
        if self.words.may_begin(self.buffer[self.at]) and self.buffer[self.at] not in "`~":
            return self._after_example()
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

    def _after_example(self) -> Lexed | None:
        """Behind an example's call: another one, or a closing tag that closes nothing."""
        begins, end = self.words.match(self.buffer, self.at)
        opens = isinstance(begins, Found) and begins.terminal in OPENS_CALL
        if isinstance(begins, Found) and opens and self.row(begins.terminal) is not None:
            self.found = begins
            raw, self.at = self.buffer[self.at : end], end
            return begins.terminal, raw, begins.name
        closes, end = self.known.closes.match(self.buffer, self.at)
        if isinstance(closes, Found):
            raw, self.at = self.buffer[self.at : end], end
            return Terminal.STRAY_NOISE, raw, ""
        more = Miss.MORE in (begins, closes) and not self.ending
        return None if more else (Terminal.TEXT, "", "")

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


def _may_go_on(text: str, at: int, head: re.Match[str] | None) -> bool:
    """Whether more text decides if a fence's opening line stands at `at`, and what follows it."""
    if head is not None:
        return head.end() == len(text) and len(text) - at < _INNER_LIMIT
    return fence_run(text, at) == len(text) and len(text) - at < _FENCE_CHARS
