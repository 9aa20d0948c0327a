"""The machine: a model's text in, events out, one object a reply.

`spelling/states.py` has the laws and the picture, `spelling/rows.py` the rows, `lexers/` what finds the
terminals, `actions/` what the rows do; here they are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from roobridge.events import Event, Reasoning, Repaired, Text, Value
from roobridge.grammar.model import Toolset
from roobridge.parser.actions.block import BlockActions
from roobridge.parser.actions.call import CallActions
from roobridge.parser.actions.example import ExampleActions
from roobridge.parser.actions.text import TextActions
from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.ending import Ending
from roobridge.parser.lexers.ahead import AheadLexer
from roobridge.parser.lexers.alien import AlienLexer
from roobridge.parser.lexers.behind import BehindLexer
from roobridge.parser.lexers.chain import CHAIN, ChainLexer
from roobridge.parser.lexers.content import ContentLexer
from roobridge.parser.lexers.fence import FenceLexer
from roobridge.parser.lexers.object import ObjectLexer
from roobridge.parser.lexers.reasoning import ReasoningLexer
from roobridge.parser.lexers.value import MAY_BE_TAG, ValueLexer
from roobridge.parser.lexicons import lexicons
from roobridge.parser.output import Output
from roobridge.parser.reread import Reread
from roobridge.parser.token import Token
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.fenced import Fenced
from roobridge.spelling.states import Action, State, Terminal, UndefinedStepError


class Parser:
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
        self.state = State.CONTENT
        self._known = lexicons(frozenset(toolset.tools), toolset.completion, tuple(dialects), strays)
        self._cursor = Cursor()
        self._output = Output()
        self._content = Content(self._output)
        self._candidate = Candidate(self._known.braced, self._known.closes)
        self._ahead = AheadLexer(self._cursor, self._candidate, self._known)
        self._ending = Ending(self._cursor, self._content, self._candidate, self._output, self._ahead)
        self._lexers = self._new_lexers(tools=bool(toolset.tools))
        self._actions = self._new_actions(
            toolset, tuple(dialects), fenced, lambda: Parser(toolset, dialects, fenced, strays)
        )

    def _new_lexers(self, *, tools: bool) -> Mapping[State, Callable[[], Token | None]]:
        """What gives the next token in each state: it moves the cursor over what it takes, and gives None
        where more text must come.
        """
        cursor, content, candidate, known = self._cursor, self._content, self._candidate, self._known
        alien = AlienLexer(cursor, content, known)
        behind = BehindLexer(cursor, candidate, known)
        chain = ChainLexer(cursor, candidate, known)
        fence = FenceLexer(cursor, content, candidate, known, tools=tools)
        value = ValueLexer(cursor, candidate, self._output)
        ahead = (State.STRAY, State.MARKED, State.WRAPPED, State.COMPLETION, State.OBJECT_END)
        return {
            State.CONTENT: ContentLexer(cursor, content, known, tools=tools).lex,
            State.REASONING: ReasoningLexer(cursor, content).lex,
            State.ALIEN: alien.lex,
            State.ASTRAY: alien.lex_astray,
            State.FENCE: fence.lex_head,
            State.FENCED: fence.lex_body,
            State.LONE: fence.lex_lone,
            State.KEPT: behind.lex_kept,
            State.EXAMPLE_END: partial(behind.lex, State.EXAMPLE_END),
            State.EXAMPLE_OVER: partial(behind.lex, State.EXAMPLE_OVER),
            State.LOOSE: value.lex_loose,
            State.VALUE: value.lex,
            **{state: partial(chain.lex, state) for state in CHAIN},
            **{state: partial(self._ahead.lex, state) for state in ahead},
            State.OBJECT: ObjectLexer(cursor, candidate, self._output).lex,
            State.BROKEN: cursor.rest,
            State.DROPPED: cursor.rest,
        }

    def _new_actions(
        self, toolset: Toolset, dialects: tuple[Dialect, ...], fenced: Fenced, anew: Callable[[], Parser]
    ) -> Mapping[Action, Callable[[Token], None]]:
        """What each action does with its token."""
        cursor, content, candidate, output = self._cursor, self._content, self._candidate, self._output
        reread = Reread(cursor, content, output)
        return {
            **TextActions(content, candidate, output, reread).actions,
            **CallActions(cursor, content, candidate, output, self._known, toolset, dialects).actions,
            **ExampleActions(cursor, content, candidate, output, reread, anew).actions,
            **BlockActions(content, candidate, output, reread, toolset.tools, fenced).actions,
            Action.IGNORE: _nothing,
            Action.OVER: _nothing,
        }

    @property
    def open_call(self) -> str:
        """The name of the call that was announced and is not finished, or empty."""
        return self._candidate.open_call if self._output.example is None else ""

    @property
    def in_object(self) -> bool:
        """A call is open whose parameters are written as JSON."""
        return self._candidate.json is not None

    @property
    def kept_back(self) -> str:
        """The text that no event was given for yet."""
        return self._candidate.text + self._cursor.text

    @property
    def examined(self) -> int:
        """Characters that were looked at so far, each time anew (law 3)."""
        return self._cursor.examined

    def reasoned(self) -> None:
        """Reasoning came on a channel of its own: a closing tag of thinking closes nothing here."""
        self._content.thought = True

    def flow(self, text: str) -> Value | Text | Reasoning | None:
        """Take the text if it holds nothing to decide, and give the event it makes. Otherwise nothing is
        taken.

        The way of nearly all text, kept short: inside a value, inside a JSON string, plain lines, thinking.
        """
        cursor = self._cursor
        if cursor.text or self._output.example is not None or not text:
            return None
        state = self.state
        flowing = ""
        if state is State.VALUE:
            if "<" not in text or not MAY_BE_TAG.search(text):
                flowing = self._candidate.call.flow(text)  # type: ignore[union-attr]
        elif state is State.OBJECT:
            flowing = self._candidate.json.flow(text)  # type: ignore[union-attr]
        elif state is State.CONTENT and not self._content.after_call:
            if self._known.words.find(text, 0) >= 0 or not self._content.markdown.flows(text):
                return None
            cursor.examined += len(text)
            return Text(text)
        elif state is State.REASONING and "<" not in text:
            cursor.examined += len(text)
            return Reasoning(text)
        if not flowing:
            return None
        cursor.examined += len(text)
        return Value(flowing)

    def feed(self, text: str) -> list[Event]:
        """More of the reply's text; gives the events it decides."""
        flow = self.flow(text)
        return [flow] if flow is not None else self.read(text)

    def read(self, text: str) -> list[Event]:
        """As `feed`, for text that did not flow."""
        out = self._output.begin(text)
        self._cursor.add(text)
        self._run()
        return out

    def close(self, *, normal: bool) -> list[Event]:
        """The reply ended. normal: the upstream said so, and not for want of room."""
        out = self._output.begin("")
        if normal:
            self._ending.drop_partial_close(self.state)
        self._cursor.ending = True
        while True:
            self._run()
            if self.step(Token(self._ending.terminal(self.state, normal=normal))) is Action.OVER:
                return out

    def interrupt(self) -> list[Event]:
        """A call of the upstream's own follows: candidates are text, examples are examples, and a chain of
        closing tags that waits for another one is the real one.
        """
        events = self.close(normal=self.state is State.CLOSED)
        self._cursor.ending = False
        return events

    def step(self, token: Token) -> Action:
        """Do what the terminal's row says. Raises UndefinedStepError where there is none."""
        step = self._candidate.row(self.state, token.terminal)
        if step is None:
            raise UndefinedStepError(self.state, token.terminal)
        if step.repair:
            self._output.emit(Repaired(step.repair))
        self._actions[step.action](token)
        self.state = step.to
        if self._output.example is not None and step.to is State.CONTENT:
            whole = self._content.after_call
            self.step(Token(Terminal.EXAMPLE_CALL if whole else Terminal.EXAMPLE_TEXT))
        return step.action

    def _run(self) -> None:
        cursor = self._cursor
        while cursor.at < len(cursor.text):
            token = self._lexers[self.state]()
            if token is None:
                break
            self.step(token)
        cursor.let_go()


def _nothing(token: Token) -> None:
    """What the row says of the state is all."""
