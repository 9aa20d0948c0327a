"""The lexers: what the characters at the machine's point are, in each state.

Each gives the next terminal with its source text and its name, or None where more text must come. It
moves the point over what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from roobridge.events import Break, Event, Reasoning, Repaired
from roobridge.grammar.model import Toolset
from roobridge.parser.call import MARKS, TagCall, is_complete
from roobridge.parser.dialect import Dialect
from roobridge.parser.example import Example
from roobridge.parser.json_call import JsonCall
from roobridge.parser.markdown import Markdown, Place, Stop, fence_run
from roobridge.parser.scanner import BLANKS, Found, Lexicon, Miss
from roobridge.parser.states import State, Step, Terminal

_SPACES = re.compile(f"[{BLANKS}]+")
_SPACES_IN_LINE = re.compile(f"[{BLANKS.replace(chr(10), '')}]+")
_FENCE_HEAD = re.compile(r"(`{3,}|~{3,})([^\n`]*)(\n[ \t\r\n]*)?")
_FENCE_LINE = re.compile(r"[ \t]*(`{3,}|~{3,})[ \t\r]*(?=\n|$)")
_HEAD_LIMIT = 64  # characters of a fence's info and blank lines that are kept back
# Opening tags of what is not declared: text, but their closing tags are no noise.
_NAMED_TAGS = {"<function=": Terminal.TEXT, "<parameter=": Terminal.TEXT}
_THINKING = ("think", "thinking")
_AFTER_CLOSE = frozenset({State.CLOSING, State.ENDING, State.ENDING_BARE, State.TAIL, State.OBJECT_END})

Lexed = tuple[Terminal, str, str]


class Lexers:
    """The machine's point in the text, and all that a lexer must know."""

    def __init__(self, toolset: Toolset, dialects: Sequence[Dialect], strays: frozenset[str]) -> None:
        self.toolset = toolset
        self.state = State.CONTENT
        self.buffer = ""
        self.at = 0
        self.examined = 0
        self.markdown = Markdown()
        self.call: TagCall | None = None
        self.json: JsonCall | None = None
        self.example: Example | None = None
        self.body: list[str] = []  # of the fence that may be a JSON call
        self.found = Found(Terminal.TEXT)
        self.after_call = False  # nothing but white space since the last call
        self.thought = False  # reasoning was seen
        self.thinking = ""  # the name of the thinking tag that is open
        self.examples = True  # a tag in a block may still turn out to be the call
        self.loose = True  # the completion's own closing tag may still come
        self.breaking = False  # a Break is due before the next text
        self.ending = False  # no more text will come
        self.languages: frozenset[str] = frozenset()
        self._opened: dict[str, int] = {}  # opening tags that stand as text, by name
        self._content = Lexicon(_content_words(toolset, dialects, strays), open_names=_NAMED_TAGS)
        self._inner = Lexicon({k: v for d in dialects for k, v in d.inner(toolset).items() if k != "{"})
        self._braced = next((d for d in dialects if "{" in d.inner(toolset)), None)
        self._strays = Lexicon(_stray_words(toolset, strays))
        self._object_close = Lexicon(
            {d.call_close: Found(Terminal.CALL_CLOSE) for d in dialects if d is self._braced}
        )
        self._thinking = {name: Lexicon({f"</{name}>": Found(Terminal.THINK_CLOSE)}) for name in _THINKING}
        self.fence_head = ""  # the opening line of the fence that the open example began with
        self._marks = Lexicon({mark: Found(Terminal.MARK) for mark in MARKS})
        self._by_state: dict[State, Callable[[], Lexed | None]] = {
            State.CONTENT: self._lex_content,
            State.REASONING: self._lex_reasoning,
            State.FENCE: self._lex_fence,
            State.FENCED: self._lex_fenced,
            State.EXAMPLE_END: self._lex_example_end,
            State.LOOSE: self._lex_loose,
            State.VALUE: self._lex_value,
            State.OBJECT: self._lex_object,
            State.BROKEN: self._lex_rest,
            State.DROPPED: self._lex_rest,
        }

    def emit(self, event: Event) -> None:
        raise NotImplementedError

    def hold(self, raw: str) -> None:
        raise NotImplementedError

    def events(self) -> list[Event]:
        raise NotImplementedError

    def row(self, terminal: Terminal) -> Step | None:
        raise NotImplementedError

    def lex(self) -> Lexed | None:
        return self._by_state.get(self.state, self._lex_ahead)()

    def mentioned(self, tag: str) -> None:
        """An opening tag stands as text: its closing tag will not be noise."""
        name = tag.strip("<>").partition("=")[0]
        self._opened[name] = self._opened.get(name, 0) + 1

    # -- content ---------------------------------------------------------------------------------------

    def _lex_content(self) -> Lexed | None:
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
                    return self._text_to(start, i)
                self.emit(Break())
            elif stop is Stop.FENCE:
                return self._fence_at(start, i)
            elif i == end and tag >= 0:
                lexed, i = self._tag_at(start, tag)
                if lexed is not None or i < 0:
                    return lexed
        return self._text_to(start, i)

    def _text_to(self, start: int, end: int) -> Lexed | None:
        self.at = end
        return (Terminal.TEXT, self.buffer[start:end], "") if end > start else None

    def _fence_at(self, start: int, i: int) -> Lexed | None:
        if i > start:
            return self._text_to(start, i)
        run = fence_run(self.buffer, i)
        if run == len(self.buffer) and not self.ending:
            return None
        if run - i < 3:
            self.markdown.not_fence(self.buffer[i:run])
            return self._text_to(start, run)
        return Terminal.FENCE_OPEN, "", ""

    def _tag_at(self, start: int, tag: int) -> tuple[Lexed | None, int]:
        """The `<` at `tag`: what is to be given, and where to look on; -1 where more text must come."""
        found, end = self._content.match(self.buffer, tag)
        if found is Miss.MORE and not self.ending:
            return self._text_to(start, tag), -1
        terminal = self._terminal(found) if isinstance(found, Found) else Terminal.TEXT
        if terminal is Terminal.TEXT:
            if isinstance(found, Found) and not found.name.startswith("/"):
                self.mentioned(self.buffer[tag:end])
            self.markdown.tag()
            return None, max(end, tag + 1)
        if tag > start:
            return self._text_to(start, tag), tag
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
        if self._opened.get(name):
            self._opened[name] -= 1
            return Terminal.TEXT
        if self.after_call:
            return Terminal.STRAY_NOISE
        return Terminal.STRAY_CLOSE if self.markdown.at_start else Terminal.TEXT

    # -- fences ----------------------------------------------------------------------------------------

    def _lex_fence(self) -> Lexed | None:
        head = _FENCE_HEAD.match(self.buffer, self.at)
        assert head is not None
        end = head.end()
        if end == len(self.buffer) and not self.ending and end - head.end(1) < _HEAD_LIMIT:
            return None
        info, blank = head[2].strip(), head[3]
        if blank is not None and end < len(self.buffer):
            lexed = self._fence_body_at(head, info, end)
            if lexed is not None:
                return lexed
            if self._starts_opener(end):
                return None
        self.at = head.end(2)
        self.markdown.open_fence(head[1])
        if blank is None and self.buffer.startswith("`", self.at):
            self.markdown.not_fence(head[1])
        self.markdown.advance(head[2], 0, len(head[2]))
        return Terminal.TEXT, head[1] + head[2], ""

    def _starts_opener(self, at: int) -> bool:
        return not self.ending and self._content.match(self.buffer, at)[0] is Miss.MORE

    def _fence_body_at(self, head: re.Match[str], info: str, at: int) -> Lexed | None:
        if self.buffer[at] == "{" and info in self.languages and head[1][0] == "`":
            self.at = at + 1
            self.markdown.absorb(head[0] + "{")
            return Terminal.BRACE, head[0] + "{", ""
        found, end = self._content.match(self.buffer, at) if self.examples else (Miss.NONE, at)
        openers = (Terminal.TOOL_OPEN, Terminal.CALL_OPEN, Terminal.COMPLETION_OPEN)
        if not isinstance(found, Found) or found.terminal not in openers:
            return None
        self.found = found
        self.at = end
        self.fence_head = head[0]
        return found.terminal, self.buffer[at:end], found.name

    def _lex_fenced(self) -> Lexed | None:
        start = self.at
        self.at, stop = self.markdown.advance(self.buffer, start, len(self.buffer))
        self.body.append(self.buffer[start : self.at])
        return (Terminal.FENCE_CLOSE, "", "") if stop is Stop.CLOSED else None

    def _lex_example_end(self) -> Lexed | None:
        blank = _SPACES.match(self.buffer, self.at)
        if blank is not None:
            self.at = blank.end()
            return Terminal.SPACE, blank[0], ""
        run = fence_run(self.buffer, self.at)
        if self.buffer[self.at] in "`~":
            line = _FENCE_LINE.match(self.buffer, self.at)
            if line is not None and (line.end() < len(self.buffer) or self.ending):
                self.at = line.end()
                return Terminal.FENCE_CLOSE, line[0], ""
            if not self.ending and not self.buffer[run:].strip(" \t\r"):
                return None
        return Terminal.TEXT, "", ""

    # -- calls -----------------------------------------------------------------------------------------

    def _lex_value(self) -> Lexed | None:
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
            self.call.text(self.buffer[start:end], self.events())
        return None

    def _counts(self, found: Found, start: int, tag: int) -> bool:
        """A parameter's opening tag ends an open value only at a line's start."""
        if found.terminal is not Terminal.PARAM_OPEN:
            return True
        if tag > start:
            return self.buffer[tag - 1] == "\n"
        return self.call is not None and self.call.value is not None and self.call.value.at_line_start

    def _lex_loose(self) -> Lexed | None:
        assert self.call is not None
        lexicon = self.call.lexicon(State.LOOSE)
        start = i = self.at
        while (tag := self.buffer.find("<", i)) >= 0:
            found, end = lexicon.match(self.buffer, tag)
            if isinstance(found, Found) and tag == start:
                self.at = end
                return found.terminal, self.buffer[tag:end], found.name
            if isinstance(found, Found) or (found is Miss.MORE and not self.ending):
                return self._text_to(start, tag)
            i = tag + 1
        return self._text_to(start, len(self.buffer))

    def _lex_ahead(self) -> Lexed | None:
        """A state that decides by what follows."""
        spaces = _SPACES_IN_LINE if self.state is State.STRAY else _SPACES
        blank = spaces.match(self.buffer, self.at)
        if blank is not None and self.row(Terminal.SPACE) is not None:
            self.at = blank.end()
            return Terminal.SPACE, blank[0], ""
        char = self.buffer[self.at]
        if char == "\n" and self.state is State.STRAY:
            return Terminal.STRAY_NOISE, "", ""
        if char in "{}":
            return self._brace(char)
        if char == "<":
            found, end = self._ahead().match(self.buffer, self.at)
            if self.state in (State.ENDING, State.ENDING_BARE) and not isinstance(found, Found):
                begins, _ = self._content.match(self.buffer, self.at)
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
        opens = char == "{" and self.state is State.WRAPPED and self._braced is not None
        if opens or (char == "}" and self.state is State.OBJECT_END):
            self.found = Found(Terminal.BRACE, dialect=self._braced)
            self.at += 1
            return Terminal.BRACE, char, ""
        return Terminal.TEXT, "", ""

    def _ahead(self) -> Lexicon:
        if self.state is State.WRAPPED:
            return self._inner
        if self.state is State.STRAY:
            return self._strays
        if self.state is State.MARKED:
            return self._marks
        if self.state is State.OBJECT_END:
            return self._object_close
        assert self.call is not None
        return self.call.lexicon(self.state)

    def _lex_object(self) -> Lexed | None:
        json = self.json
        assert json is not None
        start = self.at
        self.at = json.read(self.buffer, start, self.events())
        if not json.announced:
            self.hold(self.buffer[start : self.at])
        if json.alien:
            return Terminal.OBJECT_ALIEN, "", ""
        if json.broken:
            return Terminal.OBJECT_BROKEN, "", ""
        return (Terminal.OBJECT_DONE, "", "") if json.done else None

    # -- the rest --------------------------------------------------------------------------------------

    def _lex_reasoning(self) -> Lexed | None:
        start = i = self.at
        lexicon = self._thinking[self.thinking]
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

    def _lex_rest(self) -> Lexed | None:
        self.at = len(self.buffer)
        return None

    def drop_partial_close(self) -> None:
        """At a normal end: what is kept back as the beginning of a closing tag is dropped."""
        rest = self.buffer
        if self.state is State.REASONING:
            lexicon = self._thinking[self.thinking]
        elif self.state is State.VALUE or self.state in _AFTER_CLOSE:
            lexicon = self._ahead()
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
        elif self.call is not None and self.state in (State.VALUE, State.TAIL):
            normal = normal and (self.closed_inside() or self.call.may_end_open())
        return Terminal.END if normal else Terminal.CUT

    def closed_inside(self) -> bool:
        """The tool's own closing tag stands among what is kept back."""
        raise NotImplementedError

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


def _content_words(toolset: Toolset, dialects: Sequence[Dialect], strays: frozenset[str]) -> dict[str, Found]:
    words = {f"<{name}>": Found(Terminal.TEXT, name) for name in strays}
    words.update(_stray_words(toolset, strays))
    words.update({mark: Found(Terminal.MARK) for mark in MARKS})
    for name in _THINKING:
        words[f"<{name}>"] = Found(Terminal.THINK_OPEN, name)
        words[f"</{name}>"] = Found(Terminal.THINK_CLOSE, f"/{name}")
    for dialect in dialects:
        words.update(dialect.openers(toolset))
    return words


def _stray_words(toolset: Toolset, strays: frozenset[str]) -> dict[str, Found]:
    names = {*toolset.tools, *strays, *_THINKING}
    return {f"</{name}>": Found(Terminal.STRAY_CLOSE, f"/{name}") for name in names}
