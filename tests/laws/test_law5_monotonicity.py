"""Law 5: what was sent is never taken back; the fragments of a call's arguments are its arguments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.oracle.cuts import characters, cut, seeded
from tests.oracle.dialect_writer import DIALECTS
from tests.oracle.expected import agree, delivered
from tests.oracle.outcome import run
from tests.oracle.plans import CLIENTS
from tests.oracle.replies import call_scenarios, endings, soups

clients = st.sampled_from(list(CLIENTS.values()))
wraps = st.sampled_from(list(Wrap))


@given(soups(), clients, wraps, endings, st.integers(0, 99))
def test_arguments_are_valid_json(soup: str, client: Any, wrap: Wrap, finish: str, seed: int) -> None:
    outcome = run(client.plan(wrap), cut([Delta(content=soup)], seeded(seed)), finish)
    if not outcome.fail:
        for call in outcome.calls:
            assert isinstance(call.parsed, dict)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(data=st.data(), wrap=wraps)
def test_fragments_are_the_arguments(dialect: str, data: st.DataObject, wrap: Wrap) -> None:
    scenario = data.draw(call_scenarios(dialect))
    outcome = run(scenario.client.plan(wrap), cut(scenario.deltas, characters))
    (got,) = delivered(scenario.client, outcome)
    assert scenario.call is not None
    assert agree(scenario.client, scenario.call, got)


def test_large_arguments_are_valid_json() -> None:
    text = "".join(f'line {n} "q" \\ \t é😀\n' for n in range(500))
    call = f"<write_to_file>\n<path>a</path>\n<content>\n{text}\n</content>\n</write_to_file>"
    outcome = run(CLIENTS["roo-3.52.1-native"].plan(), cut([Delta(content=call)], seeded(3)))
    (got,) = outcome.calls
    assert json.loads(got.arguments) == {"path": "a", "content": text}
