"""Law 9: a call that the upstream left unfinished is never delivered as a finished one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from tests.oracle.cuts import characters, cut
from tests.oracle.dialect_writer import DIALECTS, write
from tests.oracle.expected import agree, delivered
from tests.oracle.outcome import Outcome, run
from tests.oracle.plans import AGENTS, CLINE, Client
from tests.oracle.replies import Call, calls
from tests.oracle.roo_reader import tool_uses

HARMFUL = {
    "write_to_file": Call("write_to_file", {"path": "src/a.py", "content": "one\n</p>two\n```\nthree 😀\n"}),
    "execute_command": Call("execute_command", {"command": "rm -rf ./build && ls"}),
    "apply_diff": Call(
        "apply_diff", {"path": "src/a.py", "diff": "<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>>"}
    ),
}
NOT_CLINES = {"apply_diff", "execute_command"}
ABNORMAL = ["length", "cut", "error", "silence"]
wraps = st.sampled_from(list(Wrap))


def assert_not_half(client: Client, call: Call, outcome: Outcome) -> None:
    """No call of that name is in hand but the whole one; after a failure none is closed but the whole one."""
    if outcome.fail:
        if client.xml:
            closed = [use for use in tool_uses(client.read(outcome.content)) if not use.partial]
            assert all(use.name != call.name or _whole(client, call, use.params) for use in closed)
        return
    for got in delivered(client, outcome):
        assert got[0] != call.name or agree(client, call, got), f"half a call: {got}"


def _whole(client: Client, call: Call, params: dict[str, str]) -> bool:
    return agree(client, call, (call.name, {k: v for k, v in params.items() if k != "line_count"}))


def assert_finished_or_failed(client: Client, call: Call, outcome: Outcome) -> None:
    """At an abnormal end the stream fails, or the call is there, whole."""
    assert_not_half(client, call, outcome)
    if not outcome.fail:
        assert [name for name, _ in delivered(client, outcome)] == [call.name]


def beginnings(delta: Delta) -> Iterator[Delta]:
    """Every beginning of a reply that is one call, in one delta each."""
    for end in range(1, len(delta.content)):
        yield Delta(content=delta.content[:end])
    for tool in delta.tool_calls:
        for end in range(len(tool.arguments)):
            yield Delta(tool_calls=(msgspec.structs.replace(tool, arguments=tool.arguments[:end]),))


@pytest.mark.parametrize("normal", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", HARMFUL)
def test_every_truncation_point(name: str, dialect: str, normal: bool) -> None:
    call = HARMFUL[name]
    judge = assert_not_half if normal else assert_finished_or_failed
    for client in AGENTS:
        if client is CLINE and name in NOT_CLINES:
            continue
        plan, finishes = client.plan(), cycle(["stop"] if normal else ABNORMAL)
        for delta, finish in zip(beginnings(write(dialect, name, call.params)), finishes, strict=False):
            judge(client, call, run(plan, [delta], finish))


@given(calls, st.sampled_from(AGENTS), st.sampled_from(DIALECTS), wraps, st.sampled_from(ABNORMAL), st.data())
def test_abnormal_ends(
    call: Any, client: Any, dialect: str, wrap: Wrap, finish: str, data: st.DataObject
) -> None:
    assume(client is not CLINE or call.name not in NOT_CLINES)
    small = cut([Delta(content="I do it.\n\n"), write(dialect, call.name, call.params)], characters)
    end = data.draw(st.integers(1, len(small)))
    assert_finished_or_failed(client, call, run(client.plan(wrap), small[:end], finish))


@given(calls, st.sampled_from(AGENTS), st.sampled_from(DIALECTS), wraps, st.data())
def test_normal_ends_inside_a_harmful_call(
    call: Any, client: Any, dialect: str, wrap: Wrap, data: st.DataObject
) -> None:
    assume(call.name in HARMFUL and (client is not CLINE or call.name not in NOT_CLINES))
    small = cut([Delta(content="I do it.\n\n"), write(dialect, call.name, call.params)], characters)
    end = data.draw(st.integers(1, len(small)))
    assert_not_half(client, call, run(client.plan(wrap), small[:end], "stop"))
