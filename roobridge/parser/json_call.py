"""Calls that are written as JSON: an arguments object, or an object that names the tool beside them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from json.encoder import encode_basestring

from roobridge.events import CallEnd, CallStart, Event, Form, ParamEnd, ParamStart, Repaired, Value
from roobridge.grammar.model import Tool
from roobridge.parser.json_object import Mode, ObjectReader

_SURROGATES = re.compile("[\ud800-\udfff]")


def quoted(text: str) -> str:
    """The text as a JSON string; lone surrogates, which UTF-8 cannot carry, as U+FFFD."""
    json = encode_basestring(text)
    return _SURROGATES.sub("\ufffd", json) if not json.isascii() else json


class JsonArguments:
    """An arguments object: its members as parameters. Events go to `out`, a list that may be replaced."""

    def __init__(self, out: list[Event]) -> None:
        self.out = out
        self.reader = ObjectReader(self)
        self.given: list[str] = []
        self.open = ""  # the parameter whose string is open
        self._name = ""
        self._null: str | None = ""  # as much as came of the word null, until something else did

    @property
    def done(self) -> bool:
        return self.reader.mode is Mode.DONE

    @property
    def broken(self) -> bool:
        return self.reader.mode is Mode.BROKEN

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
            self.reader.mode = Mode.DONE
        return i + 1

    def key(self, name: str) -> bool:
        self._name = name
        self.given.append(name)
        return False

    def take(self, text: str, i: int) -> tuple[int, bool]:
        raise AssertionError("arguments take no value over")

    def string_start(self) -> None:
        self.open = self._name
        self.out.append(ParamStart(self._name, Form.STRING))

    def chars(self, text: str) -> None:
        self.out.append(Value(text))

    def string_end(self) -> None:
        self.open = ""
        self.out.append(ParamEnd())

    def raw(self, json: str) -> None:
        self.out += [ParamStart(self._name, Form.JSON), Value(json), ParamEnd()]

    def repaired(self, name: str) -> None:
        self.out.append(Repaired(name))


class JsonCall:
    """An object such as {"name": ..., "arguments": {...}}, in either order.

    tools: what is declared. names: the keys that may name the tool. It gives no event before it is sure
    to be a call: the tool is declared and its arguments begin as an object of members.
    """

    _ARGUMENTS = ("arguments", "parameters")

    def __init__(self, tools: Mapping[str, Tool], dialect: str, names: Collection[str] = ("name",)) -> None:
        self.reader = ObjectReader(self)
        self.announced = False
        self.name = ""
        self.arguments: JsonArguments | None = None
        self.alien = False
        self.has_arguments = False  # the object has a member for them, be it empty
        self.out: list[Event] = []  # set by the caller before each read
        self._tools = tools
        self._dialect = dialect
        self._names = names
        self._key = ""
        self._text: list[str] = []
        self._early: list[Event] = []
        self._waiting: list[str] | None = None  # arguments that came before the name

    @property
    def given(self) -> list[str]:
        return self.arguments.given if self.arguments else []

    @property
    def done(self) -> bool:
        return self.reader.mode is Mode.DONE and not self.alien

    @property
    def broken(self) -> bool:
        return self.reader.mode is Mode.BROKEN or (self.arguments is not None and self.arguments.broken)

    @property
    def lacks_brace(self) -> bool:
        """It was announced, and broke where a closing brace of it should stand."""
        arguments = self.arguments
        if not self.announced or arguments is None:
            return False
        return arguments.reader.lacks_brace if arguments.broken else self.reader.lacks_brace

    def flow(self, text: str) -> str:
        """As `ObjectReader.flow`, of an argument's open string."""
        return self.arguments.reader.flow(text) if self.announced and self.arguments is not None else ""

    def read(self, text: str, i: int, out: list[Event]) -> int:
        """Read on; the caller looks at `done`, `alien` and `broken` afterwards."""
        self.out = out
        if self.announced and self.arguments is not None:
            self.arguments.out = out
        i = self.reader.read(text, i)
        if self.reader.mode is Mode.DONE and not self.announced:
            if self.name in self._tools and (self._waiting is None or self._replay()):
                self._announce()
            else:
                self.alien = True
        if self.broken and not self.announced:
            self.alien = True
        return i

    def close(self) -> bool:
        """The text ended; whether the call may count as whole."""
        return self.lacks_brace or (
            self.announced
            and self.arguments is not None
            and self.reader.mode
            in (
                Mode.NEXT,
                Mode.DONE,
                Mode.TAKEN,
            )
            and (self.arguments.done or self.arguments.reader.close())
        )

    def end(self, out: list[Event]) -> None:
        """The call is finished, in whatever state its text is."""
        if self.arguments is not None and self.arguments.open:
            out.append(ParamEnd())
        out.append(CallEnd())

    def key(self, name: str) -> bool:
        self._key = name
        if name not in self._ARGUMENTS or self.has_arguments:
            if name not in self._names:
                self._emit(Repaired("json_extra_member"))
            return False
        self.has_arguments = True
        if name == "parameters":
            self._emit(Repaired("arguments_as_parameters"))
        if self.name and self.name not in self._tools:
            self.alien = True
            self.reader.mode = Mode.BROKEN  # what follows may be read as text at once
        if not self.name or self.alien:
            return False
        self.arguments = JsonArguments(self._target())
        return True

    def take(self, text: str, i: int) -> tuple[int, bool]:
        arguments = self.arguments
        assert arguments is not None
        # One by one until the call is sure: an error further on must find it announced at every cutting.
        while i < len(text) and not self.announced and not arguments.broken:
            i += arguments.read(text[i], 0)
            if arguments.reader.sound or arguments.done:
                self._announce()
        if i < len(text) and not arguments.done:
            i = arguments.read(text, i)
        if arguments.broken:
            self.reader.mode = Mode.BROKEN
        return i, arguments.done

    def string_start(self) -> None:
        self._text.clear()

    def chars(self, text: str) -> None:
        self._text.append(text)

    def string_end(self) -> None:
        text = "".join(self._text)
        if self._key in self._ARGUMENTS and self._waiting is None:
            self._waiting = [text]
            self._emit(Repaired("arguments_as_string"))
        elif self._key in self._names and self.name not in self._tools:
            self.name = text
        elif self._key in self._names:
            self._emit(Repaired("json_extra_member"))

    def raw(self, json: str) -> None:
        if self._key in self._ARGUMENTS and self.arguments is None:
            self._waiting = [json]

    def repaired(self, name: str) -> None:
        self._emit(Repaired(name))

    def _replay(self) -> bool:
        """The arguments came before the name: read them now that the name is known."""
        self.arguments = JsonArguments(self._early)
        self.arguments.read("".join(self._waiting or []), 0)
        return self.arguments.done

    def _announce(self) -> None:
        self.announced = True
        self.out.append(CallStart(self.name, self._dialect))
        self.out += self._early
        self._early = []
        if self.arguments is None:
            self.arguments = JsonArguments(self.out)
            self.arguments.reader.mode = Mode.DONE
        self.arguments.out = self.out

    def _target(self) -> list[Event]:
        return self.out if self.announced else self._early

    def _emit(self, event: Event) -> None:
        self._target().append(event)


def whole_call(body: str, tools: Mapping[str, Tool], dialect: str, names: Collection[str]) -> list[Event]:
    """The events of a text that is one JSON call and nothing else; empty where it is not."""
    call = JsonCall(tools, dialect, names)
    events: list[Event] = []
    end = call.read(body, 0, events)
    if not call.done or not call.announced or not call.has_arguments or body[end:].strip():
        return []
    events.append(CallEnd())
    return events
