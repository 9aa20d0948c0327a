"""What the reply's end means to what is open."""

from __future__ import annotations

from roobridge.events import Repaired
from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexers.ahead import AheadLexer
from roobridge.parser.lexers.chain import CHAIN
from roobridge.parser.lexicons import THINK_CLOSES
from roobridge.parser.output import Output
from roobridge.spelling.scanner import Miss
from roobridge.spelling.states import State, Terminal

_CLOSES = frozenset({Terminal.TOOL_CLOSE, Terminal.LATE_CLOSE, Terminal.CALL_CLOSE})
_IN_CALL = (CHAIN | {State.VALUE}) - {State.OPENED, State.AWAITING}
_MUST_BE_COMPLETE = frozenset({State.CLOSING, State.NEARLY, State.ODD, State.BETWEEN, State.INNER})


class Ending:
    """Asked once, when the upstream has ended."""

    def __init__(
        self, cursor: Cursor, content: Content, candidate: Candidate, output: Output, ahead: AheadLexer
    ) -> None:
        self._cursor = cursor
        self._content = content
        self._candidate = candidate
        self._output = output
        self._ahead = ahead

    def drop_partial_close(self, state: State) -> None:
        """At a normal end: what is kept back as the beginning of a closing tag is dropped."""
        # A stop word or a limit cuts models off within the very last tag; no answer and no file may end with
        # half of one.
        rest, call = self._cursor.text, self._candidate.call
        if state is State.REASONING:
            begun = THINK_CLOSES[self._content.thinking].match(rest, 0)[0] is Miss.MORE
        elif state in (State.OBJECT, State.OBJECT_END, State.KEPT):
            begun = self._ahead.lexicon(state).match(rest, 0)[0] is Miss.MORE
        else:
            begun = state in _IN_CALL and call is not None and call.begins_close(rest)
        if rest and begun:
            self._output.emit(Repaired("partial_close"))
            self._cursor.text = ""

    def terminal(self, state: State, *, normal: bool) -> Terminal:
        """Whether the end may close what is open: END, or CUT."""
        call, json = self._candidate.call, self._candidate.json
        if self._output.example is not None and state not in (State.EXAMPLE_END, State.EXAMPLE_OVER):
            return Terminal.EXAMPLE_CUT
        if state is State.OBJECT and json is not None:
            if not json.announced:
                return Terminal.OBJECT_ALIEN  # nothing says yet that it calls a tool that is declared
            normal = normal and self._object_may_end()
        elif call is not None and state in _MUST_BE_COMPLETE:
            # Words behind a closing tag that a file speaks of are the file's: it was cut (law 9).
            cut = state is State.BETWEEN and call.tags.verbatim and call.so_far.lines
            # A command that holds another call swallowed it: its own closing tags are missing.
            swallowed = state is State.INNER and call.tags.free and not call.tags.verbatim
            normal = normal and call.complete() and not cut and not swallowed
        elif call is not None and state in (State.VALUE, State.TAIL, State.REST):
            # The tool's own closing tag stands among what is kept back, or the value needs none.
            closed = any(token.terminal in _CLOSES for token in self._candidate.held)
            normal = normal and (closed or call.may_end_open()) and not call.so_far.garbled
        return Terminal.END if normal else Terminal.CUT

    def _object_may_end(self) -> bool:
        json = self._candidate.json
        assert json is not None
        arguments = json.arguments
        if arguments is not None and arguments.open:
            return arguments.may_end_open and json.whole
        return json.close(self._output.sink) and json.whole
