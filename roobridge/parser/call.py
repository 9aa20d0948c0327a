"""One call written in tags: what its terminals mean, in the order they are confirmed."""

from __future__ import annotations

import re
from collections.abc import Collection

from roobridge.events import CallEnd, CallStart, Event, Markup, ParamEnd, ParamStart, Repaired, Value
from roobridge.grammar.model import Kind, Param, Tool
from roobridge.parser.dialect import Dialect
from roobridge.parser.scanner import Found, Lexicon
from roobridge.parser.states import State, Terminal
from roobridge.parser.value import ValueText

_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*)[^<>]*?(/?)>")

MARKS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>")
_MARK_WORDS = {mark: Found(Terminal.MARK) for mark in MARKS}


class TagCall:
    """Collects nothing but what it must remember: which parameters were given, and the open value."""

    def __init__(self, dialect: Dialect, tool: Tool) -> None:
        self.dialect = dialect
        self.tool = tool
        self.value: ValueText | None = None
        self.announced = False  # its CallStart was given
        self._param: Param | None = None
        self._given: set[str] = set()
        self._before = ""  # source text before the tool's own opening tag
        self._after: str | None = None  # source text from the tool's own closing tag on
        self._nested: list[str] = []  # the open value's text, where it is XML
        self._lexicons: dict[State, Lexicon] = {}

    @property
    def param(self) -> str:
        """The open parameter's name, or empty."""
        return self._param.name if self._param else ""

    def say(self, terminal: Terminal, raw: str, name: str, out: list[Event]) -> None:
        """A confirmed terminal's events."""
        if terminal is Terminal.CALL_OPEN:
            self._before += raw
        elif terminal is Terminal.SPACE:
            self._space(raw, out)
        elif terminal in (Terminal.TOOL_OPEN, Terminal.COMPLETION_OPEN):
            out.append(CallStart(self.tool.name, self.dialect.name, self._before + raw))
            self._before = ""
        elif terminal is Terminal.PARAM_OPEN:
            self._open(raw, name, out)
        elif terminal is Terminal.PARAM_CLOSE:
            if self._param is None:
                out.append(Repaired("doubled_parameter_close"))
            self._close(raw, out)
        elif terminal in (Terminal.TOOL_CLOSE, Terminal.CALL_CLOSE):
            if terminal is Terminal.TOOL_CLOSE and self._after is not None:
                out.append(Repaired("doubled_function_close"))
            self._close("", out)
            self._after = (self._after or "") + raw
        elif terminal is Terminal.MARK:
            out.append(Repaired("end_mark"))

    def text(self, raw: str, out: list[Event]) -> None:
        """More of the open value."""
        if self.value is not None:
            if self._param is not None and self._param.kind is Kind.XML:
                self._nested.append(raw)
            self.value.add(raw, out)

    def flow(self, raw: str) -> str:
        """As `ValueText.flow`, of the open value."""
        flowing = self.value.flow(raw) if self.value is not None else ""
        if flowing and self._param is not None and self._param.kind is Kind.XML:
            self._nested.append(raw)
        return flowing

    def wrap(self, param: str, text: str, out: list[Event]) -> None:
        """The whole call is this text, as the value of this parameter; its spelling is dropped."""
        out += [CallStart(self.tool.name, ""), ParamStart(param), Value(text), ParamEnd(), CallEnd()]

    def end(self, out: list[Event]) -> None:
        """The call is finished."""
        if self._param is not None and self._nested:
            out += [Value(close) for close in _open_tags("".join(self._nested))]
        self._close("", out)
        out.append(CallEnd(self._after or ""))

    def complete(self) -> bool:
        """Every required parameter was given."""
        return is_complete(self.tool, self._given)

    def may_end_open(self) -> bool:
        """The open value does no harm when it is short, and nothing else is missing."""
        param = self._param
        return self.tool.known and param is not None and param.cut_safe and self.complete()

    def lexicon(self, state: State) -> Lexicon:
        """What counts in this state of this call."""
        known = self._lexicons.get(state)
        if known is not None:
            return known
        words = self._words(state)
        dialect = self.dialect
        named = {}
        if dialect.any_parameter and state in (State.OPENED, State.CLOSING):
            named = {dialect.any_parameter: Terminal.PARAM_OPEN}
        self._lexicons[state] = lexicon = Lexicon(words, named)
        return lexicon

    def _words(self, state: State) -> dict[str, Found]:
        dialect, tool = self.dialect, self.tool
        tool_close = dialect.tool_close.format(tool.name)
        openers = {
            raw: Found(Terminal.PARAM_OPEN, name)
            for raw, name in dialect.param_openers(tool).items()
            if name not in self._given
        }
        words: dict[str, Found] = {}
        if state in (State.OPENED, State.COMPLETION):
            return {**openers, tool_close: Found(Terminal.TOOL_CLOSE)}
        if dialect.call_close:
            words[dialect.call_close] = Found(Terminal.CALL_CLOSE)
        if state is State.ENDING_BARE:
            return words
        words.update(_MARK_WORDS)
        if state is State.ENDING:
            return {**words, tool_close: Found(Terminal.TOOL_CLOSE)}
        if state in (State.TAIL, State.REST):
            return words
        words[tool_close] = Found(Terminal.TOOL_CLOSE)
        if state is State.LOOSE:
            return {tool_close: Found(Terminal.TOOL_CLOSE)}
        if state is State.CLOSING or dialect.closes_unclosed:
            words.update(openers)
        words[dialect.param_close.format(self.param)] = Found(Terminal.PARAM_CLOSE)
        return words

    def _space(self, raw: str, out: list[Event]) -> None:
        if self._before:
            self._before += raw
        elif self._after is not None:
            self._after += raw
        else:
            out.append(Markup(raw))

    def _open(self, raw: str, name: str, out: list[Event]) -> None:
        self._close("", out)
        self._param = self.tool.params.get(name) or Param(name)
        self._given.add(name)
        self._lexicons.clear()
        self._nested.clear()
        self.value = ValueText(trim=self.dialect.trims(self._param))
        out.append(ParamStart(name, raw=raw))

    def _close(self, raw: str, out: list[Event]) -> None:
        if self._param is None or self.value is None:
            return
        self.value.end(out, closed=True)
        out.append(ParamEnd(raw))
        self._param = self.value = None


def _open_tags(text: str) -> list[str]:
    """The closing tags that a nested value cut short still needs."""
    open_tags: list[str] = []
    for found in _TAG.finditer(text):
        if found[1]:
            if open_tags and open_tags[-1] == found[2]:
                open_tags.pop()
        elif not found[3]:
            open_tags.append(found[2])
    return [f"</{name}>" for name in reversed(open_tags)]


def is_complete(tool: Tool, given: Collection[str]) -> bool:
    """Every required parameter was given, itself or in another form of it."""
    nested = {name: param.nested for name, param in tool.params.items() if param.nested is not None}
    covered = set(given)
    for name, form in nested.items():
        if name in given:
            covered.update(field.name for field in form.fields)
        elif form.lone in given or form.key in given:
            covered.add(name)
    return all(name in covered for name in tool.required)
