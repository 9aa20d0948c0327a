"""What a reply has left open when its upstream ended: the call, or the text, that is to be continued."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from roobridge.dialects.qwen3_coder import begun
from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Markup,
    ParamEnd,
    ParamStart,
    Text,
    Unfinished,
    Value,
)
from roobridge.spelling.dialect import Given
from roobridge.spelling.words import speaks


class OpenCall(msgspec.Struct, frozen=True):
    """A call that was announced to the client and not finished.

    before: how many calls stand before it. lead: the newline behind the open parameter's tag was told too.
    """

    name: str
    dialect: str
    params: tuple[Given, ...] = ()
    before: int = 0
    lead: bool = False

    @property
    def param(self) -> Given | None:
        """The parameter that is open."""
        return self.params[-1] if self.params and not self.params[-1].closed else None


class Opening(msgspec.Struct, frozen=True):
    """Where a reply stopped.

    text: all that the model wrote, in the dialect it is asked to go on in. call: None where no call was
    open. told: the text is another spelling of what came as `tool_calls`. escaped: it ends in JSON.
    """

    text: str
    call: OpenCall | None = None
    told: bool = False
    escaped: bool = False
    begun: str = ""


def open_call(events: Iterable[Event]) -> OpenCall | None:
    """The call that these events leave open."""
    calls = list(_calls(events))
    if not calls or calls[-1][1]:
        return None
    return msgspec.structs.replace(calls[-1][0], before=len(calls) - 1)


def is_unfinished(events: Iterable[Event]) -> bool:
    """Whether a reply's last events leave a call unfinished."""
    return any(isinstance(event, Unfinished) for event in events)


def says_something(events: Iterable[Event]) -> bool:
    """Whether a letter or digit stands in their text."""
    return any(isinstance(event, Text) and speaks(event.text) for event in events)


def holds_call(events: Iterable[Event]) -> bool:
    return any(isinstance(event, CallStart) for event in events)


def as_text(events: Iterable[Event]) -> str:
    """Calls spelled as Qwen3-Coder writes them, the last one as far as it came.

    Its chat template writes values as they are: half of one needs no escape and no closing quote.
    """
    return "\n".join(begun(call.name, call.params, whole=whole) for call, whole in _calls(events))


def _calls(events: Iterable[Event]) -> Iterable[tuple[OpenCall, bool]]:
    """Every call, and whether it is finished."""
    start: CallStart | None = None
    params: list[Given] = []
    name: str | None = None
    value: list[str] = []
    lead = False
    for event in events:
        match event:
            case CallStart():
                start, params, name = event, [], None
            case ParamStart():
                name, value, lead = event.name, [], False
            case Markup():
                lead = lead or not value
            case Value():
                value.append(event.text)
            case ParamEnd() if name is not None:
                params.append(Given(name, "".join(value), closed=True))
                name = None
            case CallEnd() if start is not None:
                yield OpenCall(start.name, start.dialect, tuple(params)), True
                start = None
            case _:
                pass
    if start is not None:
        rest: Sequence[Given] = [Given(name, "".join(value), closed=False)] if name is not None else []
        yield OpenCall(start.name, start.dialect, (*params, *rest), lead=lead and name is not None), False
