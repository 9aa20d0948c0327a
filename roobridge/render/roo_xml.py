"""To a client that reads Roo XML: calls as tags in the content."""

from __future__ import annotations

from roobridge.events import (
    CallEnd,
    CallStart,
    Content,
    Fail,
    Finish,
    Form,
    Markup,
    ParamEnd,
    ParamStart,
    Piece,
    Reasoning,
    Text,
    Thought,
    Value,
)
from roobridge.grammar.model import Kind, Param, Tool, Toolset
from roobridge.parser.held import Preview
from roobridge.parser.wrap import Ended, Failed, Outcome
from roobridge.render.guard import MisreadError, ValueGuard, neutralise
from roobridge.render.values import to_text

DIALECT = "roo-xml"


_WHOLE = frozenset({Kind.XML, Kind.JSON, Kind.BOOLEAN})  # kinds whose values are read before they go out


class XmlRenderer:
    """Outcomes in, pieces out. toolset: what the client reads. repairs: where named repairs are added."""

    def __init__(self, toolset: Toolset, repairs: list[str]) -> None:
        self._toolset = toolset
        self._repairs = repairs
        self._own = False  # the call was written in this spelling: its raw text goes out
        self._tool = Tool("", {})
        self._param: Param | None = None
        self._guard: ValueGuard | None = None
        self._whole: list[str] | None = None  # a value that goes out once it is complete
        self._form = Form.TEXT
        self._opened = False  # its opening tag went out as it came
        self._may_be_json = False  # its first character will tell
        self._dropped = False  # the open parameter is none of the client's
        self._broken = False

    def render(self, outcome: Outcome) -> list[Piece]:
        """The pieces of one outcome; a Fail ends the reply."""
        if self._broken:
            return []
        try:
            return self._render(outcome)
        except MisreadError as error:
            return self._fail(error)

    def _fail(self, error: MisreadError) -> list[Piece]:
        self._broken = True
        fail = Fail("misread_call", _misread(self._tool.name, str(error)))
        return [*_content(error.before), fail]

    def respell(self) -> None:
        """The rest of the open call comes in another spelling: its raw text does not go out."""
        self._own = False

    def _render(self, outcome: Outcome) -> list[Piece]:
        match outcome:
            case Value():
                return self.value(outcome.text)
            case Text():
                return self._text(outcome.text)
            case Preview():
                return [Thought(outcome.text, preview=True)]
            case Reasoning():
                return [Thought(outcome.text)]
            case CallStart() | ParamStart() | Markup() | ParamEnd() | CallEnd():
                return _content(self._markup(outcome))
            case Ended():
                return [Finish("length" if outcome.cut else "stop")]
            case Failed():
                return [Fail(outcome.code, outcome.message)]
            case _:
                return []

    def _text(self, text: str) -> list[Piece]:
        harmless = neutralise(text, self._toolset.read_tools)
        if harmless != text:
            self._repairs.append("mention_neutralised")
        return [Content(harmless)]

    def value(self, text: str) -> list[Piece]:
        """The pieces of more characters of the open value."""
        if self._may_be_json:
            self._may_be_json = False
            self._whole = [] if text[0] in "[{" else None
        if self._whole is not None:
            self._whole.append(text)
            return []
        if self._dropped or self._broken:
            return []
        try:
            shown = self._guard.feed(text) if self._guard else text
        except MisreadError as error:
            return self._fail(error)
        return [Content(shown)] if shown else []

    def _markup(self, event: CallStart | ParamStart | Markup | ParamEnd | CallEnd) -> str:
        match event:
            case Markup():
                if not self._own or self._dropped:
                    return ""
                return self._items() + (self._guard.feed(event.raw) if self._guard else event.raw)
            case CallStart():
                self._own = event.dialect == DIALECT
                self._guard = None
                self._tool = self._toolset.tools.get(event.name) or Tool(event.name, {})
                return event.raw if self._own and event.raw else f"<{event.name}>\n"
            case ParamStart():
                return self._start(event)
            case ParamEnd():
                return self._end(event)
            case CallEnd():
                return event.raw if self._own and event.raw else f"</{self._tool.name}>"

    def _start(self, event: ParamStart) -> str:
        param = self._find(event.name)
        self._form = event.form
        self._dropped = param is None
        if param is None:
            self._repairs.append("unknown_parameter")
            return ""
        self._param = param
        self._guard = ValueGuard(self._toolset, self._tool, param)
        verbatim = self._own and event.raw and event.form is Form.TEXT
        needs_all = event.form is Form.JSON or (not verbatim and param.kind in _WHOLE)
        self._may_be_json = self._opened = bool(verbatim) and param.nested is not None
        self._whole = [] if needs_all else None
        if needs_all:
            return ""
        return event.raw if verbatim else _open(param)

    def _find(self, name: str) -> Param | None:
        """The client's parameter of that name, or the one that carries it in another form."""
        param = self._tool.params.get(name)
        if param is not None and (param.offered or self._own):
            return param
        for other in self._tool.params.values():
            if other.nested is not None and other.nested.key == name:
                return other
        return Param(name) if self._own or not self._tool.known else None

    def _end(self, event: ParamEnd) -> str:
        if self._dropped:
            self._dropped = False
            return ""
        param, guard = self._param, self._guard
        assert param is not None
        assert guard is not None
        if self._whole is not None and not self._opened:
            return self._converted(param, guard)
        rest = self._items() + guard.end()
        self._guard = None
        self._note(guard)
        if self._own and event.raw:
            return rest + event.raw
        return rest + (f"</{param.name}>" if self._own else _close(param))

    def _converted(self, param: Param, guard: ValueGuard) -> str:
        text, repairs = to_text(param, self._form, "".join(self._whole or []))
        self._whole = None
        if self._form is Form.JSON and text == "null":
            return ""
        self._repairs += repairs
        inside = guard.feed(text) + guard.end()
        self._guard = None
        self._note(guard)
        return _open(param) + inside + _close(param).rstrip("\n" if self._own else "")

    def _items(self) -> str:
        """The JSON that the model wrote where its own spelling has elements, as such."""
        if self._whole is None or not self._opened or self._param is None or self._guard is None:
            return ""
        json, self._whole = "".join(self._whole), None
        text, repairs = to_text(self._param, self._form, json)
        self._repairs += repairs if text == json else ("json_as_items", *repairs)
        return self._guard.feed(text)

    def _note(self, guard: ValueGuard) -> None:
        if guard.neutralised:
            self._repairs.append("mention_neutralised")


def _open(param: Param) -> str:
    return f"<{param.name}>\n" if _on_lines(param) else f"<{param.name}>"


def _close(param: Param) -> str:
    return f"\n</{param.name}>\n" if _on_lines(param) else f"</{param.name}>\n"


def _on_lines(param: Param) -> bool:
    """A newline at each end of the value is markup to the client, and makes it exact."""
    return param.kind in (Kind.VERBATIM, Kind.XML) or param.prose


def _content(text: str) -> list[Piece]:
    return [Content(text)] if text else []


def _misread(tool: str, why: str) -> str:
    return (
        f"The model's {tool} call was not delivered, because the client would misread it: {why}. "
        "Ask the model to write it differently, or use a client with native tool calls."
    )
