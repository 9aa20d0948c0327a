"""The upstream's own `tool_calls` deltas.

What servers get wrong, and what is made of it (the cases: fixtures/replies/rules/native_deltas.json):
ids and names restated as empty are ignored; a new id at a used index begins another call; arguments that
come before the name wait for it; a whole call in one delta, arguments without their braces and arguments
written as a string are read as such; what follows the object is ignored. A name in pieces is joined, as far
as a declared name begins so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from roobridge.calls.arguments import JsonArguments
from roobridge.calls.tagged import is_complete
from roobridge.events import CallEnd, CallStart, Event, ParamEnd, Repaired, ToolDelta, Undeclared, Unfinished
from roobridge.grammar.model import Tool

NAME = "native"


class _Call:
    """One call: its events wait until its turn comes."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.id = ""
        self.raw: list[str] = []  # the arguments as written
        self.name = ""
        self.events: list[Event] = []
        self.arguments = JsonArguments(self.events)
        self.firm = False  # no more of its name can come
        self.announced = False
        self.ended = False
        self.overfull = False  # something followed its arguments
        self._unread = ""  # what more text has to decide

    @property
    def flows(self) -> bool:
        """Nothing waits for more text."""
        return self.announced and not self._unread

    def read(self, fragment: str) -> None:
        text = self._unread + fragment
        end = 0
        if not self.ended:
            end = self.arguments.read(text, 0)
            self.ended = self.arguments.done
            self._unread = "" if self.ended else text[end:]
            self.raw.append(text[:end])
            if self.ended:
                self.events.append(CallEnd())
        self.overfull = self.overfull or (self.ended and bool(text[end:].strip()))

    def close(self) -> None:
        """No more of it will come."""
        self.arguments.quotes.ending = True
        if self._unread:
            self.read("")


class NativeCalls:
    """Deltas in, events out, one call after another whatever order the fragments come in.

    tools: what is declared. A call of anything else passes on as it is, because the client answers it
    best; a client that has no words for it gets it as text that is known for an attempt, as `spell` writes a
    tool's name and its arguments' JSON.
    """

    def __init__(self, tools: Mapping[str, Tool], spell: Callable[[str, str], str] | None = None) -> None:
        self._tools = tools
        self._spell = spell
        self._calls: list[_Call] = []
        self._done = 0  # how many of them were given whole

    @property
    def open(self) -> bool:
        """A call began and is not given whole yet."""
        return self._done < len(self._calls)

    @property
    def open_call(self) -> str:
        return self._calls[self._done].name if self.open else ""

    def flow(self, delta: ToolDelta) -> str:
        """Take a delta that stays within the open value; gives its characters. Otherwise gives nothing, and
        nothing is taken.
        """
        if self._done != len(self._calls) - 1 or delta.id or delta.name:
            return ""  # with several calls the fragment may be of any of them
        call = self._calls[-1]
        if not call.flows or call.index != delta.index:
            return ""
        flowing = call.arguments.reader.flow(delta.arguments)
        if flowing:
            call.raw.append(delta.arguments)
        return flowing

    def feed(self, delta: ToolDelta) -> list[Event]:
        call = self._call_of(delta)
        if call is None:
            return []
        call.id = call.id or delta.id
        if delta.name and not call.announced:
            call.name = self._name(call.name, delta.name)
            call.arguments.belong(self._tools.get(call.name, Tool(call.name, {})))
        dropped: list[Event] = []
        if delta.arguments:
            overfull = call.overfull
            call.read(delta.arguments)
            dropped = [Repaired("arguments_tail_dropped")] if call.overfull and not overfull else []
        return [*self._give(), *dropped]

    def close(self, *, normal: bool) -> list[Event]:
        """The reply ended: what is open is closed or named unfinished."""
        given: list[Event] = []
        while self.open:
            call = self._calls[self._done]
            call.firm = True
            if not call.ended:
                call.close()
            if not call.ended:
                self._end(call, normal=normal)
            given += self._give()
            if self.open:
                quotes = call.arguments.quotes
                why = "its JSON has an unescaped quote inside a string" if quotes.mended else ""
                given.append(Unfinished(call.arguments.open, why))
                break
        return given

    def _call_of(self, delta: ToolDelta) -> _Call | None:
        """The call that a delta belongs to; None where it repeats one that is over."""
        for call in reversed(self._calls):
            if call.index == delta.index:
                # DashScope restates an empty id in each delta (Zed PR #54872): only another id counts.
                if delta.id and call.id and delta.id != call.id:
                    break
                restated = not call.name or (delta.name == call.name and not delta.arguments)
                if call.ended and delta.name and not delta.id and not restated:
                    break
                return call
        if not (delta.id or delta.name or delta.arguments):
            return None
        self._calls.append(_Call(delta.index))
        return self._calls[-1]

    def _name(self, before: str, piece: str) -> str:
        """A call's name, where a piece or the whole of it has come after another."""
        joined = before + piece
        restated = piece == before and before in self._tools
        if restated or not any(name.startswith(joined) for name in self._tools):
            return piece
        return joined

    def _is_named(self, call: _Call) -> bool:
        """Whether its name is known whole: a client shows and checks a call by it. A name that goes on in
        another tool's waits for its arguments, as arguments that come first wait for it."""
        if not call.name or call.raw or call.firm or call is not self._calls[-1]:
            return bool(call.name)
        return not any(name != call.name and name.startswith(call.name) for name in self._tools)

    def _give(self) -> list[Event]:
        given: list[Event] = []
        while self.open:
            call = self._calls[self._done]
            if not call.announced and not self._is_named(call):
                break
            if self._spell is not None and call.name not in self._tools:
                if not call.ended:
                    break
                written = "".join(call.raw).strip()
                given.append(Undeclared(self._spell(call.name, written or "{}"), call.name))
                self._done += 1
                continue
            if not call.announced:
                call.announced = True
                given.append(CallStart(call.name, NAME, id=call.id))
            given += call.events
            call.events.clear()
            if not call.ended:
                break
            self._done += 1
        return given

    def _end(self, call: _Call, *, normal: bool) -> None:
        tool = self._tools.get(call.name)
        arguments = call.arguments
        if not normal or tool is None or arguments.broken or not is_complete(tool, arguments.given):
            return
        # Roo 3.36 and 3.52 mend JSON that is cut, and run it: only a value that may be short is closed here.
        if arguments.open:
            if not arguments.may_end_open:
                return
            call.events.append(ParamEnd())
        elif arguments.given and not arguments.reader.close():
            return
        call.events += [Repaired("call_closed"), CallEnd()]
        call.ended = True
