"""`roobridge transform --jsonl` where the machine itself breaks."""

from __future__ import annotations

import msgspec
import pytest

from roobridge.cli import case
from roobridge.cli.outcome import Outcome
from tests.cli.conftest import Run


class Breaks(case.Run):
    """The machine, which one reply breaks."""

    def outcome(self) -> Outcome:
        outcome = super().outcome()
        if outcome.content == "break":
            raise ZeroDivisionError("by zero")
        return outcome


def test_a_line_that_breaks_the_machine_does_not_take_the_others(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roobridge.cli.transform.Run", Breaks)
    lines = b'{"reply": "break"}\n{"reply": "b"}\n'
    status, out, err = run("transform", "--jsonl", "--kind", "plain", stdin=lines)
    first, second = map(msgspec.json.decode, out.splitlines())
    assert status == 0
    assert (first["error"]["code"], second["content"]) == ("internal_error", "b")
    assert "Traceback" in err
