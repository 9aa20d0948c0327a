"""The replay upstream, from tapes in a folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.ports import Delta, UpstreamRequest
from roobridge.bridge.tape.format import SUFFIX, Ending, Frame, Match, Tape, Wire, write_tape
from roobridge.errors import SettingsError, UpstreamError
from roobridge.upstream.replay import ReplayUpstream
from tests.fixture_writer import FOLDER, MODEL

Shelf = Callable[..., Path]


def chunk(content: str = "", finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return b"data: " + msgspec.json.encode({"choices": [choice]}) + b"\n\n"


def spoken(*contents: str, match: Match | None = None, **more: Any) -> Tape:
    frames = [*map(chunk, contents), chunk(finish="stop") + b"data: [DONE]\n\n"]
    return Tape(Wire.OPENAI, "m", tuple(Frame(0.0, data) for data in frames), match or Match(), **more)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    def put(**tapes: Tape) -> Path:
        for stem, tape in tapes.items():
            (tmp_path / f"{stem}{SUFFIX}").write_bytes(write_tape(tape))
        return tmp_path

    return put


def ask(model: str = "m", *, turn: int = 0, text: str = "hi", **more: Any) -> UpstreamRequest:
    history = [{"role": "assistant", "content": "x"}] * turn
    return UpstreamRequest(
        {"model": model, "messages": [*history, {"role": "user", "content": text}], **more}
    )


async def heard(upstream: ReplayUpstream, request: UpstreamRequest) -> list[Delta]:
    return [delta async for batch in upstream.stream(request) for delta in batch]


def content(deltas: Sequence[Delta]) -> str:
    return "".join(delta.content for delta in deltas)


@pytest.mark.parametrize("speed", [0.0, float("inf"), 1000.0])
async def test_a_tape_is_played_frame_by_frame(shelf: Shelf, speed: float) -> None:
    upstream = ReplayUpstream(shelf(a=spoken("one ", "two")), speed)
    batches = [list(batch) async for batch in upstream.stream(ask())]
    assert [content(batch) for batch in batches] == ["one ", "two", ""]
    assert batches[-1][-1].finish == "stop"


class StandingClock:
    """A loop in which no time passes."""

    def time(self) -> float:
        return 100.0


async def test_the_recorded_times_are_kept(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    really = asyncio.sleep

    async def note(delay: float) -> None:
        waits.append(delay)
        await really(0)

    frames = (Frame(5.0, chunk("a")), Frame(9.0, chunk("b", "stop") + b"data: [DONE]\n\n"))
    upstream = ReplayUpstream(shelf(a=Tape(Wire.OPENAI, "m", frames)), speed=2.0)
    monkeypatch.setattr("roobridge.upstream.replay.asyncio.sleep", note)
    monkeypatch.setattr("roobridge.upstream.replay.asyncio.get_running_loop", StandingClock)
    await heard(upstream, ask())
    assert waits == [2.5, 4.5]


async def test_the_match_chooses(shelf: Shelf) -> None:
    folder = shelf(
        any=spoken("any"),
        second=spoken("second", match=Match(turn=1)),
        rain=spoken("rain", match=Match(contains="rain")),
        native=spoken("native", match=Match(ClientKind.NATIVE_AGENT)),
    )
    upstream = ReplayUpstream(folder, 0)
    tool = {"type": "function", "function": {"name": "attempt_completion", "parameters": {"type": "object"}}}
    assert content(await heard(upstream, ask())) == "any"
    assert content(await heard(upstream, ask(turn=1))) == "second"
    assert content(await heard(upstream, ask(text="will it rain?"))) == "rain"
    assert content(await heard(upstream, ask(tools=[tool]))) == "native"
    assert content(await heard(upstream, ask("second", turn=1))) == "second"


async def test_an_unknown_model_is_refused_with_the_known_ones(shelf: Shelf) -> None:
    upstream = ReplayUpstream(shelf(a=spoken("x")), 0)
    with pytest.raises(UpstreamError, match=r"'gpt'.*tapes of m") as raised:
        await heard(upstream, ask("gpt"))
    assert (raised.value.status_hint, raised.value.code, raised.value.param) == (
        404,
        "model_not_found",
        "model",
    )


async def test_a_request_that_no_tape_matches_is_refused(shelf: Shelf) -> None:
    upstream = ReplayUpstream(shelf(a=spoken("x", match=Match(turn=3))), 0)
    with pytest.raises(UpstreamError) as raised:
        await heard(upstream, ask())
    assert raised.value.code == "no_matching_tape"


async def test_a_broken_connection_is_broken_again(shelf: Shelf) -> None:
    tape = Tape(Wire.OPENAI, "m", (Frame(0.0, chunk("half")),), ending=Ending.RESET)
    upstream = ReplayUpstream(shelf(a=tape), 0)
    stream = upstream.stream(ask())
    assert content(await anext(stream)) == "half"
    with pytest.raises(UpstreamError) as raised:
        await anext(stream)
    assert raised.value.code == "broken_off"


async def test_an_end_without_a_finish_is_a_cut(shelf: Shelf) -> None:
    upstream = ReplayUpstream(shelf(a=Tape(Wire.OPENAI, "m", (Frame(0.0, chunk("half")),))), 0)
    assert (await heard(upstream, ask()))[-1].finish == "cut"


async def test_silence_lasts_until_the_caller_has_enough(shelf: Shelf) -> None:
    tape = Tape(Wire.OPENAI, "m", (Frame(0.0, chunk("half")),), ending=Ending.SILENCE)
    stream = ReplayUpstream(shelf(a=tape), 0).stream(ask())
    assert content(await anext(stream)) == "half"
    waiting = asyncio.ensure_future(anext(stream))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_recorded_error_is_raised_after_what_came_before_it(shelf: Shelf) -> None:
    frames = (Frame(0.0, chunk("a")), Frame(0.0, b'data: {"error":{"message":"no more","code":"429"}}\n\n'))
    stream = ReplayUpstream(shelf(a=Tape(Wire.OPENAI, "m", frames)), 0).stream(ask())
    assert content(await anext(stream)) == "a"
    with pytest.raises(UpstreamError, match="no more"):
        await anext(stream)


async def test_a_recorded_refusal_is_raised_before_anything_is_given(shelf: Shelf) -> None:
    body = b'{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}'
    stream = ReplayUpstream(shelf(a=Tape(Wire.OPENAI, "m", (Frame(0.0, body),))), 0).stream(ask())
    with pytest.raises(UpstreamError) as raised:
        await anext(stream)
    assert raised.value.status_hint == 401


async def test_the_models_are_those_of_the_tapes_once_each(shelf: Shelf) -> None:
    upstream = ReplayUpstream(shelf(a=spoken("x"), b=spoken("y"), c=Tape(Wire.OPENAI, "k", ())), 0)
    assert [model.id for model in await upstream.models()] == ["k", "m"]
    assert (await upstream.health()).ok


def test_a_folder_that_cannot_be_played_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no tape"):
        ReplayUpstream(tmp_path)
    with pytest.raises(SettingsError, match="missing: No such file"):
        ReplayUpstream(tmp_path / "missing")
    (tmp_path / f"bad{SUFFIX}").write_text("{}")
    with pytest.raises(SettingsError, match=r"bad\.tape\.jsonl, line 1"):
        ReplayUpstream(tmp_path)


@pytest.mark.parametrize("speed", [-1.0, float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(SettingsError, match="speed"):
        ReplayUpstream(FOLDER, speed)


async def test_the_demo_answers_whoever_asks() -> None:
    upstream = ReplayUpstream(FOLDER, 0)
    assert [model.id for model in await upstream.models()] == [MODEL]
    assert content(await heard(upstream, ask(MODEL, turn=3))).startswith("Hello!")
    roo = {"role": "system", "content": "Tool uses are formatted using XML-style tags."}
    said = [
        content(await heard(upstream, UpstreamRequest({"model": MODEL, "messages": [roo, *history]})))
        for history in ([{"role": "assistant", "content": "x"}] * turn for turn in range(7))
    ]
    tools = ["<list_files>", "<write_to_file>", "<read_file>", "<execute_command>"]
    assert [tool in text for tool, text in zip(tools, said, strict=False)] == [True] * 4
    assert said[4].startswith("The demo session is complete")
    assert said[5] == said[6] != said[4]


async def test_the_demo_answers_a_native_agent() -> None:
    upstream = ReplayUpstream(FOLDER, 0)
    tool = {"type": "function", "function": {"name": "attempt_completion", "parameters": {"type": "object"}}}
    turns = [await heard(upstream, ask(MODEL, turn=turn, tools=[tool])) for turn in range(6)]
    names = [[call.name for delta in deltas for call in delta.tool_calls if call.name] for deltas in turns]
    assert names == [["list_files"], [], ["search_files"], ["execute_command"], [], []]
    assert "<function=write_to_file>" in content(turns[1])
    assert [deltas[-1].finish for deltas in turns[:2]] == ["tool_calls", "stop"]
