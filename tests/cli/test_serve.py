from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import httpx
import pytest

from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.requests import unread

_LONG = b'data: {"choices":[{"index":0,"delta":{"content":"%b"},"finish_reason":null}]}\n\n' % (b"x" * 60_000)
LOOPBACK = ("--upstream", "openai", "--base-url", "http://127.0.0.1:9", "--host", "127.0.0.1")


@contextmanager
def started(command: list[str], **variables: str) -> Iterator[subprocess.Popen[str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROOBRIDGE_")}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**kept, **variables},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def program(*options: str, **variables: str) -> AbstractContextManager[subprocess.Popen[str]]:
    return started([sys.executable, "-m", "roobridge", "serve", *options], **variables)


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return next(word.rstrip(",") for word in process.stdout.readline().split() if word.startswith("http://"))


def answers(address: str) -> int:
    """The status of the list of models; the socket listens before the loop runs, so the answer may take."""
    with httpx.Client(trust_env=False, timeout=20) as client:
        return client.get(address + "/models").status_code


def test_more_connections_than_it_has_descriptors_for_are_opened_and_closed() -> None:
    limited = f"ulimit -n 256; exec {sys.executable} -m roobridge serve --port 0"
    with started(["sh", "-c", limited]) as process:
        address = address_of(process)
        place = address.removeprefix("http://").removesuffix("/v1").split(":")
        opened = [socket.create_connection((place[0], int(place[1])), timeout=20) for _ in range(300)]
        for connection in opened:
            connection.close()
        assert answers(address) == 200
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert "the limit of open files, 256, is enough for 64 connections" in errors
    assert "Too many open files" not in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_until_it_is_told_to_stop(workers: str) -> None:
    with program(*LOOPBACK, "--port", "0", "--workers", workers) as process:
        assert answers(address_of(process)) == 502  # nothing listens where the upstream should be
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in errors


def test_without_a_setting_it_plays_the_demo_and_names_its_model() -> None:
    with program("--port", "0") as process:
        address = address_of(process)
        assert process.stdout is not None
        greeted = [process.stdout.readline() for _ in range(4)]
        with httpx.Client(trust_env=False, timeout=20) as client:
            listed = client.get(address + "/models").json()["data"]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    assert [line.split()[1] for line in greeted if "Model" in line] == [listed[0]["id"]]


async def test_the_upstream_is_asked_once_however_many_processes_serve() -> None:
    async def script(answer: Answering, request: Received) -> None:
        if request.target == "/props":
            await answer.whole(b'{"default_generation_settings": {"n_ctx": 8192}}')
        else:
            await answer.whole(b'{"data": [{"id": "coder", "owned_by": "llamacpp"}]}')

    server = Loopback(script)
    upstream = ("--upstream", "openai", "--base-url", await server.start() + "/v1", "--host", "127.0.0.1")

    def greeted() -> str:
        with program(*upstream, "--port", "0", "--workers", "2") as process:
            assert process.stdout is not None
            return "".join(process.stdout.readline() for _ in range(8))

    said = await asyncio.to_thread(greeted)
    await server.stop()
    assert "coder, context 8,192 tokens.\n" in said
    assert "  In Roo set context window 8192, max output 2048, images off.\n  Warning: " in said
    assert [request.target for request in server.requests] == ["/v1/models", "/props"]


@pytest.mark.parametrize("level", ["info", "debug"])
def test_a_variable_that_sets_nothing_is_told_and_the_log_says_as_much_as_it_is_asked_to(level: str) -> None:
    with program(*LOOPBACK, "--port", "0", "--log-level", level, ROOBRIDGE_WRAPP="live") as process:
        answers(address_of(process))
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=20)
    assert "ROOBRIDGE_WRAPP is set, but there is no such setting" in errors
    assert ("DEBUG" in errors) == (level == "debug")


async def test_a_client_that_does_not_read_does_not_keep_it_from_ending() -> None:
    async def script(answer: Answering, request: Received) -> None:
        await answer.begin()
        with suppress(ConnectionError):
            while True:
                await answer.part(_LONG)

    server = Loopback(script)
    options = (
        "--upstream",
        "openai",
        "--base-url",
        await server.start(),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    )
    with program(*options) as process:
        address = await asyncio.to_thread(address_of, process)
        _, writer = await unread(address.removesuffix("/v1"))
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.to_thread(process.communicate, timeout=20)
    assert process.returncode == 0
    assert "neither read nor close" in errors
    assert "Traceback" not in errors
    writer.close()
    await server.stop()


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with program(*LOOPBACK, "--port", port) as process:
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"Port {port} on 127.0.0.1 is in use" in errors
    assert len(errors.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--wrap", "folded"), "'wrap'"),
        (("--host", "0.0.0.0"), "--allow-open"),
        (("--upstream", "opnai"), "opnai"),
        (("--tapes", "/nowhere/at/all", "--workers", "2"), "/nowhere/at/all"),
    ],
)
def test_a_bad_setting_is_one_clear_line(options: tuple[str, ...], word: str) -> None:
    with program(*options) as process:
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 2
    assert word in errors
    assert len(errors.strip().splitlines()) == 1
    assert not output
