"""Cline, qwen-code and Kilo do a whole task on disk, through the bridge and without it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.clients import WITH_KILO, Agent, cline, kilo, qwen_code
from tests.e2e.matrix import CLINE, KILO, QWEN_CODE, Outcome, Row, expected
from tests.e2e.model import Said
from tests.e2e.programs import Place, bridge
from tests.e2e.scenario import CLOSING, COMMAND, NEW, OLD, WRITTEN, Step, inspect, spoken
from tests.e2e.upstream import ScriptedUpstream, scripted
from tests.oracle.dialect_writer import roo_xml

pytestmark = pytest.mark.e2e

NO_TOOL = "[ERROR] You did not use a tool"


class Driven(msgspec.Struct, frozen=True):
    """One client. steps: the task in its tools. after: replies that follow the closing words."""

    run: Callable[[Path, Place, str, asyncio.Event], Awaitable[Agent]]
    steps: Callable[[Path], Sequence[Step]]
    after: tuple[Said, ...]
    native: bool
    trims_end: bool


def _cline_steps(workspace: Path) -> Sequence[Step]:
    diff = f"------- SEARCH\n{OLD}\n=======\n{NEW}\n+++++++ REPLACE"
    return [
        ("write_to_file", {"path": "notes.txt", "content": WRITTEN}),
        ("replace_in_file", {"path": "notes.txt", "diff": diff}),
        ("execute_command", {"command": COMMAND, "requires_approval": False}),
    ]


def _qwen_code_steps(workspace: Path) -> Sequence[Step]:
    file = str(workspace / "notes.txt")
    return [
        ("write_file", {"file_path": file, "content": WRITTEN}),
        ("edit", {"file_path": file, "old_string": OLD, "new_string": NEW}),
        ("run_shell_command", {"command": COMMAND, "is_background": False}),
    ]


def _kilo_steps(workspace: Path) -> Sequence[Step]:
    file = str(workspace / "notes.txt")
    return [
        ("write", {"filePath": file, "content": WRITTEN}),
        ("edit", {"filePath": file, "oldString": OLD, "newString": NEW}),
        ("bash", {"command": COMMAND, "description": "Counts the bytes"}),
    ]


DRIVEN = {
    CLINE: Driven(
        cline,
        _cline_steps,
        (Said(roo_xml("attempt_completion", {"result": CLOSING})),),
        native=False,
        trims_end=True,
    ),
    QWEN_CODE: Driven(qwen_code, _qwen_code_steps, (), native=True, trims_end=False),
    KILO: Driven(kilo, _kilo_steps, (), native=True, trims_end=False),
}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=[WITH_KILO] if client == KILO else [])
        for client in DRIVEN
        for row in expected(client)
    ],
    ids=lambda row: f"{row.client}-{row.dialect.name}-{'bridged' if row.bridged else 'alone'}",
)
async def test_the_task_comes_out_as_the_matrix_says(
    row: Row, modules: Path, place: Place, tmp_path: Path, measured: Callable[[Row], None]
) -> None:
    driven = DRIVEN[row.client]
    replies = [*spoken(driven.steps(place.workspace), row.dialect, native=driven.native), Said(CLOSING)]
    async with scripted(row.dialect.wire, *replies, *driven.after) as upstream, AsyncExitStack() as stack:
        address = upstream.base_url
        if row.bridged:
            address = await stack.enter_async_context(bridge(upstream, tmp_path / "bridge"))
        agent = await driven.run(modules, place, address, upstream.over)
    disk = inspect(place.workspace, trims_end=driven.trims_end)
    outcome = Outcome(
        disk.written, disk.edited, disk.ran, agent.completion.strip() == CLOSING, len(upstream.asked)
    )
    measured(msgspec.structs.replace(row, outcome=outcome))
    assert outcome == row.outcome, agent.ended.output[-3000:] + agent.ended.errors[-2000:]
    if row.client == CLINE:
        # With calls as text alone it stops even sooner: it takes a tag in the file's text for a call.
        assert _was_reproached(upstream) is (outcome.turns > len(replies))


def _was_reproached(upstream: ScriptedUpstream) -> bool:
    return any(NO_TOOL in text for body in upstream.asked for text in _user_texts(body))


def _user_texts(body: Any) -> list[str]:
    """What the client itself said: a system prompt may quote the reproach."""
    said = [message["content"] for message in body["messages"] if message["role"] == "user"]
    return [part["text"] for each in said for part in each] if isinstance(said[0], list) else said
