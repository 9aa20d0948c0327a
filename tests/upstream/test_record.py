"""Recording: what passed through is on disk, whole, without secrets."""

from __future__ import annotations

import stat
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from roobridge.bridge.ports import Capabilities, Delta, Health, Model, Upstream, UpstreamRequest, Usage
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.tape.format import SUFFIX, Tape, parse_tape, write_tape
from roobridge.errors import SettingsError, UpstreamError
from roobridge.events import ToolDelta
from roobridge.upstream.around.record import RecordUpstream
from roobridge.upstream.replay import ReplayUpstream

KEY = "sk-0123456789abcdef0123"
REPLY = [
    [Delta(reasoning="hm ")],
    [Delta(content="Grüße "), Delta(content="☃")],
    [Delta(tool_calls=(ToolDelta(0, "id1", "read_file", '{"path":'),))],
    [Delta(tool_calls=(ToolDelta(0, arguments='"a"}'), ToolDelta(1, "id2", "list_files", "{}")))],
    [Delta(usage=Usage(5, 7, 1, 2), finish="tool_calls")],
]


class Scripted:
    """An upstream that says what it is told, and then raises `error`, if there is one."""

    name = "scripted"
    capabilities = Capabilities(vision=False)

    def __init__(self, batches: Sequence[Sequence[Delta]], error: UpstreamError | None = None) -> None:
        self.closed = False
        self._batches = batches
        self._error = error

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        try:
            for batch in self._batches:
                yield batch
            if self._error is not None:
                raise self._error
        finally:
            self.closed = True

    async def models(self) -> Sequence[Model]:
        return [Model("m")]

    async def health(self) -> Health:
        return Health(ok=True)

    async def aclose(self) -> None:
        self.closed = True


def request(**more: Any) -> UpstreamRequest:
    messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    return UpstreamRequest(
        {"model": "org/m 1", "messages": [*messages, {"role": "user", "content": "c"}], **more},
        key=KEY,
        headers={"authorization": f"Bearer {KEY}", "cookie": "token=abcdefghijk"},
    )


async def play(upstream: Upstream, asked: UpstreamRequest) -> list[Delta]:
    return [delta async for batch in upstream.stream(asked) for delta in batch]


def only_tape(folder: Path) -> Tape:
    (file,) = folder.iterdir()
    return parse_tape(file.read_bytes(), file.name)


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


def together(deltas: Sequence[Delta]) -> tuple[str, str, dict[int, tuple[str, str, str]], Usage | None, str]:
    calls: dict[int, tuple[str, str, str]] = {}
    for call in (call for delta in deltas for call in delta.tool_calls):
        id, name, arguments = calls.get(call.index, ("", "", ""))
        calls[call.index] = (id + call.id, name + call.name, arguments + call.arguments)
    usage = next((delta.usage for delta in deltas if delta.usage), None)
    said = "".join(delta.content for delta in deltas)
    return "".join(delta.reasoning for delta in deltas), said, calls, usage, deltas[-1].finish


async def test_a_recording_replays_what_was_said(tmp_path: Path) -> None:
    passed = await play(RecordUpstream(Scripted(REPLY), tmp_path, Cleaner()), request())
    assert passed == [delta for batch in REPLY for delta in batch]
    again = await play(ReplayUpstream(tmp_path, 0), request())
    assert together(again) == together(passed)


async def test_the_arrivals_keep_their_cuts_and_their_order(tmp_path: Path) -> None:
    await play(RecordUpstream(Scripted(REPLY), tmp_path, Cleaner()), request())
    tape = only_tape(tmp_path)
    assert len(tape.frames) == len(REPLY)
    assert [frame.data.count(b"data: ") for frame in tape.frames] == [1, 2, 1, 2, 3]
    assert sorted(frame.at for frame in tape.frames) == [frame.at for frame in tape.frames]


async def test_the_file_tells_model_and_time_and_is_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    await play(RecordUpstream(Scripted(REPLY), folder, Cleaner()), request())
    (file,) = folder.iterdir()
    assert file.match(f"org-m-1-[0-9]*T[0-9]*Z-????????{SUFFIX}")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_request_and_the_repairs_are_kept(tmp_path: Path) -> None:
    recorder = RecordUpstream(Scripted(REPLY), tmp_path, Cleaner())
    asked = request(temperature=0.5)
    async with aclosing(cast("Any", recorder.stream(asked))) as stream:
        await anext(stream)
        recorder.repaired(asked, ["text_wrapped"])
    tape = only_tape(tmp_path)
    assert tape.repairs == ("text_wrapped",)
    assert tape.request == asked.body
    assert tape.match.turn == 1


def test_repairs_of_a_reply_that_is_not_being_recorded_are_left_alone(tmp_path: Path) -> None:
    RecordUpstream(Scripted(REPLY), tmp_path, Cleaner()).repaired(request(), ["text_wrapped"])
    assert files(tmp_path) == []


async def test_a_reply_that_the_client_breaks_off_is_recorded_as_far_as_it_came(tmp_path: Path) -> None:
    inner = Scripted(REPLY)
    async with aclosing(cast("Any", RecordUpstream(inner, tmp_path, Cleaner()).stream(request()))) as stream:
        await anext(stream)
        await anext(stream)
    assert inner.closed
    assert len(only_tape(tmp_path).frames) == 2
    assert together(await play(ReplayUpstream(tmp_path, 0), request()))[-1] == "cut"


@pytest.mark.parametrize("batches", [REPLY[:2], []])
async def test_an_error_is_passed_on_and_recorded(tmp_path: Path, batches: list[list[Delta]]) -> None:
    error = UpstreamError(f"quota of {KEY} used up", kind="insufficient_quota", code="quota", status_hint=429)
    with pytest.raises(UpstreamError) as raised:
        await play(RecordUpstream(Scripted(batches, error), tmp_path, Cleaner()), request())
    assert raised.value is error
    assert len(only_tape(tmp_path).frames) == len(batches) + 1
    with pytest.raises(UpstreamError, match=r"quota of \[redacted\] used up"):
        await play(ReplayUpstream(tmp_path, 0), request())


async def test_a_cut_reply_replays_as_a_cut_one(tmp_path: Path) -> None:
    await play(
        RecordUpstream(Scripted([[Delta(content="x")], [Delta(finish="cut")]]), tmp_path, Cleaner()),
        request(),
    )
    assert (await play(ReplayUpstream(tmp_path, 0), request()))[-1].finish == "cut"


async def test_no_secret_reaches_the_disk_however_it_was_cut(tmp_path: Path) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEyMzQ1Njc4In0.c2lnbmF0dXJlc2lnbmF0dXJl"
    pieces = [[Delta(content=text)] for text in ("the key is sk-01234", "56789abcdef0123", ", the token ")]
    pieces += [[Delta(content=token[:20])], [Delta(content=token[20:] + " end", finish="stop")]]
    asked = request(user=KEY, metadata={"cookie": "token=abcdefghijk", "note": token})
    passed = await play(RecordUpstream(Scripted(pieces), tmp_path, Cleaner()), asked)
    assert token in "".join(delta.content for delta in passed)
    written = write_tape(only_tape(tmp_path)).decode()
    for secret in (KEY, token, token[20:], "abcdefghijk", "56789abcdef0123"):
        assert secret not in written
    again = await play(ReplayUpstream(tmp_path, 0), request())
    assert together(again)[1] == "the key is [redacted], the token [redacted] end"


async def test_it_is_the_upstream_that_it_wraps(tmp_path: Path) -> None:
    inner = Scripted(REPLY)
    recorder = RecordUpstream(inner, tmp_path, Cleaner())
    assert (recorder.name, recorder.capabilities) == (inner.name, inner.capabilities)
    assert await recorder.models() == [Model("m")]
    assert (await recorder.health()).ok
    await recorder.aclose()
    assert inner.closed


async def test_a_disk_that_fails_costs_the_tape_not_the_reply(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "gone"
    recorder = RecordUpstream(Scripted(REPLY), folder, Cleaner())
    folder.rmdir()
    assert len(await play(recorder, request())) == 6
    assert "was not written" in caplog.text


async def test_a_full_disk_leaves_no_half_tape(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    resource = pytest.importorskip("resource", reason="a limit of file sizes stands for a full disk")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        said = await play(RecordUpstream(Scripted(REPLY), tmp_path, Cleaner()), request())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(said) == 6
    assert "was not written" in caplog.text
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be recorded"):
        RecordUpstream(Scripted(REPLY), tmp_path / "file" / "folder", Cleaner())
