"""What real models answered to Roo's prompt comes out as one tool use each, or as an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.cases.verdict import one_thing
from tests.oracle.cuts import CUTTINGS, cut
from tests.oracle.outcome import run
from tests.oracle.plans import AGENTS, CLINE
from tests.oracle.roo_reader import read_as, tool_uses


@pytest.mark.shared
def test_every_recorded_output_is_one_thing(shared: Path) -> None:
    paths = sorted((shared / "payloads" / "roo_model_outputs").glob("*.json"))
    assert len(paths) == 24
    for path in paths:
        text = json.loads(path.read_text())["content"]
        for client in AGENTS:
            for wrap in Wrap:
                for cutting in CUTTINGS.values():
                    outcome = run(client.plan(wrap), cut([Delta(content=text)], cutting))
                    if text == "...":
                        assert outcome.fail, path.name
                        assert outcome.content == ""
                    elif client is CLINE and outcome.fail:
                        # Its read_file has no <args>: a call it cannot make, and no answer (law 10).
                        assert outcome.fail == "unreadable_call", path.name
                        assert "<args>" in text, path.name
                    else:
                        assert not outcome.fail, (path.name, outcome)
                        one_thing(client, outcome)


@pytest.mark.shared
def test_recorded_calls_are_untouched(shared: Path) -> None:
    for path in sorted((shared / "payloads" / "roo_model_outputs").glob("*.json")):
        text = json.loads(path.read_text())["content"]
        if tool_uses(read_as((3, 31, 3), text)):
            outcome = run(AGENTS[0].plan(), [Delta(content=text)])
            assert outcome.content == text, path.name
            assert not outcome.repairs, path.name
