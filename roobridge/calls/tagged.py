"""One call written in tags: what its terminals mean, in the order they are confirmed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from functools import cached_property

from roobridge.calls.so_far import SoFar
from roobridge.calls.value import ValueText
from roobridge.calls.value_tags import ValueTags
from roobridge.events import CallEnd, CallStart, Event, Markup, ParamEnd, ParamStart, Repaired, Value
from roobridge.grammar.model import Kind, Param, Tool
from roobridge.spelling.closers import Level
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.scanner import Found, Lexicon
from roobridge.spelling.slips import near_one
from roobridge.spelling.states import Terminal

_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*+)([^<>]*+)>")

# What each closing tag closes; the one whose opener stands in the value says it by its name.
_CLOSES = {
    Terminal.PARAM_CLOSE: Level.PARAM,
    Terminal.NEAR_CLOSE: Level.PARAM,
    Terminal.ODD_CLOSE: Level.PARAM,
    Terminal.TOOL_CLOSE: Level.TOOL,
    Terminal.LATE_CLOSE: Level.TOOL,
    Terminal.CALL_CLOSE: Level.CALL,
    Terminal.INNER_CLOSE: None,
}


class TagCall:
    """Collects nothing but what it must remember: which parameters were given, and the open value."""

    def __init__(self, dialect: Dialect, tool: Tool) -> None:
        self.dialect = dialect
        self.tool = tool
        self.value: ValueText | None = None
        self.mangled = False  # words stood between its tags, or a parameter that is not declared
        self.announced = False  # its CallStart was given
        self.tags = ValueTags(dialect, tool, Param(""), "")  # of the value that was opened last
        self.so_far = SoFar(self.tags)  # the same value
        self._param: Param | None = None
        self._given: set[str] = set()
        self._started = False
        self._before = ""  # source text before the tool's own opening tag
        self._after: str | None = None  # source text from the tool's own closing tag on
        self._is_nested = False  # the open value is XML
        self._nested: list[str] = []  # its text

    @property
    def param(self) -> str:
        """The open parameter's name, or empty."""
        return self._param.name if self._param else ""

    def say(self, terminal: Terminal, raw: str, name: str, out: list[Event]) -> None:
        """A confirmed terminal's events."""
        if terminal is Terminal.CALL_OPEN:
            self._wrap_open(raw, out)
        elif terminal is Terminal.SPACE:
            self._space(raw, out)
        elif terminal in (Terminal.TOOL_OPEN, Terminal.COMPLETION_OPEN):
            self._start(raw, out)
        elif terminal is Terminal.PARAM_OPEN:
            self._open(raw, name, out)
        elif terminal in _CLOSES:
            self._say_close(_CLOSES[terminal] or Level[name], raw, out)
        elif terminal is Terminal.MARK:
            out.append(Repaired("end_mark"))

    def _say_close(self, level: Level, raw: str, out: list[Event]) -> None:
        right = self.tags.exact(level)
        if raw != right and level is not Level.CALL:
            out.append(Repaired("closing_tag_mended"))
            raw = right
        if level is Level.PARAM:
            if self._param is None:
                out.append(Repaired("doubled_parameter_close"))
                raw = ""
            self._close(raw, out)
            return
        if level is Level.TOOL and self._after is not None:
            out.append(Repaired("doubled_function_close"))
        self._close("", out)
        self._after = (self._after or "") + raw

    def text(self, raw: str, out: list[Event]) -> None:
        """More of the open value."""
        assert self.value is not None
        self.so_far.flowed.append(raw)
        if self._is_nested:
            self._nested.append(raw)
        self.value.add(raw, out)

    def flow(self, raw: str) -> str:
        """As `ValueText.flow`, of the open value."""
        if self.value is None or self.tags.half:
            return ""
        flowing = self.value.flow(raw)
        if flowing:
            self.so_far.flowed.append(raw)
            if self._is_nested:
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
        """The open value says something and does no harm when it is short, and nothing else is missing."""
        param = self._param
        return (
            self.tool.known and param is not None and param.cut_safe and self.so_far.said and self.complete()
        )

    @property
    def sole_missing(self) -> str:
        """The one required parameter that was not given, or empty where there are none or several."""
        missing = [name for name in self.tool.required if name not in self._given]
        return missing[0] if len(missing) == 1 else ""

    def meant(self, name: str) -> str:
        """The declared parameter that a name stands for: itself, or the one missing one that it is near."""
        if name in self.tool.params:
            return name
        return near_one(name, [each for each in self.tool.params if each not in self._given]) or name

    def given(self, name: str) -> bool:
        return name in self._given

    def begins_close(self, rest: str) -> bool:
        """Whether this is the beginning of one of the closing tags that may come here."""
        closes = (self.tags.close, self.dialect.tool_close.format(self.tool.name), self.dialect.call_close)
        return any(close.startswith(rest) for close in closes)

    @cached_property
    def openers(self) -> Lexicon:
        """The opening tags of parameters."""
        words = self.dialect.param_openers(self.tool)
        named = {self.dialect.any_parameter: Terminal.PARAM_OPEN} if self.dialect.any_parameter else {}
        return Lexicon({raw: Found(Terminal.PARAM_OPEN, name) for raw, name in words.items()}, named)

    @cached_property
    def begun(self) -> Lexicon:
        """What may follow a completion's opening tag."""
        close = {self.dialect.tool_close.format(self.tool.name): Found(Terminal.TOOL_CLOSE)}
        openers = self.dialect.param_openers(self.tool).items()
        return Lexicon({**{raw: Found(Terminal.PARAM_OPEN, name) for raw, name in openers}, **close})

    @cached_property
    def closer(self) -> Lexicon:
        """The tool's closing tag."""
        return Lexicon({self.dialect.tool_close.format(self.tool.name): Found(Terminal.TOOL_CLOSE)})

    def _wrap_open(self, raw: str, out: list[Event]) -> None:
        if not self.dialect.call_close:
            out.append(Repaired("wrapper_dropped"))
        elif raw != self.dialect.call_open:
            out.append(Repaired("other_wrapper"))
        elif self._before:
            out.append(Repaired("doubled_call_open"))
        else:
            self._before = raw

    def _start(self, raw: str, out: list[Event]) -> None:
        right = self.dialect.tool_open.format(self.tool.name)
        if raw != right:
            out.append(Repaired("opening_tag_mended"))
        before = self._before if self.dialect.call_close else ""
        out.append(CallStart(self.tool.name, self.dialect.name, before + right))
        self._before = ""
        self._started = True

    def _space(self, raw: str, out: list[Event]) -> None:
        if not self._started:
            self._before += raw
        elif self._after is not None and not raw.strip():
            self._after += raw
        elif raw.strip():  # a bracket too many
            out.append(Repaired("closing_tag_mended"))
        else:
            out.append(Markup(raw))

    def _open(self, raw: str, name: str, out: list[Event]) -> None:
        self._close("", out)
        right = self.dialect.param_open.format(name)
        if raw != right:
            out.append(Repaired("opening_tag_mended"))
        self._param = self.tool.params.get(name) or Param(name)
        self.mangled = self.mangled or (self.tool.known and name not in self.tool.params)
        self._given.add(name)
        self._is_nested = self._param.kind is Kind.XML
        self._nested.clear()
        self.tags = ValueTags(self.dialect, self.tool, self._param, self.dialect.close_of(raw, name))
        self.so_far = SoFar(self.tags)
        trim = self.dialect.trims(self._param)
        self.value = ValueText(trim=trim, strict=trim and self.dialect.strict_space)
        out.append(ParamStart(name, raw=right))

    def _close(self, raw: str, out: list[Event]) -> None:
        if self._param is None or self.value is None:
            return
        self.value.end(out, closed=True)
        out.append(ParamEnd(raw and self.dialect.param_close.format(self._param.name)))
        self._param = self.value = None


def _open_tags(text: str) -> list[str]:
    """The closing tags that a nested value cut short still needs."""
    open_tags: list[str] = []
    counts: Counter[str] = Counter()  # of them, by name
    for found in _TAG.finditer(text):
        closing, name, rest = found.groups()
        if not closing and not rest.endswith("/"):
            open_tags.append(name)
            counts[name] += 1
        elif closing and counts[name]:
            while (last := open_tags.pop()) != name:
                counts[last] -= 1  # one without its end, as `<br>` in HTML
            counts[name] -= 1
    return [f"</{name}>" for name in reversed(open_tags)]


def is_complete(tool: Tool, given: Collection[str]) -> bool:
    """Every required parameter was given, itself or in another form of it.

    Roo's `read_file` takes `args` in XML, `path` or `files`, depending on its release and the protocol.
    """
    nested = {name: param.nested for name, param in tool.params.items() if param.nested is not None}
    covered = set(given)
    for name, form in nested.items():
        if name in given:
            covered.update(field.name for field in form.fields)
        elif form.lone in given or form.key in given:
            covered.add(name)
    # What is computed from a parameter that was given is not missing.
    return all(name in covered or tool.params[name].computed in covered for name in tool.required)
