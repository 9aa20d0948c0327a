"""Calls written as JSON: an object that names the tool and holds its arguments, in any known shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from roobridge.calls.arguments import JsonArguments
from roobridge.calls.tagged import is_complete
from roobridge.events import CallEnd, CallStart, Event, ParamEnd, Repaired
from roobridge.grammar.model import Tool
from roobridge.jsontext.reader import ObjectReader

# How models spell the members of a call; the first of each is the one of Hermes. `parameters` is Llama's,
# `input` Anthropic's, `action` and `action_input` are those of ReAct prompts; the cases stand in
# fixtures/replies/rules/json_forms.json.
_ARGUMENTS = ("arguments", "parameters", "args", "params", "input", "tool_input", "action_input")
_NAMES = ("name", "tool", "tool_name", "function", "function_name", "action")
_CALLS = ("function", "tool_call", "function_call")  # may hold the call itself, as OpenAI's API has it
_BESIDE = frozenset({*_ARGUMENTS, *_NAMES, *_CALLS, "type", "id", "call_id", "tool_call_id", "index"})


def lacks(tool: Tool, given: Collection[str]) -> bool:
    """A required parameter is missing that can neither be computed nor stands in another form of it."""
    covered = [param.name for param in tool.params.values() if param.computed in given]
    for form in (param.nested for param in tool.params.values()):
        if form is not None and form.key in given:
            covered += [form.lone, *(field.name for field in form.fields)]
    return not is_complete(tool, [*given, *covered])


class JsonCall:
    """An object such as {"name": ..., "arguments": {...}}, in either order.

    tools: what is declared. names: the keys that name the tool in this dialect; others that models use are
    read with a repair. bare: nothing around the object says that it is a call, so that no unknown member
    may stand before the tool's name. It gives no event before it is sure to be a call: the tool is declared
    and its arguments begin as an object of members.
    """

    def __init__(
        self,
        tools: Mapping[str, Tool],
        dialect: str,
        names: Collection[str] = ("name",),
        *,
        bare: bool = False,
    ) -> None:
        self.reader = ObjectReader(self)
        self.announced = False
        self.name = ""
        self.arguments: JsonArguments | None = None
        self.alien = False
        self.has_arguments = False  # the object has a member for them, be it empty
        self.out: list[Event] = []  # set by the caller before each read
        self.ending = False  # no more text will come
        self._tools = tools
        self._dialect = dialect
        self._names = names
        self._bare = bare
        self._key = ""
        self._described = False
        self._shells = 0  # objects around the call that are open
        self._text: list[str] = []
        self._early: list[Event] = []
        self._waiting: list[str] | None = None  # arguments that came before the name

    @property
    def given(self) -> list[str]:
        return self.arguments.given if self.arguments else []

    @property
    def done(self) -> bool:
        return self.reader.done and not self.alien

    @property
    def broken(self) -> bool:
        return self.reader.broken or (self.arguments is not None and self.arguments.broken)

    @property
    def whole(self) -> bool:
        """Nothing that the tool requires is missing."""
        return self.name in self._tools and not lacks(self._tools[self.name], self.given)

    @property
    def fault(self) -> str:
        """Why it cannot be read to its end, as far as that is known."""
        quotes = self.arguments.quotes if self.arguments is not None else None
        if quotes is not None and (quotes.mended or quotes.broken):
            return "its JSON has an unescaped quote inside a string"
        if self.broken and not self.lacks_brace:
            return "its JSON cannot be read"
        return "" if not self.done or self.whole else "a required parameter is missing"

    @property
    def lacks_brace(self) -> bool:
        """It was announced, and broke where a closing brace of it should stand."""
        arguments = self.arguments
        assert arguments is not None, "asked of an announced call alone"
        return arguments.reader.lacks_brace if arguments.broken else self.reader.lacks_brace

    def flow(self, text: str) -> str:
        """As `ObjectReader.flow`, of an argument's open string; of one that does not count nothing flows."""
        arguments = self.arguments
        if arguments is None or not (self.announced and arguments.open):
            return ""
        return arguments.reader.flow(text)

    def note(self, repair: str) -> None:
        """A repair that is named once the call is sure to be one."""
        self._emit(Repaired(repair))

    def read(self, text: str, i: int, out: list[Event]) -> int:
        """Read on; the caller looks at `done`, `alien` and `broken` afterwards, and keeps what is unread."""
        self.out = out
        if self.arguments is not None:
            self.arguments.quotes.ending = self.ending
            if self.announced:
                self.arguments.out = out
        i = self._read(text, i)
        if self.reader.done and not self.announced:
            ready = self.name in self._tools and (self._waiting is None or self._replay())
            if ready and self.whole:
                self._announce()
            else:
                self.alien = True
        if self.broken and not self.announced:
            self.alien = True
        return i

    def _read(self, text: str, i: int) -> int:
        i = self.reader.read(text, i)
        while self.reader.done and self._shells:
            self._shells -= 1
            self.reader.leave()
            i = self.reader.read(text, i)
        return i

    def close(self, out: list[Event]) -> bool:
        """The text ended; whether the call may count as whole."""
        if self.arguments is None or not self.announced:
            return False
        self.out = self.arguments.out = out
        # All values are closed, and only a brace is missing: nothing can be wrong but the count (law 9).
        if self.lacks_brace:
            return True
        return self.reader.has_value and (self.arguments.done or self.arguments.reader.close())

    def end(self, out: list[Event]) -> None:
        """The call is finished, in whatever state its text is."""
        if self.arguments is not None and self.arguments.open:
            out.append(ParamEnd())
        out.append(CallEnd())

    def key(self, name: str) -> bool:
        self._key = name
        tool = self._tools.get(self.name)
        if tool is None and name in _CALLS:
            return True
        # Members have no order (RFC 8259, section 4): the arguments may come before the name.
        if name in _ARGUMENTS and not self.has_arguments:
            return self._arguments_key(name, tool)
        if tool is not None and name in tool.params:
            return True
        self._described = self._described or name == "description"
        if self._bare and tool is None and (self.name or name not in _BESIDE):
            self._give_up()
        elif name not in _NAMES or tool is not None:
            self._emit(Repaired("json_extra_member"))
        return False

    def _arguments_key(self, name: str, tool: Tool | None) -> bool:
        # What has a description and parameters declares a tool instead of calling it.
        if (tool is None and self.name) or (name == "parameters" and self._described):
            self._give_up()
        elif tool is None:
            self.has_arguments = True
            self._say_key(name)
        return tool is not None and not self.alien

    def _say_key(self, name: str) -> None:
        if name == "parameters":
            self._emit(Repaired("arguments_as_parameters"))
        elif name != "arguments":
            self._emit(Repaired("json_other_key"))

    def _give_up(self) -> None:
        """No call: what follows may be read as text at once. An announced one has its name and arguments."""
        self.alien = True
        self.reader.refuse()

    def read_value(self, text: str, i: int) -> tuple[int, bool]:
        if self.arguments is None or self.arguments.done:
            if text[i].isspace():
                return i + 1, False
            if not self._begin_value(text[i]):
                return i, False
            if not self.reader.taken:
                return i + 1, False
        arguments = self.arguments
        assert arguments is not None
        # One by one until the call is sure: an error further on must find it announced at every cutting.
        while i < len(text) and not self.announced and not arguments.broken:
            i += arguments.read(text[i], 0)
            if self._sure(arguments):
                self._announce()
            elif arguments.done:
                break
        if i < len(text) and not arguments.done:
            i = arguments.read(text, i)
        if arguments.broken:
            self.reader.refuse()
        elif arguments.done and arguments.flat:
            self.reader.end()
            return i, False
        return i, arguments.done

    def _sure(self, arguments: JsonArguments) -> bool:
        return arguments.reader.sound and not arguments.done

    def _begin_value(self, char: str) -> bool:
        """The first character of a value that may be the arguments, the call itself, or a flat argument.

        False where the reader is to read the value itself, from that character on.
        """
        name, tool = self._key, self._tools.get(self.name)
        if tool is None:
            if char == "{":
                self._emit(Repaired("json_nested_call"))
                self._shells += 1
                self.reader.enter()
                return True
            self.reader.give_back()
            return False
        named = name in _ARGUMENTS and not self.has_arguments
        flat = name in tool.params and (not named or (char != "{" and name not in _ARGUMENTS[:2]))
        before = self.arguments
        self.arguments = JsonArguments(self._target(), tool, 1 + self._shells, flat=flat)
        self.arguments.quotes.ending = self.ending
        if before is not None:
            self.arguments.given += before.given
        if flat:
            self._emit(Repaired("json_flat_arguments"))
            self.arguments.begin(name)
        else:
            self._say_key(name)
        self.has_arguments = True
        return True

    def string_start(self) -> None:
        self._text.clear()

    def chars(self, text: str) -> None:
        self._text.append(text)

    def string_end(self) -> None:
        text = "".join(self._text)
        if self._key in _ARGUMENTS and self._waiting is None and not self.announced:
            self._waiting = [text]
            self._emit(Repaired("arguments_as_string"))
        elif self._key in _NAMES and self.name not in self._tools:
            self.name = text
            if self._key not in self._names:
                self._emit(Repaired("json_other_key"))

    def raw(self, json: str) -> None:
        if self._key in _ARGUMENTS and self.arguments is None:
            self._waiting = [json]

    def repaired(self, name: str) -> None:
        self._emit(Repaired(name))

    def _replay(self) -> bool:
        """The arguments came before the name: read them now that the name is known."""
        self.arguments = JsonArguments(self._early, self._tools[self.name])
        self.arguments.quotes.ending = True
        text = "".join(self._waiting or [])
        end = self.arguments.read(text, 0)
        if self.arguments.done and text[end:].strip():
            self._emit(Repaired("arguments_tail_dropped"))
        return self.arguments.done

    def _announce(self) -> None:
        self.announced = True
        self.out.append(CallStart(self.name, self._dialect))
        self.out += self._early
        self._early = []
        if self.arguments is None:
            self.arguments = JsonArguments(self.out)
            self.arguments.reader.stand_for_empty()
        self.arguments.out = self.out

    def _target(self) -> list[Event]:
        return self.out if self.announced else self._early

    def _emit(self, event: Event) -> None:
        self._target().append(event)
