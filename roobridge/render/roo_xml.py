"""To a client that reads Roo XML: calls as tags in the content."""

from __future__ import annotations

from typing import assert_never

from roobridge.events import (
    CallEnd,
    CallStart,
    Complete,
    Content,
    Fail,
    Finish,
    Form,
    Markup,
    Outcome,
    ParamEnd,
    ParamStart,
    Piece,
    Preview,
    Reasoning,
    Text,
    Undeliverable,
    Value,
)
from roobridge.grammar.model import Kind, Param, Tool, Toolset
from roobridge.render.guard import CallGuard, MisreadError, plain_text
from roobridge.render.thoughts import Thoughts
from roobridge.render.values import to_text

DIALECT = "roo-xml"


_WHOLE = frozenset({Kind.XML, Kind.JSON, Kind.BOOLEAN})  # kinds whose values are read before they go out


class XmlRenderer:
    """Outcomes in, pieces out. toolset: what the client reads. repairs: where named repairs are added."""

    def __init__(self, toolset: Toolset, repairs: list[str]) -> None:
        self._toolset = toolset
        self._repairs = repairs
        self._thoughts = Thoughts()
        self._own = False  # the call was written in this spelling: its raw text goes out
        self._tool = Tool("", {})
        self._param: Param | None = None
        self._guard = CallGuard(toolset, self._tool)
        self._in_value = False
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
                return plain_text(outcome.text, self._toolset.read_tools, self._repairs)
            case Preview() | Reasoning():
                return self._thoughts.tell(outcome)
            case CallStart() | ParamStart() | Markup() | ParamEnd() | CallEnd():
                return _content(self._markup(outcome))
            case Complete():
                return [Finish("length" if outcome.cut else "stop")]
            case Undeliverable():
                return [Fail(outcome.code, outcome.message)]
            case _:
                return []

    def value(self, text: str) -> list[Piece]:
        """The pieces of more characters of the open value."""
        if self._may_be_json:
            self._may_be_json = False
            # Elements of a nested value begin with `<`; models also write the native tool's JSON there.
            self._whole = [] if text[0] in "[{" else None
        if self._whole is not None:
            self._whole.append(text)
            return []
        if self._dropped or self._broken:
            return []
        try:
            shown = self._guard.feed(text)
        except MisreadError as error:
            return self._fail(error)
        return [Content(shown)] if shown else []

    def _markup(self, event: CallStart | ParamStart | Markup | ParamEnd | CallEnd) -> str:
        match event:
            case Markup():
                if not self._own or self._dropped:
                    return ""
                guard = self._guard
                return self._items() + (guard.feed if self._in_value else guard.between)(event.raw)
            case CallStart():
                return self._begin(event)
            case ParamStart():
                return self._start(event)
            case ParamEnd():
                return self._end(event)
            case CallEnd():
                tag = f"</{self._tool.name}>"
                return self._guard.end(event.raw if self._spelled(event.raw, tag) else tag)
            case _:
                assert_never(event)

    def _begin(self, event: CallStart) -> str:
        self._own = event.dialect == DIALECT
        self._tool = self._toolset.tools.get(event.name) or Tool(event.name, {})
        self._guard = CallGuard(self._toolset, self._tool)
        tag = f"<{event.name}>"
        if self._spelled(event.raw, tag):
            return event.raw
        return tag if self._own and event.raw else f"{tag}\n"

    def _spelled(self, raw: str, tag: str) -> bool:
        """The source text is this tag as the client reads it."""
        return self._own and raw.strip() == tag

    def _start(self, event: ParamStart) -> str:
        param = self._find(event.name)
        self._form = event.form
        self._dropped = param is None
        if param is None:
            self._repairs.append("unknown_parameter")
            return ""
        self._param = param
        verbatim = event.form is Form.TEXT and self._spelled(event.raw, f"<{param.name}>")
        needs_all = event.form is Form.JSON or (not verbatim and param.kind in _WHOLE)
        self._may_be_json = self._opened = verbatim and param.nested is not None
        self._whole = [] if needs_all else None
        self._in_value = not needs_all
        if needs_all:
            return ""
        return self._guard.open(param, event.raw if verbatim else _open(param))

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
        param = self._param
        assert param is not None
        self._in_value = False
        if self._whole is not None and not self._opened:
            return self._converted(param)
        rest = self._items() + self._rest()
        close = f"</{param.name}>"
        if not self._spelled(event.raw, close):
            return rest + self._guard.close(close if self._own else _close(param))
        return rest + self._guard.close(event.raw)

    def _converted(self, param: Param) -> str:
        text, repairs = to_text(param, self._form, "".join(self._whole or []))
        self._whole = None
        if self._form is Form.JSON and text == "null":
            return ""
        self._repairs += repairs
        close = _close(param).rstrip("\n" if self._own else "")
        try:
            inside = self._guard.open(param, _open(param)) + self._guard.feed(text) + self._rest()
            return inside + self._guard.close(close)
        except MisreadError as error:
            raise MisreadError(str(error)) from None  # nothing of it went out

    def _items(self) -> str:
        """The JSON that the model wrote where its own spelling has elements, as such."""
        if self._whole is None or not self._opened or self._param is None:
            return ""
        json, self._whole = "".join(self._whole), None
        text, repairs = to_text(self._param, self._form, json)
        self._repairs += repairs if text == json else ("json_as_items", *repairs)
        return self._guard.feed(text)

    def _rest(self) -> str:
        rest, softened = self._guard.rest()
        if softened and self._param is not None and self._param.kind is Kind.JSON:
            self._repairs.append("close_escaped")
        elif softened:
            self._repairs.append("mention_neutralised")
        return rest


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
        f"The model's {tool} call was not delivered, because the client would misread it: {why}; "
        "a client with native tool calls reads it as it is."
    )
