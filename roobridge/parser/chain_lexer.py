"""The lexer of what follows a call's opener or a value's closing tag: does the call go on?"""

from __future__ import annotations

import re

from roobridge.calls.tagged import TagCall
from roobridge.parser.candidate import begins_line, behind_opener, ends_line, words_held
from roobridge.parser.machine_state import Lexed, Point
from roobridge.spelling.closers import CLOSES, Level, Tag, close_end, tag_at
from roobridge.spelling.dialect import Holds
from roobridge.spelling.scanner import BLANKS, Found, Miss
from roobridge.spelling.slips import alike
from roobridge.spelling.states import OPENS_CALL, Action, State, Terminal
from roobridge.spelling.words import is_prose

_SPACES = re.compile(f"[{BLANKS}]+")
_CLOSED = frozenset(
    {
        Terminal.PARAM_CLOSE,
        Terminal.NEAR_CLOSE,
        Terminal.ODD_CLOSE,
        Terminal.INNER_CLOSE,
        Terminal.TOOL_CLOSE,
        Terminal.LATE_CLOSE,
        Terminal.CALL_CLOSE,
    }
)
_BEFORE = frozenset({State.OPENED, State.AWAITING})
_IN_WORDS = frozenset({State.AWAITING, State.BETWEEN, State.PARTING, State.CLOSED})
_LONGEST = 120  # characters of a misspelt opener
_MISSPELT = re.compile(r"""<([A-Za-z_]\w{2,39})(?:\s*[=:]\s*["']?([\w.:-]{1,64})["']?)?\s{0,8}>""")
_MISSPELT_BEGUN = re.compile(r"""<[A-Za-z_]\w{0,39}\s*[=:]?\s*["']?[\w.:-]{0,64}["']?\s{0,8}\Z""")
_WORDS_END = re.compile(r"[<\n]")
_AWAITED = 500  # characters of words before a call's first parameter; more are no slip

CHAIN = frozenset(
    {
        State.OPENED,
        State.AWAITING,
        State.CLOSING,
        State.NEARLY,
        State.ODD,
        State.BETWEEN,
        State.PARTING,
        State.INNER,
        State.DOUBT,
        State.ENDING,
        State.ENDING_BARE,
        State.TAIL,
        State.REST,
        State.CLOSED,
    }
)


class ChainLexer(Point):
    """Gives the tags that go on with the call, the words between them, and TEXT for what does not."""

    def lex_chain(self) -> Lexed | None:
        call = self.call
        assert call is not None
        blank = _SPACES.match(self.buffer, self.at)
        if blank is not None and self.row(Terminal.SPACE) is not None:
            self.at = blank.end()
            return Terminal.SPACE, blank[0], ""
        if self.buffer[self.at] == ">" and self.pending[-1][0] in _CLOSED:
            return self._taken(self.at + 1, Terminal.SPACE, "")
        if self.buffer[self.at] == "<":
            lexed, more = self._tag(call)
        elif self.buffer[self.at] == "{" and self.row(Terminal.BRACE) is not None:
            own = call.dialect if call.dialect.holds is Holds.ARGUMENTS else self.known.braced
            self.found = Found(Terminal.BRACE, dialect=own)
            return self._taken(self.at + 1, Terminal.BRACE, "")
        else:
            lexed, more = self._opener(call)
        if lexed is not None:
            return lexed
        if more and not self.ending:
            return None
        return self._words(call)

    # -- tags ------------------------------------------------------------------------------------------

    def _tag(self, call: TagCall) -> tuple[Lexed | None, bool]:
        """The terminal of the tag at this point, and whether more text might make it one."""
        more = False
        for read in (self._mark, self._opener, self._close, self._next_call):
            lexed, may_be = read(call)
            if lexed is not None:
                return lexed, False
            more = more or may_be
        return None, more

    def _mark(self, call: TagCall) -> tuple[Lexed | None, bool]:
        if self.row(Terminal.MARK) is None:
            return None, False
        found, end = self.marks.match(self.buffer, self.at)
        if isinstance(found, Found):
            return self._taken(end, Terminal.MARK, ""), False
        return None, found is Miss.MORE

    def _opener(self, call: TagCall) -> tuple[Lexed | None, bool]:
        if self.row(Terminal.PARAM_OPEN) is None:
            return None, False
        found, end = call.openers.match(self.buffer, self.at)
        if isinstance(found, Found):
            # A file may well hold an element of a parameter's name.
            element = call.tags.verbatim and "=" not in self.buffer[self.at : end]
            given = call.given(found.name)
            inner = self.state is State.INNER and (given or not call.tags.opens_next)
            if inner or (given and (element or self.state is State.BETWEEN)):
                return _standing(Terminal.TEXT), False
            return self._taken(end, Terminal.PARAM_OPEN, call.meant(found.name)), False
        more = found is Miss.MORE
        loose = call.dialect.loose_param
        if loose is None:
            return None, more
        if self.buffer[self.at] != "<" and not begins_line(self.pending):
            return None, more
        name, end = loose.match(self.buffer, self.at)
        if isinstance(name, str):
            raw = self.buffer[self.at : end]
            name = call.meant(name) if name else call.sole_missing
            own = raw == call.dialect.param_open.format(name)
            if name and (own or name in call.tool.params or not call.tool.known):
                if self.state is State.INNER and (call.given(name) or not call.tags.opens_next):
                    return _standing(Terminal.TEXT), False
                return self._taken(end, Terminal.PARAM_OPEN, name), False
            if name and self.state is State.INNER:
                return _standing(Terminal.TEXT), False
            name = Miss.NONE
        unread = name is Miss.NONE and loose.begins(self.buffer, self.at)
        if unread and self.row(Terminal.GARBLED) is not None:
            return _standing(Terminal.GARBLED), False
        near = self._misspelt(call)
        return near if near[0] is not None else (None, more or near[1] or name is Miss.MORE)

    def _misspelt(self, call: TagCall) -> tuple[Lexed | None, bool]:
        """An opener with a slip in its first word, or a tag with a slip in a parameter's name."""
        found = _MISSPELT.match(self.buffer, self.at)
        if found is None:
            begun = _MISSPELT_BEGUN.match(self.buffer, self.at)
            return None, begun is not None and len(self.buffer) - self.at < _LONGEST
        word, name = found[1], found[2]
        if name is not None and alike(word, "parameter"):
            return self._taken(found.end(), Terminal.PARAM_OPEN, call.meant(name)), False
        meant = call.meant(word) if name is None else word
        if meant != word and self.state is not State.BETWEEN:
            return self._taken(found.end(), Terminal.PARAM_OPEN, meant), False
        return None, False

    def _close(self, call: TagCall) -> tuple[Lexed | None, bool]:
        found = tag_at(self.buffer, self.at)
        if not isinstance(found, Tag) or not found.closing:
            return None, found is Miss.MORE
        end = close_end(self.buffer, found.end)
        level = self._level(call, found.word)
        if level is None or end is None or end < 0:
            return None, level is not None and end is None
        if self.state is State.INNER and call.tags.holds(found.word):
            if level is Level.PARAM:
                return _standing(Terminal.TEXT), False
            call.tags.closed(found.word)
            return self._taken(end, Terminal.INNER_CLOSE, level.name), False
        terminal = CLOSES[level]
        exact = self.buffer[self.at : end] == call.tags.exact(level)
        if terminal is Terminal.TOOL_CLOSE and self._is_late(exact=exact):
            terminal = Terminal.LATE_CLOSE
        step = self.row(terminal)
        if step is None:
            return (None if self.state is State.CLOSED else _standing(Terminal.TEXT)), False
        if step.action is Action.COMMIT and self._is_doubted(call):
            if self.row(Terminal.DOUBTED_CLOSE) is None:
                return _standing(Terminal.TEXT), False
            terminal = Terminal.DOUBTED_CLOSE
        if terminal is not Terminal.PARAM_CLOSE and self._lost(call):
            return _standing(Terminal.GARBLED), False
        return self._taken(end, terminal, ""), False

    def _is_doubted(self, call: TagCall) -> bool:
        """A value that may hold anything may only speak of the chain of closing tags: in quotes, in a fence,
        or with words between them on their line.
        """
        if not call.tags.free:
            return False
        words = words_held(self.pending).lstrip(" \t")
        spoken = words.strip() != "" and words[0] not in "\r\n"
        return spoken or call.so_far.quoted or call.so_far.fenced

    def _lost(self, call: TagCall) -> bool:
        """What the call lacks may well stand in the words between its tags, or under another name."""
        mangled = call.mangled or any(held is Terminal.WORDS for held, _, _ in self.pending)
        return mangled and not call.complete() and self.row(Terminal.GARBLED) is not None

    def _is_late(self, *, exact: bool) -> bool:
        """Whether the tool's closing tag leaves it open that the value ended before it."""
        if self.state is State.BETWEEN:
            return is_prose(words_held(self.pending))
        return self.state in (State.NEARLY, State.ODD) and not exact

    def _level(self, call: TagCall, word: str) -> Level | None:
        """Before the first parameter there is no value whose closing tags could be near."""
        if self.state in _BEFORE:
            return Level.TOOL if call.dialect.tool_close.format(call.tool.name) == f"</{word}>" else None
        return call.tags.level(word)

    def _next_call(self, call: TagCall) -> tuple[Lexed | None, bool]:
        found, end = self.words.match(self.buffer, self.at)
        # Before the first parameter any opener ends the waiting, so that no text is waited for twice (law 3).
        if isinstance(found, Found) and found.terminal in OPENS_CALL and self.state not in _BEFORE:
            found = self._goes_on(found, end)
        if not isinstance(found, Found) or found.terminal not in OPENS_CALL:
            return None, found is Miss.MORE
        weak = self.state is State.REST and call.tags.verbatim
        weak = weak or (self.state is State.TAIL and not (call.complete() and self._closed_exactly(call)))
        # A file that speaks of closing tags speaks of opening ones, too.
        # Unless the closing tag and the opening one begin lines, and no opener stands in the value for it.
        lines = call.so_far.tail[-1:] in ("", "\n") and ends_line(self.pending)
        spoken = call.tags.verbatim and self.state is State.BETWEEN and not lines
        parted = self.state in (State.PARTING, State.CLOSED) or (self.state is State.ODD and call.tags.free)
        spoken = spoken or (parted and not ends_line(self.pending))
        if spoken and self.state is State.CLOSED:
            return None, False
        if weak or spoken or self.row(Terminal.NEXT_CALL) is None:
            return _standing(Terminal.TEXT), False
        if call.complete() or self.row(Terminal.GARBLED) is None:
            return _standing(Terminal.NEXT_CALL), False
        return _standing(Terminal.TEXT if call.tags.verbatim else Terminal.GARBLED), False

    def _goes_on(self, found: Found, at: int) -> Found | Miss:
        """An opener opens a call where the grammar goes on: in a wrapper with a call of a declared tool or an
        object, in a tool with a tag.
        """
        blank = _SPACES.match(self.buffer, at)
        at = blank.end() if blank is not None else at
        if at == len(self.buffer):
            return Miss.MORE
        if self.buffer[at] == "{" or (self.buffer[at] == "[" and found.terminal is Terminal.CALL_OPEN):
            return found
        if found.terminal is not Terminal.CALL_OPEN:
            return found if self.buffer[at] == "<" else Miss.NONE
        return self.inner.match(self.buffer, at)[0]

    def _closed_exactly(self, call: TagCall) -> bool:
        right = call.tags.exact(Level.TOOL)
        return any(held is Terminal.TOOL_CLOSE and raw == right for held, raw, _ in self.pending)

    def _taken(self, end: int, terminal: Terminal, name: str) -> Lexed:
        raw, self.at = self.buffer[self.at : end], end
        return terminal, raw, name

    # -- words -----------------------------------------------------------------------------------------

    def _words(self, call: TagCall) -> Lexed:
        room = _AWAITED - len(words_held(self.pending)) if self.state in _BEFORE else len(self.buffer)
        if self.row(Terminal.WORDS) is None or room <= 0 or not self._may_be_words(call):
            return Terminal.TEXT, "", ""
        stop = _WORDS_END.search(self.buffer, self.at + 1)
        end = stop.start() if stop is not None else len(self.buffer)
        return self._taken(min(end, self.at + room), Terminal.WORDS, "")

    def _may_be_words(self, call: TagCall) -> bool:
        if self.state in _IN_WORDS:
            return True
        last = self.pending[-1][0]
        tag = self.buffer[self.at] == "<"
        if self.state is State.OPENED:
            return self.opened_line and (tag or "\n" in behind_opener(self.pending))
        # In a value that may hold anything, what stands right behind the tag, or begins with a closing tag of
        # its own, goes on with the value.
        if call.tags.verbatim and self.buffer.startswith("</", self.at):
            return False
        return tag or last not in _CLOSED or self.state is State.ENDING


def _standing(terminal: Terminal) -> Lexed:
    """A terminal that takes no text: what stands here is read again in the state that follows."""
    return terminal, "", ""
