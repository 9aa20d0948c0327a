"""JSON for Hypothesis, and what the readers make of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from roobridge.events import Event, Form, ParamEnd, ParamStart, Repaired, Value

# No half surrogates: no encoding carries them.
strings = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(strings, values, max_size=4)


@st.composite
def written(draw: st.DrawFn, value: st.SearchStrategy[Any]) -> tuple[Any, str]:
    """A value and a spelling of it."""
    drawn = draw(value)
    indent = draw(st.sampled_from([None, None, 1]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r\n")]))
    ascii_only = draw(st.booleans())
    return drawn, json.dumps(drawn, ensure_ascii=ascii_only, indent=indent, separators=separators)


def params_of(events: list[Event]) -> list[tuple[str, Form, str]]:
    """Name, form and characters of every parameter, in order. Asserts that each one is closed."""
    params: list[tuple[str, Form, str]] = []
    is_open = False
    for event in events:
        match event:
            case ParamStart(name, form):
                assert not is_open
                params.append((name, form, ""))
                is_open = True
            case Value(text):
                assert is_open
                name, form, before = params[-1]
                params[-1] = name, form, before + text
            case ParamEnd():
                assert is_open
                is_open = False
    assert not is_open
    return params


def decoded(params: list[tuple[str, Form, str]]) -> dict[str, Any]:
    return {name: json.loads(text) if form is Form.JSON else text for name, form, text in params}


def repairs_of(events: list[Event]) -> list[str]:
    return [event.name for event in events if isinstance(event, Repaired)]
