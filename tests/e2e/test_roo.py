"""Roo's loop and reading rules, by a client of our own: the whole task, and what may go wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from tests.e2e.matrix import ROO_NATIVE, ROO_XML, Outcome, Row, expected
from tests.e2e.model import Call, Said
from tests.e2e.programs import bridge
from tests.e2e.roo import Course, Roo
from tests.e2e.roo_prompt import Variant
from tests.e2e.roo_workspace import Workspace
from tests.e2e.scenario import CLOSING, COMMAND, NEW, OLD, WRITTEN, Dialect, Step, inspect, spoken
from tests.e2e.upstream import Reply, ScriptedUpstream, Wire, scripted
from tests.oracle.dialect_writer import roo_xml

pytestmark = pytest.mark.e2e

VARIANTS = {ROO_XML: Variant(), ROO_NATIVE: Variant(version=(3, 52, 1), native=True)}
STEPS: Sequence[Step] = [
    ("write_to_file", {"path": "notes.txt", "content": WRITTEN}),
    (
        "apply_diff",
        {
            "path": "notes.txt",
            "diff": f"<<<<<<< SEARCH\n:start_line:5\n-------\n{OLD}\n=======\n{NEW}\n>>>>>>> REPLACE",
        },
    ),
    ("execute_command", {"command": COMMAND}),
]
DONE_IN_XML = Said(roo_xml("attempt_completion", {"result": CLOSING}))
DONE_NATIVELY = Said(calls=(Call("attempt_completion", {"result": CLOSING}),))


class Run(msgspec.Struct, frozen=True):
    course: Course
    upstream: ScriptedUpstream


async def drive(
    folder: Path,
    variant: Variant,
    *replies: Reply,
    bridged: bool = True,
    wire: Wire = Wire.OPENAI,
    most: int = 12,
) -> Run:
    """One task on the workspace in a folder. most: requests after which it is given up."""
    workspace = folder / "workspace"
    workspace.mkdir(exist_ok=True)
    async with scripted(wire, *replies) as upstream, AsyncExitStack() as stack:
        address = upstream.base_url
        if bridged:
            address = await stack.enter_async_context(bridge(upstream, folder / "bridge"))
        course = await Roo(address, Workspace(workspace), variant).run("Write the notes.", most=most)
    return Run(course, upstream)


@pytest.mark.parametrize(
    "row",
    [row for client in VARIANTS for row in expected(client)],
    ids=lambda row: f"{row.client}-{row.dialect.name}-{'bridged' if row.bridged else 'alone'}",
)
async def test_the_task_comes_out_as_the_matrix_says(
    row: Row, tmp_path: Path, measured: Callable[[Row], None]
) -> None:
    variant = VARIANTS[row.client]
    replies = [*spoken(STEPS, row.dialect, native=variant.native), Said(CLOSING)]
    replies.append(DONE_NATIVELY if variant.native else DONE_IN_XML)
    run = await drive(tmp_path, variant, *replies, bridged=row.bridged, wire=row.dialect.wire)
    disk = inspect(tmp_path / "workspace")
    completed = (run.course.completion or "").strip() == CLOSING
    outcome = Outcome(disk.written, disk.edited, disk.ran, completed, run.course.turns)
    measured(msgspec.structs.replace(row, outcome=outcome))
    assert outcome == row.outcome, run.course
    assert (run.course.reproaches == 0) is row.bridged


@pytest.mark.parametrize(
    "variant",
    [
        Variant(version=(3, 28, 18)),
        Variant(version=(3, 36, 16)),
        Variant(streaming=False),
        Variant(r1=True),
        Variant(version=(3, 36, 16), native=True),
        Variant(version=(3, 52, 1), native=True, streaming=False),
        Variant(image="data:image/png;base64,iVBORw0KGgo="),
    ],
    ids=["3.28", "3.36", "whole", "r1", "3.36 native", "3.52 native whole", "image"],
)
async def test_every_kind_of_request_ends_with_the_closing_words(variant: Variant, tmp_path: Path) -> None:
    first = spoken(STEPS[:1], Dialect.QWEN_TEXT, native=variant.native)
    run = await drive(tmp_path, variant, *first, Said(CLOSING))
    assert (run.course.completion or "").strip() == CLOSING
    assert run.course.reproaches == 0
    assert run.course.turns == 2
    assert (tmp_path / "workspace" / "notes.txt").read_bytes() == WRITTEN.encode()
    assert all(heard.usage for heard in run.course.heard)
    images = [part for part in run.upstream.asked[1]["messages"][1]["content"] if "image_url" in part]
    assert bool(images) is bool(variant.image)


async def test_an_image_for_an_upstream_without_vision_is_refused_with_the_next_step(tmp_path: Path) -> None:
    variant = Variant(image="data:image/png;base64,iVBORw0KGgo=", auto_approve=False)
    run = await drive(tmp_path, variant, Said(CLOSING), wire=Wire.QWEN_WEB)
    assert run.course.stopped == "asks the user"
    assert run.course.turns == 1
    assert run.course.errors[0].startswith("400 ")
    assert "vision" in run.course.errors[0]
    assert not run.upstream.asked


TWO = "\n".join(roo_xml("execute_command", {"command": f"echo {word} >> ran.txt"}) for word in ("one", "two"))


@pytest.mark.parametrize("bridged", [True, False])
async def test_of_two_xml_calls_the_first_runs_and_no_refusal_reaches_the_model(
    bridged: bool, tmp_path: Path
) -> None:
    run = await drive(tmp_path, Variant(), Said(TWO), DONE_IN_XML, bridged=bridged)
    assert (tmp_path / "workspace" / "ran.txt").read_text() == "one\n"
    assert run.course.refused == ([] if bridged else ["execute_command"])
    assert run.course.completion is not None


async def test_two_native_calls_both_run_in_3_52_and_the_first_alone_in_3_36(tmp_path: Path) -> None:
    calls = tuple(Call("execute_command", {"command": f"echo {word} >> ran.txt"}) for word in ("one", "two"))
    replies = (Said("Both.", calls=calls), Said(CLOSING))
    for version, ran in (((3, 52, 1), "one\ntwo\n"), ((3, 36, 16), "one\n")):
        folder = tmp_path / str(version[1])
        folder.mkdir()
        run = await drive(folder, Variant(version=version, native=True), *replies)
        assert (folder / "workspace" / "ran.txt").read_text() == ran
        assert run.course.refused == []
        assert run.course.turns == 2


@pytest.mark.parametrize("nothing", ["", "...", " \n"])
async def test_a_reply_without_an_answer_is_asked_for_once_more_and_costs_the_agent_no_turn(
    nothing: str, tmp_path: Path
) -> None:
    run = await drive(tmp_path, Variant(), Said(nothing), Said(CLOSING))
    assert (run.course.completion or "").strip() == CLOSING
    assert run.course.turns == 1
    assert len(run.upstream.asked) == 2


async def test_a_mention_of_a_tool_in_words_runs_nothing(tmp_path: Path) -> None:
    words = "I would use `<execute_command>` or <read_file> here.\n\n```xml\n" + TWO + "\n```\nThat is all."
    run = await drive(tmp_path, Variant(), Said(words))
    assert run.course.completion is not None
    assert run.course.completion.strip() == words
    assert run.course.turns == 1
    assert not (tmp_path / "workspace" / "ran.txt").exists()
