"""Replies that break off inside a call: a file on disk is the old one or the whole new one, never half."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.breaking import LONG, breaking
from tests.e2e.model import Call, Ending, Said, tokens
from tests.e2e.roo_prompt import Variant
from tests.e2e.scenario import CLOSING
from tests.e2e.test_roo import drive
from tests.e2e.upstream import Wire
from tests.oracle.dialect_writer import hermes, qwen, roo_xml

pytestmark = pytest.mark.e2e

OLD_FILE = b"the file\nas it was\n"
XML = Variant()
NATIVE = Variant(version=(3, 52, 1), native=True)
WRITERS = {"xml": roo_xml, "qwen": qwen, "hermes": hermes}


def whole(dialect: str) -> Said:
    params = {"path": "notes.txt", "content": LONG}
    if dialect == "deltas":
        return Said("Now the file.", calls=(Call("write_to_file", params),))
    return Said("Now the file.\n\n" + WRITERS[dialect]("write_to_file", params))


CASES = [
    (XML, "xml"),
    (XML, "qwen"),
    (XML, "hermes"),
    (NATIVE, "deltas"),
    (NATIVE, "qwen"),
    (NATIVE, "hermes"),
]


def old_notes(folder: Path) -> Path:
    """The file that the model is to write over, in a client's workspace."""
    notes = folder / "workspace" / "notes.txt"
    notes.parent.mkdir()
    notes.write_bytes(OLD_FILE)
    return notes


def _case_id(part: object) -> str:
    return part if isinstance(part, str) else "native" if part is NATIVE else "xml client"


@pytest.mark.parametrize("ending", [Ending.LENGTH, Ending.ERROR, Ending.CUT])
@pytest.mark.parametrize(("variant", "dialect"), CASES, ids=_case_id)
async def test_a_broken_write_leaves_the_whole_file_in_the_end_and_never_half(
    variant: Variant, dialect: str, ending: Ending, tmp_path: Path
) -> None:
    notes = old_notes(tmp_path)
    answer = breaking(whole(dialect), ending)
    run = await drive(tmp_path, variant, answer, answer, Said(CLOSING), Said(CLOSING))
    assert notes.read_bytes() == LONG.encode(), run.course
    assert run.course.reproaches == 0
    assert (run.course.completion or "").strip() == CLOSING


@pytest.mark.parametrize("wire", list(Wire))
@pytest.mark.parametrize("variant", [XML, NATIVE], ids=["xml", "native"])
async def test_where_nothing_helps_the_file_stays_and_the_user_is_asked(
    variant: Variant, wire: Wire, tmp_path: Path
) -> None:
    notes = old_notes(tmp_path)
    said = whole("xml" if not variant.native else "qwen")
    broken = Said(said.text, ending=Ending.ERROR, most=120)
    strict = Variant(version=variant.version, native=variant.native, auto_approve=False)
    run = await drive(tmp_path, strict, *[broken] * 20, wire=wire)
    assert notes.read_bytes() == OLD_FILE
    assert run.course.stopped == "asks the user"
    assert run.course.turns == 2  # Roo alone goes on asking without an end
    assert run.course.errors[-1].startswith("503 ") or len(run.course.errors) == 2


@pytest.mark.parametrize(("variant", "dialect"), [(XML, "xml"), (NATIVE, "deltas")], ids=["xml", "native"])
async def test_without_the_bridge_half_a_file_is_saved_as_a_success(
    variant: Variant, dialect: str, tmp_path: Path
) -> None:
    notes = old_notes(tmp_path)
    done = Said(roo_xml("attempt_completion", {"result": CLOSING}))
    await drive(tmp_path, variant, breaking(whole(dialect), Ending.LENGTH), done, bridged=False, most=2)
    saved = notes.read_bytes().strip()
    assert saved
    assert LONG.encode().startswith(saved)
    assert len(saved) < len(LONG.encode()) * 0.9


@pytest.mark.parametrize(("variant", "dialect"), [(XML, "xml"), (NATIVE, "qwen")], ids=["xml", "native"])
async def test_half_a_command_is_never_run(variant: Variant, dialect: str, tmp_path: Path) -> None:
    command = {"command": "echo safe > ran.txt; rm -rf important"}
    text = WRITERS[dialect]("execute_command", command)
    cut = next(at for at in range(len(tokens(text))) if "".join(tokens(text)[:at]).endswith("ran.txt"))
    (tmp_path / "workspace").mkdir()
    strict = Variant(version=variant.version, native=variant.native, auto_approve=False)
    broken = Said(text, ending=Ending.LENGTH, most=cut)
    run = await drive(tmp_path, strict, *[broken] * 20)
    assert not (tmp_path / "workspace" / "ran.txt").exists()
    assert run.course.stopped == "asks the user"


async def test_half_an_answer_in_words_is_not_shown_as_the_result(tmp_path: Path) -> None:
    words = "The first half of a long answer. " * 20
    broken = Said(words, ending=Ending.CUT, most=60)
    run = await drive(tmp_path, Variant(auto_approve=False), *[broken] * 20)
    assert run.course.completion is None or run.course.completion.strip() == words.strip()
    assert run.course.turns <= 2
