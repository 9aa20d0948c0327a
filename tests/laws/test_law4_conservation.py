"""Law 4: every character the model wrote reaches the client, or a repair says why not."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.oracle.expected import agree, delivered
from tests.oracle.outcome import Outcome, run
from tests.oracle.plans import CLIENTS, ROO_31
from tests.oracle.replies import call_scenarios, soups, text_scenarios
from tests.oracle.roo_reader import shown_text

clients = st.sampled_from(list(CLIENTS.values()))
wraps = st.sampled_from(list(Wrap))

TOKEN = re.compile(r"w\d\de")
ZWSP = "\u200b"


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text.replace(ZWSP, ""))


def _all_of(outcome: Outcome) -> str:
    return outcome.reasoning + outcome.content + "".join(call.arguments for call in outcome.calls)


@given(soups(), clients, wraps)
def test_every_word_of_a_soup_arrives_once_or_a_repair_is_named(soup: str, client: Any, wrap: Wrap) -> None:
    outcome = run(client.plan(wrap), [Delta(content=soup)])
    if not outcome.fail and not outcome.repairs:
        assert sorted(TOKEN.findall(_all_of(outcome))) == sorted(TOKEN.findall(soup))


@given(text_scenarios(), wraps)
def test_text_arrives_whole(scenario: Any, wrap: Wrap) -> None:
    client = scenario.client
    outcome = run(client.plan(wrap), scenario.deltas)
    assert not outcome.fail
    if not client.agent:
        assert outcome.content == scenario.text
        assert not outcome.calls
        return
    ((name, params),) = delivered(client, outcome)
    assert name == "attempt_completion"
    before = shown_text(client.read(outcome.content)) if client.xml else outcome.content
    assert _bare(before + params["result"]) == _bare(scenario.text)
    if wrap is not Wrap.LIVE:
        assert before == ""


@given(call_scenarios(), wraps)
def test_a_call_arrives_whole_with_its_text_and_thinking(scenario: Any, wrap: Wrap) -> None:
    client = scenario.client
    outcome = run(client.plan(wrap), scenario.deltas)
    assert not outcome.fail, outcome
    (got,) = delivered(client, outcome)
    assert agree(client, scenario.call, got), f"{got} for {scenario.call}"
    before = shown_text(client.read(outcome.content)) if client.xml else outcome.content
    assert _bare(before) == _bare(scenario.text)
    assert outcome.reasoning == scenario.thinking
    if not _changed(scenario):
        assert not outcome.repairs, f"a clean reply was repaired: {outcome.repairs}"


def _changed(scenario: Any) -> bool:
    """Something is added or read otherwise than written: a missing opener, a mention, a line count."""
    client, call = scenario.client, scenario.call
    mention = client.xml and "<" in scenario.text
    counted = client is ROO_31 and call.name == "write_to_file"
    return scenario.dialect == "qwen_bare" or mention or counted
