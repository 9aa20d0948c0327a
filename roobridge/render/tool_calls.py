"""To a client that takes OpenAI's `tool_calls`: id and name first, then arguments in fragments."""

from __future__ import annotations

import re
from typing import Any

from roobridge.events import (
    CallEnd,
    CallStart,
    Complete,
    Fail,
    Finish,
    Form,
    Outcome,
    ParamEnd,
    ParamStart,
    Piece,
    Preview,
    Reasoning,
    Text,
    ToolDelta,
    Undeliverable,
    Value,
)
from roobridge.grammar.model import ANY_TYPE, Nested, Param, Tool, Toolset
from roobridge.jsontext.strings import quoted
from roobridge.render.guard import plain_text
from roobridge.render.nested import is_complete
from roobridge.render.thoughts import Thoughts
from roobridge.render.values import dump, flows, may_be_null, members_of, mended_items, to_json

# Roo 3.52 makes `_` of other characters, and loses a call whose id is empty or stood before.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")


class ToolCallsRenderer:
    """Outcomes in, pieces out.

    toolset: what the client declared. repairs: where named repairs are added. call_ids: prefix of the ids
    of calls that come without a usable one. guard_text: tool-like tags in content are made harmless. several:
    the client takes more than one call.
    """

    def __init__(
        self,
        toolset: Toolset,
        repairs: list[str],
        call_ids: str,
        *,
        guard_text: bool = False,
        several: bool = False,
    ) -> None:
        self._toolset = toolset
        self._repairs = repairs
        self._thoughts = Thoughts()
        self._call_ids = call_ids
        self._tags = toolset.read_tools | set(toolset.tools) if guard_text else frozenset()
        self._index = -1
        self._ids: set[str] = set()
        self._tool = Tool("", {})
        self._param = Param("")
        self._form = Form.TEXT
        self._members = 0
        self._named: set[str] = set()  # the members written
        self._unread: tuple[str, set[str]] = ("", set())  # a nested value that says nothing, and its members
        self._several = several
        self._further: list[dict[str, str]] = []  # the arguments of calls that follow the open one
        self._whole: list[str] | None = None  # a value that goes out once it is complete
        self._maybe_null = False  # it goes out as soon as it cannot be null any more

    def render(self, outcome: Outcome) -> list[Piece]:
        """The pieces of one outcome; a Fail ends the reply."""
        match outcome:
            case Value():
                return self.value(outcome.text)
            case Text():
                return plain_text(outcome.text, self._tags, self._repairs)
            case Preview() | Reasoning():
                return self._thoughts.tell(outcome)
            case CallStart():
                return [self._start(outcome)]
            case ParamStart():
                return self._arguments(self._open(outcome))
            case ParamEnd():
                return self._arguments(self._close())
            case CallEnd():
                return self._end()
            case Complete():
                reason = "tool_calls" if outcome.called else "length" if outcome.cut else "stop"
                return [Finish(reason)]
            case Undeliverable():
                return [Fail(outcome.code, outcome.message)]
            case _:
                return []

    def respell(self) -> None:
        """The rest of the open call comes in another spelling: none goes out here as it came."""

    def _start(self, event: CallStart) -> ToolDelta:
        self._index += 1
        self._members = 0
        self._named.clear()
        self._unread = ("", set())
        self._tool = self._toolset.tools.get(event.name) or Tool(event.name, {})
        usable = _ID.match(event.id) and event.id not in self._ids
        call_id = event.id if usable else f"{self._call_ids}_{self._index}"
        self._ids.add(call_id)
        return ToolDelta(self._index, call_id, event.name)

    def _arguments(self, fragment: str) -> list[Piece]:
        return [ToolDelta(self._index, arguments=fragment)] if fragment else []

    def _open(self, event: ParamStart) -> str:
        self._param = self._tool.params.get(event.name) or Param(event.name)
        self._form = event.form
        if event.form is Form.JSON and event.name not in self._tool.params:
            self._param = Param(event.name, types=ANY_TYPE)
        plain = event.form is not Form.JSON and self._param.offered and self._param.nested is None
        streams = plain and flows(self._param, event.form)
        self._maybe_null = plain and may_be_null(self._param)
        if streams:
            self._whole = None
            return self._key(event.name) + '"'
        self._whole = []
        return ""

    def _key(self, name: str) -> str:
        self._members += 1
        self._named.add(name)
        return f"{'{' if self._members == 1 else ','}{quoted(name)}:"

    def value(self, text: str) -> list[Piece]:
        """The pieces of more characters of the open value."""
        if self._whole is None:
            # Arguments that are held back make Roo time out on large files (Roo Code #11482).
            return [ToolDelta(self._index, arguments=quoted(text)[1:-1])]
        self._whole.append(text)
        if self._maybe_null and not "null".startswith("".join(self._whole).strip()):
            self._maybe_null = False
            begun, self._whole = "".join(self._whole), None
            return self._arguments(self._key(self._param.name) + quoted(begun)[:-1])
        return []

    def _close(self) -> str:
        if self._whole is None:
            return '"'
        text = "".join(self._whole)
        self._whole = None
        if not self._param.offered:
            return self._spread(text)
        json, repairs = to_json(self._param, self._form, text)
        self._repairs += repairs
        if not json:
            return ""
        return self._key(self._param.name) + json

    def _spread(self, text: str) -> str:
        """Members for a parameter that the client has in another form; none where it has it not at all."""
        offered = {name: param for name, param in self._tool.params.items() if param.offered}
        nested = self._nested_form()
        items: list[dict[str, Any]] = []
        if nested is not None and nested.lone == self._param.name:
            items = [{nested.lone: text}]
        elif nested is not None:
            items, repairs = mended_items(nested, self._form, text)
            self._repairs += repairs
            if not is_complete(items, nested):
                items = []
                self._unread = (self._param.name, {nested.key, *(field.key for field in nested.fields)})
        # The client takes the items as an array; else one call is made for each of them.
        if nested is not None and items and nested.key in offered:
            return self._key(nested.key) + dump(items)
        members, *further = [members_of(item, offered) for item in items] or [({}, False)]
        if not all(placed for _, placed in (members, *further)):
            self._repairs.append("unknown_parameter")
        self._further = [given for given, _ in further if given]
        return "".join(self._key(name) + json for name, json in members[0].items())

    def _nested_form(self) -> Nested | None:
        """How the tool's other releases write this parameter, one item or several."""
        forms = (param.nested for param in self._tool.params.values() if param.nested is not None)
        if self._param.nested is not None:
            return self._param.nested
        return next((form for form in forms if self._param.name in (form.key, form.lone)), None)

    def _end(self) -> list[Piece]:
        """The call is over; what one call could not hold follows in calls of its own."""
        name, members = self._unread
        offered = (param for param in self._tool.params.values() if param.offered and param.required)
        missing = [param.name for param in offered if param.name in members - self._named]
        if missing:
            return [Fail("incomplete_call", _incomplete(self._tool.name, name, missing))]
        # Never empty: the arguments are JSON, whatever a client makes of an empty string.
        pieces = self._arguments("}" if self._members else "{}")
        further, self._further = self._further, []
        if further and not self._several:
            self._repairs.append("items_dropped")
            return pieces
        for given in further:
            self._members = 0
            pieces.append(self._start(CallStart(self._tool.name, "")))
            pieces += self._arguments("".join(self._key(key) + json for key, json in given.items()) + "}")
        return pieces


def _incomplete(tool: str, param: str, missing: list[str]) -> str:
    names = " and ".join(missing)
    return (
        f"The model's {tool} call was not delivered: no {names} can be read in its {param}. "
        f"Call it again with {names}."
    )
