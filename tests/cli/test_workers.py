"""Several processes serve one address: what one of them knows of a conversation, the others know."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from roobridge.cli.workers import DEATHS
from tests.cli.test_serve import LOOPBACK, address_of, answers, program
from tests.service.metered import Metered
from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.requests import ROO, roo

_WORDS = b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"Hm."},"finish_reason":null}]}\n\n'
_ERROR = b'data: {"error":{"message":"The model broke.","type":"server_error"}}\n\n'
_REQUESTS = 8  # of connections of their own: both processes take some


@contextmanager
def serving(upstream: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    options = ("--upstream", "openai", "--base-url", upstream, "--host", "127.0.0.1", "--port", "0")
    with program(*options, "--workers", "2", **variables) as process:
        yield process


@asynccontextmanager
async def two_workers(upstream: str) -> AsyncIterator[str]:
    with serving(upstream) as process:
        yield await asyncio.to_thread(address_of, process)


def worker_of(process: subprocess.Popen[str]) -> int:
    """The next worker that is said to be started."""
    assert process.stderr is not None
    started = re.compile(r"worker (\d+) is started")
    return next(int(found[1]) for line in process.stderr if (found := started.search(line)))


async def _ask(address: str, *turns: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        return await client.post(address + "/chat/completions", json=roo(*turns), headers=ROO)


async def test_a_retry_storm_is_damped_by_all() -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data": []}')
        else:
            await answer.stream(_WORDS, _ERROR)

    server = Loopback(script)
    async with two_workers(await server.start()) as address:
        first = await _ask(address, "Do it")
        again = [await _ask(address, "Do it") for _ in range(_REQUESTS)]
    await server.stop()
    assert first.status_code == 200
    assert [response.status_code for response in again] == [503] * _REQUESTS


async def test_a_conversation_that_goes_on_ends_its_older_turn_wherever_it_runs() -> None:
    asked: asyncio.Queue[None] = asyncio.Queue()

    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data": []}')
        else:
            await answer.begin()
            await answer.part(_WORDS)
            asked.put_nowait(None)
            await answer.gone()

    server = Loopback(script)
    async with two_workers(await server.start()) as address:
        turns: list[str] = []
        open_turns: list[asyncio.Task[httpx.Response]] = []
        for number in range(_REQUESTS):
            turns += [f"Do {number}", "Done"]
            open_turns.append(asyncio.create_task(_ask(address, *turns)))
            await asyncio.wait_for(asked.get(), 20)
        done, _ = await asyncio.wait(open_turns[:-1], timeout=20)
        assert len(done) == _REQUESTS - 1
        assert all("superseded" in task.result().text for task in done)
        open_turns[-1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await open_turns[-1]
    await server.stop()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_a_worker_that_is_killed_is_started_again() -> None:
    with serving("http://127.0.0.1:9") as process:
        address = address_of(process)
        first, second = worker_of(process), worker_of(process)
        for victim in (first, second):
            os.kill(victim, signal.SIGKILL)
            assert worker_of(process) not in (first, second)
        assert answers(address) == 502  # nothing listens where the upstream should be
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0


async def test_what_workers_count_is_read_from_any_of_them() -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data": []}')
        else:
            await answer.stream(_WORDS, b"data: [DONE]\n\n")

    server = Loopback(script)
    async with two_workers(await server.start()) as address:
        for number in range(_REQUESTS):
            await _ask(address, f"Do {number}")
        metrics = address.removesuffix("/v1") + "/metrics"
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            found = [Metered((await client.get(metrics)).text) for _ in range(_REQUESTS)]
    await server.stop()
    assert [each("turns_total", kind="roo-xml") for each in found] == [_REQUESTS] * _REQUESTS
    assert [each("open_turns") for each in found] == [0] * _REQUESTS


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
async def test_what_a_killed_worker_had_open_counts_no_more_and_its_folder_goes_at_the_end(
    tmp_path: Path,
) -> None:
    asked: asyncio.Queue[None] = asyncio.Queue()

    async def script(answer: Answering, request: Received) -> None:
        if request.target.endswith("/models"):
            await answer.whole(b'{"data": []}')
        else:
            await answer.begin()
            asked.put_nowait(None)
            await answer.gone()

    def folders() -> list[Path]:
        return list(tmp_path.glob("roobridge-*"))

    server = Loopback(script)
    with serving(await server.start(), TMPDIR=str(tmp_path)) as process:
        address = await asyncio.to_thread(address_of, process)
        victims = [await asyncio.to_thread(worker_of, process) for _ in range(2)]
        asking = asyncio.create_task(_ask(address, "Do it"))
        await asked.get()
        metrics = address.removesuffix("/v1") + "/metrics"
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            assert Metered((await client.get(metrics)).text)("open_turns") == 1
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
            await asyncio.to_thread(worker_of, process)
        with pytest.raises(httpx.HTTPError):
            await asking
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            assert Metered((await client.get(metrics)).text)("open_turns") == 0
        (folder,) = folders()
        assert folder.stat().st_mode & 0o077 == 0
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(process.communicate, timeout=20)
    await server.stop()
    assert folders() == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_workers_that_die_again_and_again_end_the_service_with_a_status() -> None:
    with serving("http://127.0.0.1:9") as process:
        address_of(process)
        waiting = [worker_of(process), worker_of(process)]
        for _ in range(DEATHS - 1):
            os.kill(waiting.pop(0), signal.SIGKILL)
            waiting.append(worker_of(process))
        os.kill(waiting.pop(0), signal.SIGKILL)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "the service ends" in errors


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_hang_up_of_the_terminal_ends_nothing(workers: str) -> None:
    with program(*LOOPBACK, "--port", "0", "--workers", workers) as process:
        address = address_of(process)
        assert answers(address) == 502
        process.send_signal(signal.SIGHUP)
        assert answers(address) == 502
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
        assert process.returncode == 0
