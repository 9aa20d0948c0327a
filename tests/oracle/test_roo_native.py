"""The native oracle refuses what Roo loses."""

from __future__ import annotations

import pytest

from roobridge.events import ToolDelta
from tests.oracle.roo_native import RefusedError, gather, judge


def test_fragments_of_an_index_are_joined() -> None:
    deltas = [ToolDelta(0, "a", "read_file", '{"pa'), ToolDelta(0, "", "", 'th":"x"}')]
    (call,) = gather(deltas)
    assert (call.name, call.parsed) == ("read_file", {"path": "x"})


@pytest.mark.parametrize(
    "deltas",
    [
        [ToolDelta(0, "", "read_file", "{}")],
        [ToolDelta(0, "a.b", "read_file", "{}")],
        [ToolDelta(0, "a", "", "{}")],
        [ToolDelta(0, "a", "x", "{}"), ToolDelta(1, "a", "y", "{}")],
        [ToolDelta(0, "a", "x", ""), ToolDelta(0, "", "x", "{}")],
        [ToolDelta(0, "a", "x", ""), ToolDelta(0, "a", "", "{}")],
    ],
)
def test_fragments_that_roo_would_lose_are_refused(deltas: list[ToolDelta]) -> None:
    with pytest.raises(RefusedError):
        gather(deltas)


@pytest.mark.parametrize("arguments", ["", "{", '{"a":1', "[]", '"x"', '{"a":}'])
def test_arguments_must_be_one_json_object(arguments: str) -> None:
    with pytest.raises(RefusedError):
        judge(gather([ToolDelta(0, "a", "x", arguments)]), several=True)


def test_several_calls_and_completions() -> None:
    two = gather([ToolDelta(0, "a", "x", "{}"), ToolDelta(1, "b", "y", "{}")])
    judge(two, several=True)
    with pytest.raises(RefusedError):
        judge(two, several=False)
    beside = gather([ToolDelta(0, "a", "x", "{}"), ToolDelta(1, "b", "attempt_completion", "{}")])
    with pytest.raises(RefusedError):
        judge(beside, several=True)
