"""The arguments of a call that is written as JSON."""

from __future__ import annotations

from roobridge.events import Event, Form, ParamEnd, ParamStart, Repaired, Value
from roobridge.grammar.model import Kind, Tool
from roobridge.jsontext.quotes import Quotes
from roobridge.jsontext.reader import ObjectReader

_NO_TOOL = Tool("", {})


class JsonArguments:
    """An arguments object: its members as parameters. Events go to `out`, a list that may be replaced.

    tool: whose they are, as far as that is known. outer: the braces that are open around the object, None
    where nothing follows it. flat: the members stand beside the call's name, and count only if declared.
    """

    def __init__(
        self, out: list[Event], tool: Tool | None = None, outer: int | None = None, *, flat: bool = False
    ) -> None:
        self.out = out
        self.given: list[str] = []
        self.open = ""  # the parameter whose string is open; other values are told whole
        self.tool = tool or _NO_TOOL
        self.quotes = Quotes(self.tool.params.keys(), self.given, outer)
        self.reader = ObjectReader(self, self.quotes)
        self.flat = flat
        self._name = ""
        self._dropped = False  # the member that is read does not count
        self._null: str | None = ""  # as much as came of the word null, until something else did

    def belong(self, tool: Tool) -> None:
        """It is known whose they are."""
        self.tool = tool
        self.quotes.keys = tool.params.keys()

    @property
    def done(self) -> bool:
        return self.reader.done

    @property
    def broken(self) -> bool:
        return self.reader.broken

    @property
    def may_end_open(self) -> bool:
        """The open string does no harm when it is short."""
        param = self.tool.params.get(self.open)
        if param is None or not (param.cut_safe and self.tool.known) or self.quotes.mended:
            return False
        # What closes the call is no part of a value that has one line.
        return not (param.kind is Kind.LINE and self.reader.lines)

    def begin(self, name: str) -> None:
        """The object's brace and its first key were read already."""
        self._null = None
        self.key(name)
        self.reader.begin()

    def read(self, text: str, i: int) -> int:
        while i < len(text) and self._null is not None:
            i = self._read_null(text, i)
        return self.reader.read(text, i)

    def _read_null(self, text: str, i: int) -> int:
        """`null` stands for an empty object; models write it for tools without parameters."""
        assert self._null is not None
        if not (text[i].isspace() or text[i] == "null"[len(self._null)]):
            self._null = None
            return i
        self._null += text[i].strip()
        if self._null == "null":
            self._null = None
            self.reader.stand_for_empty()
        return i + 1

    def key(self, name: str) -> bool:
        self._name = name
        self._dropped = self.flat and name not in self.tool.params
        if self._dropped:
            self.out.append(Repaired("json_extra_member"))
        else:
            self.given.append(name)
        return False

    def read_value(self, text: str, i: int) -> tuple[int, bool]:
        raise AssertionError("arguments take no value over")

    def string_start(self) -> None:
        if not self._dropped:
            self.open = self._name
            self.out.append(ParamStart(self._name, Form.STRING))

    def chars(self, text: str) -> None:
        if not self._dropped:
            self.out.append(Value(text))

    def string_end(self) -> None:
        self.open = ""
        if not self._dropped:
            self.out.append(ParamEnd())

    def raw(self, json: str) -> None:
        if not self._dropped:
            self.out += [ParamStart(self._name, Form.JSON), Value(json), ParamEnd()]

    def repaired(self, name: str) -> None:
        self.out.append(Repaired(name))
