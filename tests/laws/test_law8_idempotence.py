"""Law 8: an output, taken as a model's reply, comes out unchanged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.oracle.outcome import Outcome, run
from tests.oracle.plans import CLIENTS, Client
from tests.oracle.replies import call_scenarios, soups, text_scenarios

clients = st.sampled_from(list(CLIENTS.values()))
wraps = st.sampled_from(list(Wrap))


def as_reply(outcome: Outcome) -> list[Delta]:
    deltas = [Delta(reasoning=outcome.reasoning)] if outcome.reasoning else []
    deltas += [Delta(content=outcome.content)] if outcome.content else []
    return deltas + [Delta(tool_calls=(tool,)) for tool in outcome.tool_deltas]


def assert_unchanged(client: Client, wrap: Wrap, first: Outcome) -> None:
    if first.fail:
        return
    again = run(client.plan(wrap), as_reply(first), first.finish)
    assert again.content == first.content
    assert [(c.name, c.arguments) for c in again.calls] == [(c.name, c.arguments) for c in first.calls]
    assert again.reasoning == first.reasoning
    assert again.finish == first.finish


@given(soups(), clients, wraps)
def test_soup(soup: str, client: Any, wrap: Wrap) -> None:
    assert_unchanged(client, wrap, run(client.plan(wrap), [Delta(content=soup)]))


@given(call_scenarios(), wraps)
def test_calls(scenario: Any, wrap: Wrap) -> None:
    assert_unchanged(scenario.client, wrap, run(scenario.client.plan(wrap), scenario.deltas))


@given(text_scenarios(), wraps)
def test_text(scenario: Any, wrap: Wrap) -> None:
    assert_unchanged(scenario.client, wrap, run(scenario.client.plan(wrap), scenario.deltas))


@pytest.mark.parametrize("client", ["roo-3.52.1-native", "other-native"])
def test_thinking_behind_a_call_without_its_close(client: str) -> None:
    text = '<tool_call>\n{"name": "read_file", "arguments": {"path": "a"}}\n<think>\nThe user wants'
    asking = CLIENTS[client]
    assert_unchanged(asking, Wrap.PREVIEW, run(asking.plan(Wrap.PREVIEW), [Delta(content=text)]))
