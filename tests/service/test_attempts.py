from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from roobridge.bridge.ports import Delta, UpstreamRequest, Usage
from roobridge.errors import UpstreamError
from roobridge.service.turns.attempts import Attempt, Patience
from roobridge.upstream.around.queue import Queued, Slots
from tests.service.scripted import Scripted, Step, end, say, silence

PATIENT = Patience(start=30, idle=30)
REQUEST = UpstreamRequest({"model": "qwen"})


def broken() -> UpstreamError:
    return UpstreamError("The connection was lost.", code="connection_lost")


async def read(attempt: Attempt) -> list[str]:
    texts = [delta.content async for deltas in attempt for delta in deltas if delta.content]
    await attempt.aclose()
    return texts


@pytest.mark.parametrize(
    ("script", "finish"),
    [
        (say("a", "b") + end("stop"), "stop"),
        (say("a", "b") + end("length"), "length"),
        (say("a", "b"), "cut"),
        ([*say("a", "b"), broken()], "error"),
    ],
)
async def test_how_it_ended(script: list[Step], finish: str) -> None:
    attempt = Attempt(Scripted(script), REQUEST, PATIENT)
    assert await read(attempt) == ["a", "b"]
    assert attempt.finish == finish
    assert (attempt.error is not None) == (finish == "error")


async def test_the_last_usage_counts() -> None:
    script: list[Step] = [[Delta(usage=Usage(1, 1)), Delta(content="a", usage=Usage(1, 2))], *end()]
    attempt = Attempt(Scripted(script), REQUEST, PATIENT)
    await read(attempt)
    assert attempt.usage == Usage(1, 2)


async def test_a_refusal_is_raised() -> None:
    attempt = Attempt(Scripted([broken()]), REQUEST, PATIENT)
    with pytest.raises(UpstreamError, match="was lost"):
        await read(attempt)
    assert not attempt.accepted


async def test_silence_within_the_reply_is_an_end() -> None:
    upstream = Scripted([*say("a"), silence()])
    attempt = Attempt(upstream, REQUEST, Patience(start=30, idle=0.02))
    assert await read(attempt) == ["a"]
    assert attempt.finish == "silence"
    assert upstream.closed[0].is_set()


async def test_the_time_between_two_reads_is_no_silence() -> None:
    attempt = Attempt(Scripted([*say("a", "b"), *end()]), REQUEST, Patience(start=30, idle=0.02))
    assert [delta.content for delta in await anext(attempt)] == ["a"]
    await anext(attempt)
    await asyncio.sleep(0.05)  # whoever writes to the client is slow
    assert [delta.finish for delta in await anext(attempt)] == ["stop"]
    assert await anext(attempt, None) is None
    assert attempt.finish == "stop"


async def test_silence_before_the_reply_is_a_refusal() -> None:
    attempt = Attempt(Scripted([silence()]), REQUEST, Patience(start=0.02, idle=30))
    with pytest.raises(UpstreamError) as caught:
        await read(attempt)
    assert caught.value.status_hint == 504


async def test_an_error_while_silence_is_broken_off_leaves_no_cancellation_behind() -> None:
    class Failing(Scripted):
        async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
            yield [Delta(content="a")]
            try:
                await silence().wait()
            finally:
                raise UpstreamError("It broke while it was closed.", code="broken_off")

    attempt = Attempt(Failing(), REQUEST, Patience(start=30, idle=0.02))
    task = asyncio.ensure_future(read(attempt))
    await asyncio.wait([task], timeout=5)
    assert attempt.finish == "error"
    assert task.cancelling() == 0
    assert not task.cancelled()


async def test_a_cancellation_from_elsewhere_is_no_silence() -> None:
    upstream = Scripted([*say("a"), silence()])
    attempt = Attempt(upstream, REQUEST, PATIENT)
    reading = asyncio.ensure_future(read(attempt))
    await upstream.requested(1)
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert upstream.closed[0].is_set()
    await attempt.aclose()


async def test_closing_closes_the_upstream() -> None:
    upstream = Scripted([*say("a"), silence()])
    attempt = Attempt(upstream, REQUEST, PATIENT)
    await anext(attempt)
    await attempt.aclose()
    assert upstream.closed[0].is_set()
    assert not upstream.exhausted[0]


class Clock:
    """The loop's time, as far ahead as a test wants it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._ahead = 0.0
        now = loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + self._ahead)

    async def pass_by(self, seconds: float) -> None:
        """So much time passes, and what is due then happens."""
        self._ahead += seconds
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.mark.parametrize(("patience", "seconds"), [(Patience(0, 0), 86_400), (Patience(900, 160), 150)])
async def test_silence_within_the_limit_is_waited_out(
    patience: Patience, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, go = asyncio.Event(), asyncio.Event()
    attempt = Attempt(Scripted([begin, *say("a"), go, *say("b"), *end()]), REQUEST, patience)
    clock = Clock(monkeypatch)
    reading = asyncio.create_task(read(attempt))
    await clock.pass_by(0)
    for event in (begin, go):
        await clock.pass_by(seconds)
        assert not reading.done()
        event.set()
        await clock.pass_by(0)
    assert await reading == ["a", "b"]
    assert attempt.finish == "stop"


async def test_a_limit_after_none_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    attempt = Attempt(Scripted([*say("a"), silence()]), REQUEST, Patience(start=0, idle=600))
    clock = Clock(monkeypatch)
    reading = asyncio.create_task(read(attempt))
    await clock.pass_by(0)
    await clock.pass_by(599)
    assert not reading.done()
    await clock.pass_by(2)
    assert await reading == ["a"]
    assert attempt.finish == "silence"


async def test_an_upstream_that_is_not_asked_yet_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, go = Clock(monkeypatch), asyncio.Event()
    inner = Scripted([go, *say("a"), *end()], [*say("b"), *end()], [silence()])
    upstream = Queued(inner, Slots(1), 0)
    first, second, third = (
        asyncio.ensure_future(read(Attempt(upstream, UpstreamRequest({"model": "m"}), Patience(start, 0))))
        for start in (0, 30, 30)
    )
    await inner.requested(1)
    for _ in range(3):
        await clock.pass_by(20)
    go.set()
    assert await first == ["a"]
    assert await second == ["b"]
    await inner.requested(3)
    await clock.pass_by(20)
    assert not third.done()
    await clock.pass_by(20)
    with pytest.raises(UpstreamError, match="start_timeout"):
        await third
