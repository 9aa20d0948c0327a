"""What a table's row does: one method for each action."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from roobridge.events import Aside, Repaired, Text, Unfinished
from roobridge.grammar.model import Toolset
from roobridge.parser.call import TagCall
from roobridge.parser.dialect import Dialect
from roobridge.parser.example import Example
from roobridge.parser.json_call import JsonCall, whole_call
from roobridge.parser.markdown import Place
from roobridge.parser.point import Point
from roobridge.parser.states import Action, State, Terminal


class Fenced(msgspec.Struct, frozen=True):
    """Which fences may hold a JSON call, and how it names its tool."""

    dialect: str
    languages: frozenset[str]
    names: tuple[str, ...]


class Actions(Point):
    """An action gets the terminal, its source text and its name; the state is still the one before."""

    def __init__(
        self, toolset: Toolset, dialects: Sequence[Dialect], fenced: Fenced, strays: frozenset[str]
    ) -> None:
        super().__init__(toolset, dialects, strays)
        self.languages = fenced.languages
        self._fenced = fenced
        self.actions: dict[Action, Callable[[Terminal, str, str], None]] = {
            Action.TEXT: self._do_text,
            Action.HOLD: self._do_hold,
            Action.OPEN: self._do_open,
            Action.COMMIT: self._do_commit,
            Action.RELEASE: self._do_release,
            Action.RESUME: self._do_resume,
            Action.DROP: self._do_drop,
            Action.GATHER: self._do_gather,
            Action.FORSAKE: self._do_forsake,
            Action.SPEAK: self._do_speak,
            Action.ASIDE: self._do_aside,
            Action.FENCE: self._do_fence,
            Action.READ: self._do_read,
            Action.JUDGE: self._do_judge,
            Action.ADMIT: self._do_admit,
            Action.REFUSE: self._do_refuse,
            Action.ABORT: self._do_abort,
            Action.STOP: self._do_stop,
        }

    # -- candidates -----------------------------------------------------------------------------------

    def _do_open(self, terminal: Terminal, raw: str, name: str) -> None:
        if self.example is None and (self.state is State.FENCE or self.markdown.place is Place.BLOCK):
            head = self.fence_head if self.state is State.FENCE else ""
            self.example = Example(head + raw, self.buffer[self.at :])
            self.sink = self.example.events
            self.pending.clear()
        self.pending.append((terminal, raw, name))
        self.dialect = self.found.dialect
        if self.dialect is not None and name:
            self.call = TagCall(self.dialect, self.toolset.tools[name])

    def _do_text(self, terminal: Terminal, raw: str, name: str) -> None:
        if not raw:
            return
        if self.after_call and not raw.isspace():
            self.after_call = False
        self.emit(Text(raw))

    def _do_hold(self, terminal: Terminal, raw: str, name: str) -> None:
        self.pending.append((terminal, raw, name))

    def _do_commit(self, terminal: Terminal, raw: str, name: str) -> None:
        if self.json is not None:
            self._end_object()
            return
        call = self.call
        assert call is not None
        for held in self.pending:
            call.say(*held, self.sink)
        self.pending.clear()
        call.announced = True
        if terminal not in (Terminal.END, Terminal.TEXT):
            call.say(terminal, raw, name, self.sink)
        if terminal is not Terminal.PARAM_OPEN:
            call.end(self.sink)
            self._ended()

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
            if held in (Terminal.TOOL_OPEN, Terminal.CALL_OPEN, Terminal.COMPLETION_OPEN):
                self.mentioned(part)
        self._forget()
        if self.example is None:
            self.markdown.absorb(text)
        self._do_text(terminal, text, "")

    def _forget(self) -> None:
        self.pending.clear()
        self.call = None
        self.json = None
        self.dialect = None
        self.body.clear()

    def _do_resume(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.call is not None
        self.call.text("".join(part for _, part, _ in self.pending), self.sink)
        self.pending.clear()

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
        (_, tag, _), *rest = self.pending
        self.loose = False
        self._forget()
        self._again(tag, "".join(part for _, part, _ in rest))

    # -- examples --------------------------------------------------------------------------------------

    def _do_admit(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.example is not None
        self.out += self.example.events
        self.example = None
        self.sink = self.out
        self.after_call = True

    def _do_refuse(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.example is not None
        text = self.example.taken(len(self.buffer) - self.at)
        self.example = None
        self.sink = self.out
        self._forget()
        self.markdown.absorb(text)
        self.after_call = False
        self._do_text(terminal, text, "")
        self.state = State.CONTENT

    def read_again(self, example: Example) -> None:
        """The reply ended inside an example: it is text, and so is every other one from here on."""
        self.examples = False
        self.example = None
        self.sink = self.out
        self._forget()
        self._again(example.head, example.rest())

    def _again(self, text: str, rest: str) -> None:
        self.after_call = False
        self.mentioned(text)
        self.markdown.absorb(text)
        self._do_text(Terminal.TEXT, text, "")
        self.state = State.CONTENT
        self.examined += len(rest)
        self.buffer = rest
        self.at = 0

    # -- fences and JSON -------------------------------------------------------------------------------

    def _do_fence(self, terminal: Terminal, raw: str, name: str) -> None:
        held = "".join(part for _, part, _ in self.pending)
        self.pending.clear()
        self._do_text(terminal, held + raw, "")

    def _do_read(self, terminal: Terminal, raw: str, name: str) -> None:
        self.dialect = self.found.dialect
        self.json = JsonCall(self.toolset.tools, self.dialect.name if self.dialect else "")
        self.at -= len(raw)

    def _do_judge(self, terminal: Terminal, raw: str, name: str) -> None:
        header = "".join(part for _, part, _ in self.pending)
        whole = header + "".join(self.body)
        self._forget()
        body, closed = fence_body(whole)
        events = whole_call(body, self.toolset.tools, self._fenced.dialect, self._fenced.names)
        if not events or (not closed and terminal is Terminal.CUT):
            self._do_text(terminal, whole, "")
            return
        if not closed:
            self.emit(Repaired("missing_fence_close"))
        for event in events:
            self.emit(event)
        self.after_call = True

    # -- reasoning and ends ----------------------------------------------------------------------------

    def _do_speak(self, terminal: Terminal, raw: str, name: str) -> None:
        self.thought = True
        self.thinking = name

    def _do_aside(self, terminal: Terminal, raw: str, name: str) -> None:
        self.thought = True
        self.emit(Aside())

    def _do_abort(self, terminal: Terminal, raw: str, name: str) -> None:
        param = ""
        if self.json is not None and self.json.arguments is not None:
            param = self.json.arguments.open
        elif self.call is not None:
            param = self.call.param
        self._forget()
        self.emit(Unfinished(param))

    def _do_stop(self, terminal: Terminal, raw: str, name: str) -> None:
        pass


def fence_body(whole: str) -> tuple[str, bool]:
    """The text within a fence, and whether the fence is closed (CommonMark 0.31, 4.5)."""
    lines = whole.split("\n")
    last = len(lines) - 1
    while last > 0 and not lines[last].strip():
        last -= 1
    opening = lines[0].lstrip()
    run = len(opening) - len(opening.lstrip(opening[0]))
    closing = lines[last].strip()
    closed = last > 0 and len(closing) >= run and not closing.strip(opening[0])
    return "\n".join(lines[1:last] if closed else lines[1:]), closed
