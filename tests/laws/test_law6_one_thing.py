"""Law 6: a delivered reply is exactly one thing, read by the client's own rules."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.oracle.dialect_writer import DIALECTS, write
from tests.oracle.outcome import Outcome, run
from tests.oracle.plans import AGENTS, CLIENTS, Client
from tests.oracle.replies import Call, calls, endings, soups
from tests.oracle.roo_native import judge
from tests.oracle.roo_reader import tool_uses

agents = st.sampled_from(AGENTS)
clients = st.sampled_from(list(CLIENTS.values()))
wraps = st.sampled_from(list(Wrap))


def assert_one_thing(client: Client, outcome: Outcome) -> None:
    if outcome.fail:
        return
    if client.xml:
        assert not outcome.tool_deltas
        uses = tool_uses(client.read(outcome.content))
        assert len(uses) == 1, f"{len(uses)} tool uses in {outcome.content!r}"
        assert not uses[0].partial, f"not closed: {outcome.content!r}"
        if uses[0].name == "attempt_completion":
            assert any(letter.isalnum() for letter in uses[0].params["result"])
        return
    judge(outcome.calls, several=client.several)
    if client.agent:
        assert outcome.calls, f"no call for an agent: {outcome}"
    for call in outcome.calls:
        if call.name == "attempt_completion" and client.agent:
            assert any(letter.isalnum() for letter in call.parsed["result"])


@given(soups(), clients, wraps, endings)
def test_soup(soup: str, client: Any, wrap: Wrap, finish: str) -> None:
    assert_one_thing(client, run(client.plan(wrap), [Delta(content=soup)], finish))


@given(soups(), soups(), agents, wraps)
def test_soup_with_reasoning(thought: str, soup: str, client: Any, wrap: Wrap) -> None:
    assert_one_thing(client, run(client.plan(wrap), [Delta(reasoning=thought), Delta(content=soup)]))


@given(
    st.lists(st.tuples(calls, st.sampled_from(DIALECTS)), min_size=2, max_size=4),
    agents,
    wraps,
    st.booleans(),
)
def test_several_calls(rows: list[tuple[Call, str]], client: Any, wrap: Wrap, apart: bool) -> None:
    deltas: list[Delta] = []
    for index, (call, dialect) in enumerate(rows):
        deltas += [Delta(content="\n"), write(dialect, call.name, call.params, index)]
        if apart:
            deltas.append(Delta(content="\n\nAnd then.\n\n"))
    outcome = run(client.plan(wrap), deltas)
    assert_one_thing(client, outcome)


@given(soups(), agents, wraps)
def test_soup_before_and_after_a_call(soup: str, client: Any, wrap: Wrap) -> None:
    call = "\n\n<list_files>\n<path>.</path>\n<recursive>true</recursive>\n</list_files>\n\n"
    assert_one_thing(client, run(client.plan(wrap), [Delta(content=soup + call + soup)]))
