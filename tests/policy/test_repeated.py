"""A parameter told more than once: gathered, dropped, or the last one counts; always by name."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from roobridge.events import (
    CallEnd,
    CallStart,
    Event,
    Form,
    Markup,
    ParamEnd,
    ParamStart,
    Repaired,
    Text,
    Value,
)
from roobridge.grammar.model import Field, Nested, Param, Toolset
from roobridge.policy.repeated import Repeated
from tests.parser.machine import tool

NAMED = Repaired("repeated_parameter")
STRINGS = MappingProxyType({"type": "array", "items": {"type": "string"}})
ARRAY = frozenset({"array"})
ITEMS = Nested("item", "c", (Field("", "text", text=True),))
TOOLSET = Toolset(
    {
        "put": tool(
            "put",
            Param("s"),
            Param("a", types=ARRAY),
            Param("b", types=ARRAY, schema=STRINGS),
            Param("c", types=ARRAY, nested=ITEMS),
            Param("d", types=frozenset({"array", "string"})),
        )
    }
)


def told(name: str, text: str, form: Form = Form.TEXT) -> list[Event]:
    return [ParamStart(name, form), *([Value(text)] if text else []), ParamEnd()]


def call(*params: list[Event], dialect: str = "", raw: str = "") -> list[Event]:
    return [CallStart("put", dialect, raw), *(event for param in params for event in param), CallEnd()]


def fed(events: list[Event], own: str = "") -> list[Event]:
    filtered = Repeated(TOOLSET, own)
    return [out for event in events for out in filtered.feed(event)]


S, T = told("s", "k"), told("s", "m")
J = Form.JSON


@pytest.mark.parametrize(
    ("params", "left"),
    [
        ([S], [S]),
        ([S, told("d", "x")], [S, told("d", "x")]),
        ([S, S], [S, [NAMED]]),
        ([S, T], [S, [NAMED], T]),
        ([S, T, S], [S, [NAMED], T, [NAMED], S]),
        ([S, S, T], [S, [NAMED], [NAMED], T]),
        ([told("s", ""), told("s", "")], [told("s", ""), [NAMED]]),
        ([S, told("s", "k", Form.STRING)], [S, [NAMED], told("s", "k", Form.STRING)]),
        ([told("d", "x"), told("d", "y")], [told("d", "x"), [NAMED], told("d", "y")]),
        ([told("a", "[1]", J), S], [S, told("a", "[1]", J)]),
        ([told("a", "[1]", J), told("a", "[2]", J)], [[NAMED], told("a", "[1,2]", J)]),
        ([told("a", "[1]", J), told("a", "{}", J)], [[NAMED], told("a", "[1,{}]", J)]),
        ([told("a", "1"), told("a", "x")], [[NAMED], told("a", '[1,"x"]', J)]),
        ([told("b", "1"), told("b", "x")], [[NAMED], told("b", '["1","x"]', J)]),
        ([told("b", '["x"]'), told("b", "y")], [[NAMED], told("b", '["x","y"]', J)]),
        ([told("a", "1", Form.STRING), told("a", "2", J)], [[NAMED], told("a", '["1",2]', J)]),
        ([told("a", "[]", J), told("a", "[2]", J)], [[NAMED], told("a", "[2]", J)]),
        (
            [told("c", "<item>x</item>"), told("c", "<item>y</item>")],
            [[NAMED], told("c", "<item>x</item>\n<item>y</item>")],
        ),
    ],
)
def test_what_is_left(params: list[list[Event]], left: list[list[Event]]) -> None:
    assert fed(call(*params)) == call(*left)
    letters = [
        Value(char) if isinstance(event, Value) else event
        for event in call(*params)
        for char in (event.text if isinstance(event, Value) else "x")
    ]
    assert joined(fed(letters)) == call(*left)


def joined(events: list[Event]) -> list[Event]:
    out: list[Event] = []
    for event in events:
        last = out[-1] if out else None
        if isinstance(event, Value) and isinstance(last, Value):
            out[-1] = Value(last.text + event.text)
        else:
            out.append(event)
    return out


def test_a_call_in_the_clients_own_dialect_stays_as_it_is() -> None:
    events = call(S, T, told("a", "[1]"), dialect="roo-xml", raw="<put>")
    assert fed(events, "roo-xml") == call(S, [NAMED], T, told("a", "[1]"), dialect="roo-xml", raw="<put>")


def test_each_call_is_one_of_its_own() -> None:
    assert fed(call(S) + call(S)) == call(S) + call(S)
    assert fed([Text("x"), Markup(" ")]) == [Text("x"), Markup(" ")]


def test_text_that_went_round_it_counts() -> None:
    filtered = Repeated(TOOLSET)
    events: list[Event] = [CallStart("put", ""), ParamStart("s")]
    for event in events:
        filtered.feed(event)
    filtered.told.append("k")
    before = filtered.holds
    assert filtered.feed(ParamEnd()) == [ParamEnd()]
    assert filtered.feed(ParamStart("s")) == []
    assert not before
    assert filtered.holds
    assert filtered.feed(Value("k")) == []
    assert filtered.feed(ParamEnd()) == [NAMED]
