"""The machine: a model's text in, events out, one object a reply.

`states.py` has the laws, the picture and the rows; this file has the actions, `content.py`
and `inside.py` have the lexers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from roobridge.events import Aside, Event, Repaired, Text, Unfinished, Value
from roobridge.grammar.model import Toolset
from roobridge.parser.call import TagCall
from roobridge.parser.content import ContentLexer
from roobridge.parser.dialect import Dialect
from roobridge.parser.example import Example
from roobridge.parser.inside import CallLexer
from roobridge.parser.json_call import JsonCall, whole_call
from roobridge.parser.markdown import Place
from roobridge.parser.point import Lexed
from roobridge.parser.scanner import Found
from roobridge.parser.states import CONTENT_TABLE, Action, State, Step, Terminal


class Fenced(msgspec.Struct, frozen=True):
    """Which fences may hold a JSON call, and how it names its tool."""

    dialect: str
    languages: frozenset[str]
    names: tuple[str, ...]


class Parser(ContentLexer, CallLexer):
    """Recognises every dialect in one text.

    toolset: what is declared. dialects: those written as tags or as an object in tags. fenced: the one
    written in a fence. strays: further names whose closing tags are noise without their opening ones.
    """

    def __init__(
        self,
        toolset: Toolset,
        dialects: Sequence[Dialect],
        fenced: Fenced,
        strays: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(toolset, dialects, strays)
        self.languages = fenced.languages
        self._fenced = fenced
        self._dialect: Dialect | None = None
        self._pending: list[tuple[Terminal, str, str]] = []
        self._out: list[Event] = []
        self._sink = self._out
        self._lexers: dict[State, Callable[[], Lexed | None]] = {
            State.CONTENT: self.lex_content,
            State.REASONING: self.lex_reasoning,
            State.FENCE: self.lex_fence,
            State.FENCED: self.lex_fenced,
            State.EXAMPLE_END: self.lex_example_end,
            State.LOOSE: self.lex_loose,
            State.VALUE: self.lex_value,
            State.OBJECT: self.lex_object,
            State.BROKEN: self.lex_rest,
            State.DROPPED: self.lex_rest,
        }
        self._actions: dict[Action, Callable[[Terminal, str, str], None]] = {
            Action.TEXT: self._do_text,
            Action.HOLD: self._do_hold,
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

    @property
    def open_call(self) -> str:
        """The name of the call that was announced and is not finished, or empty."""
        if self.example is not None:
            return ""
        if self.json is not None:
            return self.json.name if self.json.announced else ""
        return self.call.tool.name if self.call is not None and self.call.announced else ""

    def reasoned(self) -> None:
        """Reasoning came on a channel of its own: a closing tag of thinking closes nothing here."""
        self.thought = True

    def flow(self, text: str) -> type[Value | Text] | None:
        """Take the text if it holds nothing to decide: the event it makes. Otherwise nothing is taken.

        The way of nearly all text, kept short: inside a value, inside a JSON string, within a line.
        """
        if self.buffer or self.example is not None or not text:
            return None
        state = self.state
        if state is State.VALUE:
            if "<" in text or not self.call.flows(text):  # type: ignore[union-attr]
                return None
            self.examined += len(text)
            return Value
        if state is State.OBJECT:
            if not self.json.flows(text):  # type: ignore[union-attr]
                return None
            self.examined += len(text)
            return Value
        if state is State.CONTENT and not self.after_call and not self.breaking:
            if "<" in text or not self.markdown.flows(text):
                return None
            self.examined += len(text)
            return Text
        return None

    def feed(self, text: str) -> list[Event]:
        """More of the reply's text; gives the events it decides."""
        flow = self.flow(text)
        if flow is not None:
            return [flow(text)]
        self.examined += len(text) + len(self.buffer)
        out: list[Event] = []
        self._out = out
        if self.example is None:
            self._sink = out
        else:
            self.example.add(text)
        self.buffer += text
        self._run()
        return out

    def close(self, *, normal: bool) -> list[Event]:
        """The reply ended. normal: the upstream said so, and not for want of room."""
        out: list[Event] = []
        self._out = out
        if self.example is None:
            self._sink = out
        if normal:
            self.drop_partial_close()
        self.ending = True
        while True:
            self._run()
            if self.example is not None and self.state is not State.EXAMPLE_END:
                self._read_again(self.example)
            elif self.buffer or self.state not in (State.CONTENT, State.REASONING, State.DROPPED):
                self._step(self.end_terminal(normal=normal), "", "")
            else:
                return out

    def interrupt(self) -> list[Event]:
        """Something else than text follows: candidates are text, examples are examples."""
        events = self.close(normal=False)
        self.ending = False
        return events

    def emit(self, event: Event) -> None:
        self._sink.append(event)

    def events(self) -> list[Event]:
        return self._sink

    def hold(self, raw: str) -> None:
        self._pending.append((Terminal.TEXT, raw, ""))

    def closed_inside(self) -> bool:
        return any(held in (Terminal.TOOL_CLOSE, Terminal.CALL_CLOSE) for held, _, _ in self._pending)

    def _run(self) -> None:
        while self.at < len(self.buffer):
            lexed = self._lexers.get(self.state, self.lex_ahead)()
            if lexed is None:
                break
            self._step(*lexed)
        self.buffer = self.buffer[self.at :]
        self.at = 0

    def _step(self, terminal: Terminal, raw: str, name: str) -> None:
        step = self.row(terminal)
        if step is None:
            raise AssertionError(f"no row for {self.state} and {terminal}")
        if step.action is Action.OPEN:
            self._open(terminal, raw, name, step)
            return
        if step.repair:
            self.emit(Repaired(step.repair))
        self._actions[step.action](terminal, raw, name)
        self.state = step.to
        if self.example is not None and step.to is State.CONTENT:
            if self.after_call:
                self.state = State.EXAMPLE_END
            else:
                self._do_refuse(terminal, "", "")

    def row(self, terminal: Terminal) -> Step | None:
        if self._dialect is not None:
            step = self._dialect.table.get((self.state, terminal))
            if step is not None:
                return step
        return CONTENT_TABLE.get((self.state, terminal))

    # -- candidates -----------------------------------------------------------------------------------

    def _open(self, terminal: Terminal, raw: str, name: str, step: Step) -> None:
        found = self.found
        if self.example is None and (self.state is State.FENCE or self.markdown.place is Place.BLOCK):
            head = self.fence_head if self.state is State.FENCE else ""
            self.example = Example(head + raw, self.buffer[self.at :])
            self._sink = self.example.events
            self._pending.clear()
        self._pending.append((terminal, raw, name))
        self._begin(found, name)
        self.state = step.to

    def _begin(self, found: Found, name: str) -> None:
        self._dialect = found.dialect
        if found.dialect is not None and name:
            self.call = TagCall(found.dialect, self.toolset.tools[name])

    def _do_text(self, terminal: Terminal, raw: str, name: str) -> None:
        if not raw:
            return
        if self.after_call and not raw.isspace():
            self.after_call = False
        self.emit(Text(raw))

    def _do_hold(self, terminal: Terminal, raw: str, name: str) -> None:
        self._pending.append((terminal, raw, name))

    def _do_commit(self, terminal: Terminal, raw: str, name: str) -> None:
        if self.json is not None:
            self._end_object()
            return
        call = self.call
        assert call is not None
        for held in self._pending:
            call.say(*held, self._sink)
        self._pending.clear()
        call.announced = True
        if terminal not in (Terminal.END, Terminal.TEXT):
            call.say(terminal, raw, name, self._sink)
        if terminal is not Terminal.PARAM_OPEN:
            call.end(self._sink)
            self._ended()

    def _end_object(self) -> None:
        assert self.json is not None
        self.json.end(self._sink)
        self._pending.clear()
        self._ended()

    def _ended(self) -> None:
        self.call = None
        self.json = None
        self._dialect = None
        self.after_call = True
        if self.example is None:
            self.markdown.tag()

    def _do_release(self, terminal: Terminal, raw: str, name: str) -> None:
        text = "".join(part for _, part, _ in self._pending)
        for held, part, _ in self._pending:
            if held in (Terminal.TOOL_OPEN, Terminal.CALL_OPEN, Terminal.COMPLETION_OPEN):
                self.mentioned(part)
        self._forget()
        if self.example is None:
            self.markdown.absorb(text)
        self._do_text(terminal, text, "")

    def _forget(self) -> None:
        self._pending.clear()
        self.call = None
        self.json = None
        self._dialect = None
        self.body.clear()

    def _do_resume(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.call is not None
        self.call.text("".join(part for _, part, _ in self._pending), self._sink)
        self._pending.clear()

    def _do_drop(self, terminal: Terminal, raw: str, name: str) -> None:
        self._pending.clear()

    # -- the completion without its parameter ----------------------------------------------------------

    def _do_gather(self, terminal: Terminal, raw: str, name: str) -> None:
        completion, call = self.toolset.completion, self.call
        assert completion is not None
        assert call is not None
        text = "".join(part for _, part, _ in self._pending[1:])
        open_tag = call.dialect.param_open.format(completion.param)
        close_tag = call.dialect.param_close.format(completion.param)
        head, found, tail = text.partition(open_tag)
        if found:
            body, _, rest = tail.rpartition(close_tag) if close_tag in tail else (tail, "", "")
            text = head + body + rest
        call.wrap(completion.param, text.strip("\r\n"), self._sink)
        self._pending.clear()
        self._ended()

    def _do_forsake(self, terminal: Terminal, raw: str, name: str) -> None:
        """The opening tag was text; what follows it is read again, once."""
        (_, tag, _), *rest = self._pending
        self.loose = False
        self._forget()
        self._again(tag, "".join(part for _, part, _ in rest))

    # -- examples --------------------------------------------------------------------------------------

    def _do_admit(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.example is not None
        self._out += self.example.events
        self.example = None
        self._sink = self._out
        self.after_call = True

    def _do_refuse(self, terminal: Terminal, raw: str, name: str) -> None:
        assert self.example is not None
        text = self.example.taken(len(self.buffer) - self.at)
        self.example = None
        self._sink = self._out
        self._forget()
        self.markdown.absorb(text)
        self.after_call = False
        self._do_text(terminal, text, "")
        self.state = State.CONTENT

    def _read_again(self, example: Example) -> None:
        """The reply ended inside an example: it is text, and so is every other one from here on."""
        self.examples = False
        self.example = None
        self._sink = self._out
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
        held = "".join(part for _, part, _ in self._pending)
        self._pending.clear()
        self._do_text(terminal, held + raw, "")

    def _do_read(self, terminal: Terminal, raw: str, name: str) -> None:
        self._dialect = self.found.dialect
        self.json = JsonCall(self.toolset.tools, self._dialect.name if self._dialect else "")
        self.at -= len(raw)

    def _do_judge(self, terminal: Terminal, raw: str, name: str) -> None:
        header = "".join(part for _, part, _ in self._pending)
        whole = header + "".join(self.body)
        self._forget()
        events = whole_call(fence_body(whole), self.toolset.tools, self._fenced.dialect, self._fenced.names)
        if not events:
            self._do_text(terminal, whole, "")
            return
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


def fence_body(whole: str) -> str:
    """The text between a fence's first line and its last, where it has a last."""
    lines = whole.split("\n")
    last = len(lines) - 1
    while last > 0 and not lines[last].strip():
        last -= 1
    if last > 0 and not lines[last].strip().strip("`~"):
        lines = lines[:last]
    return "\n".join(lines[1:])
