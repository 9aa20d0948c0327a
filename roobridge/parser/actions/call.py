"""The actions on a candidate and on the open call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile

from roobridge.calls.named import NamedCall
from roobridge.calls.object import JsonCall
from roobridge.calls.tagged import TagCall
from roobridge.events import Repaired, Unfinished
from roobridge.grammar.model import Toolset
from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.example import Example
from roobridge.parser.lexicons import Lexicons, argument_closes
from roobridge.parser.markdown import Place
from roobridge.parser.output import Output
from roobridge.parser.token import Token
from roobridge.spelling.dialect import Dialect, Holds
from roobridge.spelling.states import Action, Terminal
from roobridge.spelling.words import is_prose

# What a commit does not say: it stands for no text of the call.
_GO_BEYOND = frozenset({Terminal.END, Terminal.TEXT, Terminal.NEXT_CALL})


class CallActions:
    """One method for each action."""

    def __init__(
        self,
        cursor: Cursor,
        content: Content,
        candidate: Candidate,
        output: Output,
        known: Lexicons,
        toolset: Toolset,
        dialects: tuple[Dialect, ...],
    ) -> None:
        self._cursor = cursor
        self._content = content
        self._candidate = candidate
        self._output = output
        self._known = known
        self._toolset = toolset
        self._dialects = dialects
        self.actions: Mapping[Action, Callable[[Token], None]] = {
            Action.OPEN: self._open,
            Action.HOLD: self._candidate.held.append,
            Action.COMMIT: self._commit,
            Action.RESUME: self._resume,
            Action.SHIFT: self._shift,
            Action.GATHER: self._gather,
            Action.READ: self._read,
            Action.ABORT: self._abort,
        }

    # -- beginning -------------------------------------------------------------------------------------

    def _open(self, token: Token) -> None:
        candidate, content, output = self._candidate, self._content, self._output
        head, content.fence_head = content.fence_head, ""
        if output.example is None and (head or content.markdown.place is Place.BLOCK):
            rest = self._cursor.text[self._cursor.at :]
            output.put_aside(Example(head + token.raw, token.raw, content.markdown.column, rest))
            candidate.held.clear()
        if not candidate.held:
            candidate.opens_line = content.markdown.at_start or head != ""
        candidate.held.append(token)
        candidate.dialect = token.dialect
        # The wrapper that was opened says whose object may stand in it.
        if token.terminal is Terminal.CALL_OPEN:
            candidate.braced = self._known.owners.get(token.raw, self._known.braced)
        if candidate.dialect is not None and token.name:
            candidate.call = TagCall(candidate.dialect, self._toolset.tools[token.name])

    def _read(self, token: Token) -> None:
        """An object begins: in the tags of a call that names the tool, or by itself."""
        candidate, call, dialect = self._candidate, self._candidate.call, token.dialect
        assert dialect is not None
        candidate.dialect = dialect
        around = [held.raw for held in candidate.held if held.terminal is Terminal.CALL_OPEN]
        if call is not None:
            tool = call.tool.name
            candidate.json = NamedCall(self._toolset.tools, dialect.name, tool, call.dialect.object_closes)
            if call.dialect is not dialect:
                candidate.json.note("json_in_tags")
            candidate.closers = argument_closes(self._dialects, call.dialect, tool, wrapped=bool(around))
            candidate.call = None
        else:
            candidate.json = JsonCall(self._toolset.tools, dialect.name)
            candidate.closers = self._known.closes_of[dialect]
            if any(each != dialect.call_open for each in around):
                candidate.json.note("other_wrapper")
        self._cursor.at -= len(token.raw)  # the object's reader wants its brace as well

    # -- going on --------------------------------------------------------------------------------------

    def _commit(self, token: Token) -> None:
        if self._candidate.json is not None:
            self._commit_object(token)
            return
        candidate, call, sink = self._candidate, self._candidate.call, self._output.sink
        assert call is not None
        words: list[str] = []
        for held in candidate.held:
            if held.terminal is Terminal.WORDS or (words and held.terminal is Terminal.SPACE):
                words.append(held.raw)
            else:
                call.say(held.terminal, held.raw, held.name, sink)
        candidate.held.clear()
        call.announced = True  # from here on the client knows of it, and it can only end or fail (law 5)
        if token.terminal not in _GO_BEYOND:
            call.say(token.terminal, token.raw, token.name, sink)
        aside = "".join(words)
        if token.terminal is Terminal.PARAM_OPEN:
            if aside:
                call.mangled = True
                self._output.emit(Repaired("words_in_call_dropped"))
            return
        call.end(sink)
        self._ended()
        self._beside(aside)

    def _commit_object(self, token: Token) -> None:
        candidate, json, dialect = self._candidate, self._candidate.json, self._candidate.dialect
        assert json is not None
        if token.terminal is Terminal.CALL_CLOSE and dialect is not None:
            openers = [
                held.raw for held in candidate.held if held.raw and held.terminal is Terminal.CALL_OPEN
            ]
            if openers and token.raw not in (dialect.around.get(opener) for opener in openers):
                self._output.emit(Repaired("closing_tag_mended"))
        behind = self._blank_behind() if token.terminal is Terminal.TEXT else ""
        json.end(self._output.sink)
        candidate.held.clear()
        self._ended()
        if self._output.example is None:
            # It is markup, but what follows it may begin a line: thinking, or a closing tag that is noise.
            self._content.markdown.absorb(behind)
        if token.terminal is Terminal.NEXT_CALL and dialect is not None and dialect.holds is Holds.ARGUMENTS:
            candidate.held.append(Token(Terminal.CALL_OPEN))  # the wrapper is open still

    def _blank_behind(self) -> str:
        """The white space at the candidate's end."""
        blank = takewhile(lambda held: held.terminal is Terminal.SPACE, reversed(self._candidate.held))
        return "".join(held.raw for held in reversed(list(blank)))

    def _beside(self, words: str) -> None:
        """Words that stood between the closing tags: prose follows the call, elements are dropped."""
        if is_prose(words):
            self._content.absorbed(words)
        elif words:
            self._output.emit(Repaired("words_in_call_dropped"))

    def _resume(self, token: Token) -> None:
        candidate = self._candidate
        assert candidate.call is not None
        candidate.call.text(candidate.text, self._output.sink)
        candidate.held.clear()

    def _shift(self, token: Token) -> None:
        self._resume(token)
        self._candidate.held.append(token)

    # -- ending ----------------------------------------------------------------------------------------

    def _ended(self) -> None:
        self._candidate.close_call()
        self._content.call_ended()

    def _gather(self, token: Token) -> None:
        """The completion without its parameter: the text is its value."""
        completion, call = self._toolset.completion, self._candidate.call
        assert completion is not None
        assert call is not None
        text = "".join(held.raw for held in self._candidate.held[1:])
        open_tag = call.dialect.param_open.format(completion.param)
        close_tag = call.dialect.param_close.format(completion.param)
        # Its parameter may come later in the text: the words before it are of the answer, too.
        head, found, tail = text.partition(open_tag)
        if found:
            body, _, rest = tail.rpartition(close_tag) if close_tag in tail else (tail, "", "")
            text = head + body + rest
        call.wrap(completion.param, text.strip("\r\n"), self._output.sink)
        self._candidate.held.clear()
        self._ended()

    def _abort(self, token: Token) -> None:
        json, call = self._candidate.json, self._candidate.call
        if json is not None:
            assert json.arguments is not None
            param, why = json.arguments.open, json.fault
        else:
            assert call is not None
            param, why = call.param, ""
        self._candidate.forget()
        self._output.emit(Unfinished(param, why))
