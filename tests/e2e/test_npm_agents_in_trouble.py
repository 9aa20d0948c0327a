"""What Cline, qwen-code and Kilo do with replies that go wrong, or that hold more than one call."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.breaking import LONG, breaking
from tests.e2e.clients import WITH_KILO, cline, kilo, qwen_code
from tests.e2e.model import Call, Ending, Said
from tests.e2e.programs import Place, bridge
from tests.e2e.scenario import CLOSING, Dialect
from tests.e2e.upstream import scripted
from tests.oracle.dialect_writer import hermes, qwen, roo_xml

pytestmark = pytest.mark.e2e

NOTES = {"path": "notes.txt", "content": LONG}


@pytest.mark.parametrize("bridged", [True, False])
async def test_cline_saves_half_a_file_only_without_the_bridge(
    bridged: bool, modules: Path, place: Place, tmp_path: Path
) -> None:
    notes = place.workspace / "notes.txt"
    notes.write_text("the file as it was\n")
    answer = breaking(Said("Now.\n\n" + roo_xml("write_to_file", NOTES)), Ending.LENGTH)
    replies = (answer, answer, Said(CLOSING)) if bridged else (answer,)
    async with scripted(Dialect.DASHSCOPE.wire, *replies) as upstream, AsyncExitStack() as stack:
        address = upstream.base_url
        if bridged:
            address = await stack.enter_async_context(bridge(upstream, tmp_path / "bridge"))
        agent = await cline(modules, place, address, upstream.over)
    saved = notes.read_text()
    if bridged:
        assert (saved, agent.completion) == (LONG, CLOSING)
    else:
        assert LONG.startswith(saved)
        assert 0 < len(saved) < 0.9 * len(LONG)


# How each writes a file: its tool, and the parameter that names the file.
NATIVE: dict[str, tuple[Any, str, str]] = {
    "qwen-code": (qwen_code, "write_file", "file_path"),
    "kilo": (kilo, "write", "filePath"),
}


@pytest.mark.parametrize(
    ("client", "dialect", "ending"),
    [
        *(
            ("qwen-code", dialect, end)
            for dialect in ("deltas", "qwen")
            for end in (Ending.LENGTH, Ending.CUT)
        ),
        pytest.param("kilo", "deltas", Ending.LENGTH, marks=WITH_KILO),
        pytest.param("kilo", "qwen", Ending.CUT, marks=WITH_KILO),
    ],
)
async def test_a_client_with_native_calls_gets_the_whole_file(
    client: str, dialect: str, ending: Ending, modules: Path, place: Place, tmp_path: Path
) -> None:
    run, tool, name = NATIVE[client]
    notes = place.workspace / "notes.txt"
    params = {name: str(notes), "content": LONG}
    if dialect == "deltas":
        said = Said("Now.", calls=(Call(tool, params),))
    else:
        said = Said("Now.\n\n" + qwen(tool, params))
    answer = breaking(said, ending)
    replies = (answer, answer, Said(CLOSING), Said(CLOSING))
    async with (
        scripted(Dialect.DASHSCOPE.wire, *replies) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        agent = await run(modules, place, address, upstream.over)
    assert (notes.read_text(), agent.completion) == (LONG, CLOSING)


@pytest.mark.parametrize(
    ("client", "dialect"),
    [
        *(("qwen-code", dialect) for dialect in Dialect),
        pytest.param("kilo", Dialect.WEB, marks=WITH_KILO),
    ],
)
async def test_both_calls_of_a_reply_are_run(
    client: str, dialect: Dialect, modules: Path, place: Place, tmp_path: Path
) -> None:
    files = {str(place.workspace / name): f"{name}\n" for name in ("a.txt", "b.txt")}
    run, tool, name = NATIVE[client]
    both = [{name: path, "content": content} for path, content in files.items()]
    if dialect is Dialect.DASHSCOPE:
        said = Said("Two files.", calls=tuple(Call(tool, params) for params in both))
    else:
        write = hermes if dialect is Dialect.HERMES_TEXT else qwen
        said = Said("Two files.\n\n" + "\n".join(write(tool, params) for params in both))
    async with (
        scripted(dialect.wire, said, Said(CLOSING)) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        agent = await run(modules, place, address, upstream.over)
    assert {path: Path(path).read_text() for path in files} == files  # noqa: ASYNC240 -- small and local
    assert (agent.completion, len(upstream.asked)) == (CLOSING, 2)


@WITH_KILO
async def test_kilo_leaves_a_file_as_it_was_where_its_call_stays_unfinished(
    modules: Path, place: Place, tmp_path: Path
) -> None:
    notes = place.workspace / "notes.txt"
    notes.write_text("the file as it was\n")
    call = Call("write", {"filePath": str(notes), "content": LONG})
    half = Said("Now.", calls=(call,), ending=Ending.LENGTH, most=200)
    async with (
        scripted(Dialect.DASHSCOPE.wire, *[half] * 4) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        agent = await kilo(modules, place, address, upstream.over)
    assert (notes.read_text(), agent.completion) == ("the file as it was\n", "")
    assert "The model's write call is unfinished" in agent.ended.errors


async def test_cline_reads_a_file_to_its_last_closing_tag(
    modules: Path, place: Place, tmp_path: Path
) -> None:
    content = "a</content>\nb"
    said = Said(roo_xml("write_to_file", {"path": "a.txt", "content": content}))
    async with (
        scripted(Dialect.DASHSCOPE.wire, said, Said(CLOSING)) as upstream,
        bridge(upstream, tmp_path / "bridge") as address,
    ):
        agent = await cline(modules, place, address, upstream.over)
    assert (place.workspace / "a.txt").read_text() == content
    assert agent.completion == CLOSING
