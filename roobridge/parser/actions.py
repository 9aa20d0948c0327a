"""What a table's row does: one method for each action."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

from roobridge.calls.named import NamedCall
from roobridge.calls.object import JsonCall
from roobridge.calls.tagged import TagCall
from roobridge.events import Aside, CallEnd, Event, Repaired, Unfinished
from roobridge.grammar.model import Toolset
from roobridge.parser.blocks import Blocks, Fenced
from roobridge.parser.example import Example
from roobridge.parser.lexicons import argument_closes
from roobridge.parser.markdown import Place
from roobridge.spelling.dialect import Dialect, Holds
from roobridge.spelling.states import OPENS_CALL, Action, State, Terminal
from roobridge.spelling.words import is_prose


class Anew(Protocol):
    """What reads an example again."""

    def feed(self, text: str) -> list[Event]: ...
    def close(self, *, normal: bool) -> list[Event]: ...


# Behind an object that is no call, what may be another one: a tag at a line's start.
_TAG_LINE = re.compile(r"(?<=\S)\s*\n[ \t]{0,40}(?=<)")
# What a commit does not say: it stands for no text of the call.
_GO_BEYOND = frozenset({Terminal.END, Terminal.TEXT, Terminal.NEXT_CALL})


class Actions(Blocks):
    """An action gets the terminal, its source text and its name; the state is still the one before."""

    def __init__(
        self, toolset: Toolset, dialects: Sequence[Dialect], fenced: Fenced, strays: frozenset[str]
    ) -> None:
        super().__init__(toolset, dialects, fenced, strays)
        self.anew: Callable[[], Anew]  # a parser like this one that has read nothing
        self.actions: dict[Action, Callable[[Terminal, str, str], None]] = {
            Action.TEXT: self.do_text,
            Action.HOLD: self._do_hold,
            Action.OPEN: self._do_open,
            Action.COMMIT: self._do_commit,
            Action.RELEASE: self._do_release,
            Action.RESUME: self._do_resume,
            Action.DROP: self._do_drop,
            Action.GATHER: self._do_gather,
            Action.FORSAKE: self._do_forsake,
            Action.SHIFT: self._do_shift,
            Action.SPEAK: self._do_speak,
            Action.ASIDE: self._do_aside,
            Action.FENCE: self._do_fence,
            Action.READ: self._do_read,
            Action.KEEP: self.do_keep,
            Action.JUDGE: self.do_judge,
            Action.YIELD: self.do_yield,
            Action.ADMIT: self._do_admit,
            Action.REFUSE: self._do_refuse,
            Action.ABORT: self._do_abort,
            Action.IGNORE: self._do_nothing,
            Action.OVER: self._do_nothing,
        }

    # -- candidates -----------------------------------------------------------------------------------

    def _do_open(self, terminal: Terminal, raw: str, name: str) -> None:
        if self.example is None and (self.state is State.FENCE or self.markdown.place is Place.BLOCK):
            head = self.fence_head if self.state is State.FENCE else ""
            self.example = Example(head + raw, raw, self.markdown.column, self.buffer[self.at :])
            self.sink = self.example.events
            self.pending.clear()
        if not self.pending:
            self.opened_line = self.markdown.at_start or self.state is State.FENCE
        self.pending.append((terminal, raw, name))
        self.dialect = self.found.dialect
        if terminal is Terminal.CALL_OPEN:
            self.braced = self.known.owners.get(raw, self.known.braced)
        if self.dialect is not None and name:
            self.call = TagCall(self.dialect, self.toolset.tools[name])

    def _do_hold(self, terminal: Terminal, raw: str, name: str) -> None:
        self.pending.append((terminal, raw, name))

    def _do_commit(self, terminal: Terminal, raw: str, name: str) -> None:
        if self.json is not None:
            dialect = self.dialect
            if terminal is Terminal.CALL_CLOSE and dialect is not None:
                openers = [held for each, held, _ in self.pending if held and each is Terminal.CALL_OPEN]
                if openers and raw not in (dialect.around.get(held) for held in openers):
                    self.emit(Repaired("closing_tag_mended"))
            self._end_object()
            if terminal is Terminal.NEXT_CALL and dialect is not None and dialect.holds is Holds.ARGUMENTS:
                self.pending.append((Terminal.CALL_OPEN, "", ""))  # the wrapper is open still
            return
        call = self.call
        assert call is not None
        words: list[str] = []
        for held in self.pending:
            if held[0] is Terminal.WORDS or (words and held[0] is Terminal.SPACE):
                words.append(held[1])
            else:
                call.say(*held, self.sink)
        self.pending.clear()
        call.announced = True
        if terminal not in _GO_BEYOND:
            call.say(terminal, raw, name, self.sink)
        aside = "".join(words)
        if terminal is Terminal.PARAM_OPEN:
            if aside:
                call.mangled = True
                self.emit(Repaired("words_in_call_dropped"))
            return
        call.end(self.sink)
        self._ended()
        self._beside(aside)

    def _beside(self, words: str) -> None:
        """Words that stood between the closing tags: prose follows the call, elements are dropped."""
        if is_prose(words):
            self.markdown.absorb(words)
            self.do_text(Terminal.TEXT, words, "")
        elif words:
            self.emit(Repaired("words_in_call_dropped"))

    def _end_object(self) -> None:
        assert self.json is not None
        self.json.end(self.sink)
        self.pending.clear()
        self._ended()

    def _ended(self) -> None:
        self.call = None
        self.json = None
        self.dialect = None
        self.after_call = True
        if self.example is None:
            self.markdown.tag()

    def _do_release(self, terminal: Terminal, raw: str, name: str) -> None:
        text = "".join(part for _, part, _ in self.pending)
        for held, part, _ in self.pending:
            if held in OPENS_CALL:
                self.mentioned(part)
        self.forget()
        again = _TAG_LINE.search(text, 1) if terminal is Terminal.OBJECT_ALIEN else None
        if again is not None:
            self.read_behind(text[: again.end()], text)
            return
        if self.example is None:
            self.markdown.absorb(text)
        self.do_text(terminal, text, "")

    def _do_resume(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.call is not None
        self.call.text("".join(part for _, part, _ in self.pending), self.sink)
        self.pending.clear()

    def _do_shift(self, terminal: Terminal, raw: str, name: str) -> None:
        self._do_resume(terminal, "", "")
        self.pending.append((terminal, raw, name))

    def _do_drop(self, terminal: Terminal, raw: str, name: str) -> None:
        self.pending.clear()

    # -- the completion without its parameter ----------------------------------------------------------

    def _do_gather(self, terminal: Terminal, raw: str, name: str) -> None:
        completion, call = self.toolset.completion, self.call
        assert completion is not None
        assert call is not None
        text = "".join(part for _, part, _ in self.pending[1:])
        open_tag = call.dialect.param_open.format(completion.param)
        close_tag = call.dialect.param_close.format(completion.param)
        head, found, tail = text.partition(open_tag)
        if found:
            body, _, rest = tail.rpartition(close_tag) if close_tag in tail else (tail, "", "")
            text = head + body + rest
        call.wrap(completion.param, text.strip("\r\n"), self.sink)
        self.pending.clear()
        self._ended()

    def _do_forsake(self, terminal: Terminal, raw: str, name: str) -> None:
        """The opening tag was text; what follows it is read again, once."""
        if self.example is not None:
            self._do_release(terminal, raw, name)
            return
        opened = 1 + max(at for at, (held, _, _) in enumerate(self.pending) if held in OPENS_CALL)
        tag = "".join(part for _, part, _ in self.pending[:opened])
        rest = "".join(part for _, part, _ in self.pending[opened:])
        self.loose = self.loose and self.state is not State.LOOSE
        self.forget()
        self._again(tag, rest)

    # -- examples --------------------------------------------------------------------------------------

    def _do_admit(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.example is not None
        self.out += self._dedented(self.example) or self.example.events
        self.example = None
        self.sink = self.out
        self.after_call = True

    def _dedented(self, example: Example) -> list[Event]:
        """The events of an indented example without its indent (CommonMark 0.31, 4.4 and 4.5)."""
        text = example.dedented()
        if not text:
            return []
        self.examine_again(len(text))
        parser = self.anew()
        events = parser.feed(text) + parser.close(normal=True)
        last = max((at for at, event in enumerate(events) if isinstance(event, CallEnd)), default=-1)
        return events[: last + 1]

    def _do_refuse(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.example is not None
        text = self.example.taken(len(self.buffer) - self.at)
        self.example = None
        self.sink = self.out
        self.forget()
        self.markdown.absorb(text)
        self.after_call = False
        self.do_text(terminal, text, "")

    def read_again(self, example: Example) -> None:
        """The reply ended inside an example: it is text, and so is every other one from here on."""
        self.examples = False
        self.example = None
        self.sink = self.out
        self.forget()
        self.at = len(self.buffer)
        self._again(example.head, example.rest())
        self.state = State.CONTENT

    def _again(self, text: str, rest: str) -> None:
        self.after_call = False
        self.mentioned(text)
        self.markdown.absorb(text)
        self.do_text(Terminal.TEXT, text, "")
        self.rewind(rest)

    # -- fences and JSON -------------------------------------------------------------------------------

    def _do_fence(self, terminal: Terminal, raw: str, name: str) -> None:
        held = "".join(part for _, part, _ in self.pending)
        self.pending.clear()
        self.do_text(terminal, held + raw, "")

    def _do_read(self, terminal: Terminal, raw: str, name: str) -> None:
        self.dialect = self.found.dialect
        dialect = self.dialect.name if self.dialect else ""
        around = [held for terminal, held, _ in self.pending if terminal is Terminal.CALL_OPEN]
        if self.call is not None:
            tool = self.call.tool.name
            self.json = NamedCall(self.toolset.tools, dialect, tool, self.call.dialect.object_closes)
            if self.call.dialect is not self.dialect:
                self.json.note("json_in_tags")
            self.closers = argument_closes(self.dialects, self.call.dialect, tool, wrapped=bool(around))
            self.call = None
        else:
            self.json = JsonCall(self.toolset.tools, dialect)
            self.closers = self.known.closes
            if self.dialect is not None:
                self.closers = self.known.closes_of[self.dialect]
                if any(each != self.dialect.call_open for each in around):
                    self.json.note("other_wrapper")
        self.at -= len(raw)

    # -- reasoning and ends ----------------------------------------------------------------------------

    def _do_speak(self, terminal: Terminal, raw: str, name: str) -> None:
        self.thought = True
        self.thinking = name

    def _do_aside(self, terminal: Terminal, raw: str, name: str) -> None:
        self.thought = True
        self.emit(Aside())

    def _do_abort(self, terminal: Terminal, raw: str, name: str) -> None:
        param = why = ""
        if self.json is not None and self.json.arguments is not None:
            param, why = self.json.arguments.open, self.json.fault
        elif self.call is not None:
            param = self.call.param
        self.forget()
        self.emit(Unfinished(param, why))

    def _do_nothing(self, terminal: Terminal, raw: str, name: str) -> None:
        pass
