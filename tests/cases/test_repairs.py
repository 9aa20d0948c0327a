"""Each repair beside its strict twin: the malformation has its name, the same reply without it has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta
from tests.cases.table import Case, Expect, Repeat, cases
from tests.house_rules.source import repairs
from tests.oracle.cuts import CUTTINGS, cut, cuttings
from tests.oracle.dialect_writer import DIALECTS
from tests.oracle.outcome import run
from tests.oracle.plans import Client
from tests.oracle.replies import call_scenarios

TWINS = Path(__file__).parents[2] / "fixtures" / "replies" / "repairs.json"

# They need an upstream that goes on, that is asked again, or that is not asked at all; the tests of stitching
# and of turns hold them.
CONTINUED = {
    "call_restarted",
    "continued",
    "fence_removed",
    "overlap_removed",
    "preamble_removed",
    "second_chance",
    "stuck_call",
    "text_beside_call_dropped",
}

Words = str | list[str | Repeat | list[str]]


class Twin(msgspec.Struct, forbid_unknown_fields=True):
    """reply: with the malformation; twin: without. A list of three strings is an upstream's call: its id, its
    name and its arguments.
    """

    repair: str
    why: str
    kind: str
    reply: Words
    twin: Words
    version: str
    tools: str = "none"
    parallel: bool | None = None

    def request(self) -> Client:
        return Case(
            self.repair, self.why, Expect(), self.kind, "roo", self.version, self.tools, self.parallel
        ).request


def deltas(words: Words) -> list[Delta]:
    if isinstance(words, str):
        return [Delta(content=words)]
    if all(isinstance(word, list) for word in words):
        return [Delta(tool_calls=(ToolDelta(0, *word),)) for word in words if isinstance(word, list)]
    text = [
        word if isinstance(word, str) else word.repeat * word.times
        for word in words
        if not isinstance(word, list)
    ]
    return [Delta(content="".join(text))]


ROWS = msgspec.json.decode(TWINS.read_bytes(), type=list[Twin])


def named(row: Twin, words: Words) -> dict[str, Any]:
    """The repairs at every policy and cutting."""
    found: dict[str, Any] = {}
    for wrap in Wrap:
        for name, cutting in cuttings(deltas(words)).items():
            outcome = run(row.request().plan(wrap), cut(deltas(words), cutting))
            assert not outcome.fail, (wrap, name, outcome)
            found[f"{wrap.value} {name}"] = set(outcome.repairs)
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row.repair for row in ROWS])
def test_a_malformation_is_named_and_its_strict_twin_is_clean(row: Twin) -> None:
    for where, names in named(row, row.reply).items():
        assert row.repair in names, where
    for where, names in named(row, row.twin).items():
        assert not names, where


def test_every_repair_of_the_code_has_its_twin() -> None:
    composed = {name[:-1] for name in repairs() if name.endswith("*")}
    rows = {row.repair for row in ROWS if not row.repair.startswith(tuple(composed))}
    assert rows | CONTINUED == {name for name in repairs() if not name.endswith("*")}
    assert all(any(row.repair.startswith(begin) for row in ROWS) for begin in composed)


@pytest.mark.parametrize("dialect", sorted(set(DIALECTS) - {"qwen_bare"}))  # that one lacks its opener
@given(data=st.data())
def test_a_clean_call_is_not_repaired(dialect: str, data: st.DataObject) -> None:
    scenario = data.draw(call_scenarios(dialect))
    alone = [delta for delta in scenario.deltas if delta.reasoning] + [scenario.deltas[-1]]
    outcome = run(scenario.client.plan(), alone)
    # The scenarios leave the count to the bridge; a tag of the client's own in a value is another rule's.
    assert set(outcome.repairs) <= {"computed_line_count", "mention_neutralised"}


def test_every_clean_reply_of_the_tables_stays_without_a_repair() -> None:
    """A row that wants none says so; its outcome, taken as a reply, is clean as well."""
    clean = [case for _, case in cases() if case.expect.repaired is False]
    assert len(clean) > 30
    for case in clean:
        for cutting in CUTTINGS.values():
            outcome = run(case.request.plan(), cut(case.words, cutting), case.finish_reason)
            assert not outcome.repairs, case.name
            if outcome.content and not outcome.fail and case.request.xml:
                again = run(case.request.plan(), [Delta(content=outcome.content)])
                assert not again.repairs, case.name
