"""The machine: a model's text in, events out, one object a reply.

`spelling/states.py` has the laws and the picture, `spelling/rows.py` the rows, `actions.py` what they do, the
`*_lexer.py` what they find; here they are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roobridge.events import Event, Repaired, Text, Value
from roobridge.grammar.model import Toolset
from roobridge.parser.actions import Actions
from roobridge.parser.alien_lexer import AlienLexer
from roobridge.parser.blocks import Fenced
from roobridge.parser.call_lexer import CallLexer
from roobridge.parser.chain_lexer import CHAIN, ChainLexer
from roobridge.parser.content_lexer import ContentLexer
from roobridge.parser.machine_state import Lexed
from roobridge.parser.value_lexer import MAY_BE_TAG, ValueLexer
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.states import Action, State, Terminal, UndefinedStepError


class Parser(ContentLexer, AlienLexer, CallLexer, ValueLexer, ChainLexer, Actions):
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
        super().__init__(toolset, dialects, fenced, strays)
        self.anew = lambda: Parser(toolset, dialects, fenced, strays)
        self._lexers: dict[State, Callable[[], Lexed | None]] = {
            State.CONTENT: self.lex_content,
            State.REASONING: self.lex_reasoning,
            State.ALIEN: self.lex_alien,
            State.ASTRAY: self.lex_astray,
            State.FENCE: self.lex_fence,
            State.FENCED: self.lex_fenced,
            State.LONE: self.lex_lone,
            State.KEPT: self.lex_kept,
            State.EXAMPLE_END: self.lex_example_end,
            State.EXAMPLE_OVER: self.lex_example_end,
            State.LOOSE: self.lex_loose,
            State.VALUE: self.lex_value,
            **dict.fromkeys(CHAIN, self.lex_chain),
            State.OBJECT: self.lex_object,
            State.BROKEN: self.lex_rest,
            State.DROPPED: self.lex_rest,
        }

    @property
    def open_call(self) -> str:
        """The name of the call that was announced and is not finished, or empty."""
        if self.example is not None:
            return ""
        if self.json is not None:
            return self.json.name if self.json.announced else ""
        return self.call.tool.name if self.call is not None and self.call.announced else ""

    @property
    def in_object(self) -> bool:
        """A call is open whose parameters are written as JSON."""
        return self.json is not None

    @property
    def kept_back(self) -> str:
        """The text that no event was given for yet."""
        return "".join(raw for _, raw, _ in self.pending) + self.buffer

    def reasoned(self) -> None:
        """Reasoning came on a channel of its own: a closing tag of thinking closes nothing here."""
        self.thought = True

    def flow(self, text: str) -> Value | Text | None:
        """Take the text if it holds nothing to decide, and give the event it makes. Otherwise nothing is
        taken.

        The way of nearly all text, kept short: inside a value, inside a JSON string, plain lines.
        """
        if self.buffer or self.example is not None or not text:
            return None
        state = self.state
        flowing = ""
        if state is State.VALUE:
            if "<" not in text or not MAY_BE_TAG.search(text):
                flowing = self.call.flow(text)  # type: ignore[union-attr]
        elif state is State.OBJECT:
            flowing = self.json.flow(text)  # type: ignore[union-attr]
        elif state is State.CONTENT and not self.after_call and not self.breaking:
            if "<" in text or self.words.stops is not None or not self.markdown.flows(text):
                return None
            self.examined += len(text)
            return Text(text)
        if not flowing:
            return None
        self.examined += len(text)
        return Value(flowing)

    def feed(self, text: str) -> list[Event]:
        """More of the reply's text; gives the events it decides."""
        flow = self.flow(text)
        return [flow] if flow is not None else self.read(text)

    def read(self, text: str) -> list[Event]:
        """As `feed`, for text that did not flow."""
        self.examined += len(text)
        self.examine_again(len(self.buffer))
        out: list[Event] = []
        self.out = out
        if self.example is None:
            self.sink = out
        else:
            self.example.add(text)
        self.buffer += text
        self._run()
        return out

    def close(self, *, normal: bool) -> list[Event]:
        """The reply ended. normal: the upstream said so, and not for want of room."""
        out: list[Event] = []
        self.out = out
        if self.example is None:
            self.sink = out
        if normal:
            self.drop_partial_close()
        self.ending = True
        while True:
            self._run()
            if self.example is not None and self.state not in (State.EXAMPLE_END, State.EXAMPLE_OVER):
                self.read_again(self.example)
            elif self.step(self.end_terminal(normal=normal), "", "") is Action.OVER:
                return out

    def interrupt(self) -> list[Event]:
        """A call of the upstream's own follows: candidates are text, examples are examples, and a chain of
        closing tags that waits for another one is the real one.
        """
        events = self.close(normal=self.state is State.CLOSED)
        self.ending = False
        return events

    def step(self, terminal: Terminal, raw: str, name: str) -> Action:
        """Do what the terminal's row says. Raises UndefinedStepError where there is none."""
        step = self.row(terminal)
        if step is None:
            raise UndefinedStepError(self.state, terminal)
        if step.repair:
            self.emit(Repaired(step.repair))
        self.actions[step.action](terminal, raw, name)
        self.state = step.to
        if self.example is not None and step.to is State.CONTENT:
            self.step(Terminal.EXAMPLE_CALL if self.after_call else Terminal.EXAMPLE_TEXT, "", "")
        return step.action

    def _run(self) -> None:
        while self.at < len(self.buffer):
            lexed = self._lexers.get(self.state, self.lex_ahead)()
            if lexed is None:
                break
            self.step(*lexed)
        self.buffer = self.buffer[self.at :]
        self.at = 0
