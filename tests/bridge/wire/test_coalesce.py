from __future__ import annotations

import pytest

from roobridge.bridge.ports import Delta, Usage
from roobridge.bridge.wire.coalesce import join_deltas
from roobridge.events import ToolDelta


def said(text: str) -> Delta:
    return Delta(content=text)


def thought(text: str) -> Delta:
    return Delta(reasoning=text)


def fragment(arguments: str, index: int = 0) -> Delta:
    return Delta(tool_calls=(ToolDelta(index, arguments=arguments),))


NAMED = Delta(tool_calls=(ToolDelta(0, "call_1", "read_file", "{"),))
BOTH = Delta("r", "c")
TWO = Delta(tool_calls=(ToolDelta(0, arguments="a"), ToolDelta(1, arguments="b")))
USAGE = Delta(content="x", usage=Usage(1, 2))
LAST = Delta(content="x", finish="stop")


@pytest.mark.parametrize(
    ("deltas", "joined"),
    [
        ([], []),
        ([said("a")], [said("a")]),
        ([said("a"), said("b"), said("c")], [said("abc")]),
        ([thought("a"), thought("b"), said("c"), said("d")], [thought("ab"), said("cd")]),
        ([NAMED, fragment("a"), fragment("b")], [NAMED, fragment("ab")]),
        ([fragment("a"), fragment("b", 1), fragment("c", 1)], [fragment("a"), fragment("bc", 1)]),
        ([said("a"), USAGE, said("b"), LAST], [said("a"), USAGE, said("b"), LAST]),
        ([USAGE, USAGE, LAST, LAST], [USAGE, USAGE, LAST, LAST]),
        ([BOTH, BOTH], [BOTH, BOTH]),
        ([TWO, TWO, fragment("a", -1), fragment("b", -1)], [TWO, TWO, fragment("a", -1), fragment("b", -1)]),
        ([NAMED, NAMED], [NAMED, NAMED]),
    ],
)
def test_neighbours_of_one_channel_are_one(deltas: list[Delta], joined: list[Delta]) -> None:
    assert list(join_deltas(deltas)) == joined
