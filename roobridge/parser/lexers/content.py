"""The lexer of text outside calls: which tag may begin one, and what a closing tag closes there."""

from __future__ import annotations

import re

from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import Lexicons
from roobridge.parser.markdown import FENCE, FENCE_LIMIT, Place, Stop, fence_run
from roobridge.parser.token import Token
from roobridge.spelling.scanner import Found, Miss
from roobridge.spelling.states import OPENS_CALL, Terminal

_BLANK = re.compile(r"\s{0,20}")  # between an undeclared function's tag and its first parameter
# What follows a tag that is spoken of: a blank, or punctuation.
_GOES_ON = " \t.,;:!?)\"'`*_"


class ContentLexer:
    """tools: some are declared, so that JSON may be a call."""

    def __init__(self, cursor: Cursor, content: Content, known: Lexicons, *, tools: bool) -> None:
        self._cursor = cursor
        self._content = content
        self._known = known
        self._tools = tools

    def lex(self) -> Token | None:
        cursor, markdown = self._cursor, self._content.markdown
        text = cursor.text
        start = i = looked = cursor.at
        while i < len(text):
            tag = self._known.words.find(text, max(i, looked))
            end = tag if tag >= 0 else len(text)
            i, stop = markdown.advance(text, i, end)
            # Whoever shows text early needs to know where a block ends: half a list would be shown twice.
            if stop is Stop.BLOCK:
                return cursor.take(i, Terminal.BLOCK)
            if stop is Stop.FENCE:
                return self._fence_at(start, i)
            if stop is Stop.BRACKET:
                if self._tools:
                    return cursor.text_to(start, i) or Token(Terminal.BRACE)
                markdown.tag()
                i += 1
            elif stop is Stop.END and i == end and tag >= 0:
                token, i = self._tag_at(start, tag)
                if token is not None or i < 0:
                    return token
                looked = tag + 1
        return cursor.text_to(start, i)

    def _fence_at(self, start: int, i: int) -> Token | None:
        cursor = self._cursor
        if i > start:
            return cursor.text_to(start, i)
        # How long the run is decides whether it is a fence, and which line closes it (CommonMark 0.31, 4.5).
        run = fence_run(cursor.text, i)
        if run == len(cursor.text) and run - i <= FENCE_LIMIT and not cursor.ending:
            return None
        if not FENCE <= run - i <= FENCE_LIMIT:
            self._content.markdown.not_fence(cursor.text[i:run])
            return cursor.text_to(start, run)
        return Token(Terminal.FENCE_OPEN)

    # -- tags ------------------------------------------------------------------------------------------

    def _tag_at(self, start: int, tag: int) -> tuple[Token | None, int]:
        """Where a literal may begin: what is to be given, and where to look on; -1 where more must come."""
        cursor, markdown = self._cursor, self._content.markdown
        found, end = self._known.words.match(cursor.text, tag)
        if found is Miss.NONE and cursor.text[tag] != "<":
            return None, tag  # an opener of a dialect may begin so; here it is Markdown's, or bare JSON's
        if isinstance(found, Found) and found.slip and "=" not in cursor.text[tag:end]:
            # A tool's tag with a slip in it counts on a line of its own: texts hold tags that are alike.
            if end == len(cursor.text) and not cursor.ending:
                return cursor.text_to(start, tag), -1
            if cursor.text[end : end + 1] not in ("\r", "\n") or not markdown.at_start:
                found, end = Miss.NONE, tag
        if found is Miss.MORE and not cursor.ending:
            return cursor.text_to(start, tag), -1
        terminal = self._meaning(found, tag, end) if isinstance(found, Found) else Terminal.TEXT
        if terminal is None:
            return cursor.text_to(start, tag), -1
        if terminal is Terminal.TEXT:
            if isinstance(found, Found) and not found.name.startswith("/"):
                self._content.mention(cursor.text[tag:end])
            markdown.tag()
            return None, max(end, tag + 1)
        if tag > start:
            return cursor.text_to(start, tag), tag
        assert isinstance(found, Found)
        return cursor.take(end, terminal, found.name, found.dialect), end

    def _meaning(self, found: Found, tag: int, end: int) -> Terminal | None:
        """What the literal at `tag` is at this place; None where more text must tell."""
        if found.terminal is Terminal.THINK_CLOSE:
            short = end == len(self._cursor.text) and not self._cursor.ending
            return None if short else self._think_close(found, end)
        if self._may_be_alien(found, tag):
            follows = self._parameter_follows(end)
            if follows is None and not self._cursor.ending:
                return None
            return Terminal.ALIEN_OPEN if follows else Terminal.TEXT
        return self._by_place(found)

    def _by_place(self, found: Found) -> Terminal:
        terminal, place = found.terminal, self._content.markdown.place
        # rule3_code_spans.json in fixtures: what stands between backticks is spoken of.
        if place is Place.SPAN or terminal is Terminal.TEXT:
            return Terminal.TEXT
        if terminal in OPENS_CALL:
            return self._opener(terminal, place)
        if terminal is Terminal.MARK:
            return terminal
        if place is Place.BLOCK:
            return Terminal.TEXT
        # Models open their thinking on a line of its own; within one the tag is HTML, or spoken of.
        if terminal is Terminal.THINK_OPEN:
            return terminal if self._content.markdown.at_start else Terminal.TEXT
        return self._stray(found.name.strip("/"))

    def _opener(self, terminal: Terminal, place: Place) -> Terminal:
        """An opening tag of a call; behind the completion's, where it begins a line, its text may follow."""
        content = self._content
        if place is Place.BLOCK and not content.examples:
            return Terminal.TEXT
        if terminal is not Terminal.COMPLETION_OPEN:
            return terminal
        loose = content.loose and content.markdown.at_start and place is Place.PROSE
        return terminal if loose else Terminal.TOOL_OPEN

    def _may_be_alien(self, found: Found, tag: int) -> bool:
        """A function that is not declared opens at a line's start."""
        alien, markdown = self._known.alien, self._content.markdown
        if alien is None or found.terminal is not Terminal.TEXT:
            return False
        named = self._cursor.text.startswith(alien.any_tool, tag)
        return named and markdown.at_start and markdown.place is Place.PROSE

    def _parameter_follows(self, at: int) -> bool | None:
        """Whether a parameter of that function opens here; None where more text must tell."""
        assert self._known.alien is not None
        head = self._known.alien.any_parameter.rstrip("=")
        text = self._cursor.text
        at = _BLANK.match(text, at).end()  # type: ignore[union-attr]
        if text.startswith(head, at):
            return True
        return None if head.startswith(text[at:]) else False

    # -- closing tags ----------------------------------------------------------------------------------

    def _think_close(self, found: Found, end: int) -> Terminal:
        """A closing tag of thinking, unless a line of prose speaks of it: words stand before and behind."""
        markdown = self._content.markdown
        if markdown.place is not Place.PROSE:
            return Terminal.TEXT
        after = self._cursor.text[end : end + 1]
        if not markdown.at_start and after and after in _GOES_ON:
            return Terminal.TEXT
        # Qwen3-Thinking-2507's template opens the thinking, so that the reply has the closing tag alone.
        if not self._content.thought:
            return Terminal.THINK_END
        terminal = self._stray(found.name.strip("/"))
        return terminal if markdown.at_start else Terminal.STRAY_NOISE

    def _stray(self, name: str) -> Terminal:
        """A closing tag that closes no call: noise behind one, and where it is alone on its line."""
        # rule5_stray_closers.json in fixtures.
        if self._content.was_mentioned(name):
            return Terminal.TEXT
        if self._content.after_call:
            return Terminal.STRAY_NOISE
        return Terminal.STRAY_CLOSE if self._content.markdown.at_start else Terminal.TEXT
