"""Programs that the tests start: each in a process group of its own, with a private home, ended for sure."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from tests.e2e.upstream import KEY, ScriptedUpstream, Wire

_REPOSITORY = Path(__file__).resolve().parents[2]
_START_LIMIT = 60  # seconds
_QUIET = {
    "CI": "1",
    "CLINE_NO_AUTO_UPDATE": "1",
    "CLINE_OTEL_TELEMETRY_ENABLED": "0",
    "DO_NOT_TRACK": "1",
    "KILO_DISABLE_AUTOUPDATE": "1",
    "KILO_DISABLE_MODELS_FETCH": "1",
    "KILO_TELEMETRY_LEVEL": "off",
    "NO_COLOR": "1",
    "NO_UPDATE_NOTIFIER": "1",
}


class Place(msgspec.Struct, frozen=True):
    """Where a program lives: home, temporary files, and the workspace it works on."""

    home: Path
    temporary: Path
    workspace: Path

    @classmethod
    def under(cls, folder: Path) -> Place:
        """Make the three folders."""
        place = cls(folder / "home", folder / "tmp", folder / "workspace")
        for each in (place.home, place.temporary, place.workspace):
            each.mkdir()
        return place

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the caller's but PATH: no keys, no proxies, no settings."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.temporary),
            "LANG": "C.UTF-8",
            **_QUIET,
            **more,
        }


class Ended(msgspec.Struct, frozen=True):
    """code: None where the program was stopped by the test."""

    code: int | None
    output: str
    errors: str


class Listening(msgspec.Struct, frozen=True):
    """A running server. address: as it printed it."""

    address: str
    process: asyncio.subprocess.Process

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self.process.returncode is None:
            _end_group(self.process)
            await self.process.wait()


async def run(
    command: Sequence[str],
    place: Place,
    *,
    limit: float,
    more: Mapping[str, str] | None = None,
    until: asyncio.Event | None = None,
) -> Ended:
    """Run to the end, or until the event is set.

    limit: seconds. Raises TimeoutError with what the program said where it takes longer.
    """
    environment = place.environment(more or {})
    async with _started(command, environment, place.workspace, asyncio.subprocess.PIPE) as process:
        said = asyncio.create_task(process.communicate())
        waits = [said] if until is None else [said, asyncio.create_task(until.wait())]
        done, _ = await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        code = process.returncode if said in done else None
        _end_group(process)
        output, errors = (part.decode(errors="replace") for part in await said)
        for wait in waits[1:]:
            wait.cancel()
        if not done:
            raise TimeoutError(f"{command[0]} took more than {limit} s: {output[-2000:]}\n{errors[-2000:]}")
    return Ended(code, output, errors)


@asynccontextmanager
async def _started(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, errors: BinaryIO | int
) -> AsyncIterator[asyncio.subprocess.Process]:
    """errors: where its standard error goes."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=errors,
        env=dict(environment),
        cwd=folder,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end_group(process)
        await process.wait()
        for pid in _remaining(environment["HOME"]):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _end_group(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _remaining(home: str) -> list[int]:
    """Processes that took a session of their own, told by the private HOME; where there is a /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"HOME={home}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
    return found


def _read(file: str) -> str:
    return Path(file).read_text()


def _log(folder: Path) -> BinaryIO:
    folder.mkdir()
    return (folder / "log").open("wb")


@asynccontextmanager
async def listening(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> AsyncIterator[Listening]:
    """A server that names its address on the first line it prints. folder: of its own, its home, holds its
    `log`. Raises AssertionError with the log where it does not start.
    """
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    with _log(folder) as errors:
        async with _started(command, own, folder, errors) as process:
            assert process.stdout is not None
            first = (await asyncio.wait_for(process.stdout.readline(), _START_LIMIT)).decode()
            assert first, _read(errors.name)
            address = next(word.rstrip(",") for word in first.split() if word.startswith("http://"))
            yield Listening(address, process)


@asynccontextmanager
async def serving(folder: Path, *options: str, more: Mapping[str, str] | None = None) -> AsyncIterator[str]:
    """`roobridge serve` with these options; gives the base URL for clients. folder: see `listening`."""
    command = [sys.executable, "-m", "roobridge", "serve", "--host", "127.0.0.1", "--port", "0", *options]
    environment = {"PYTHONPATH": str(_REPOSITORY), **(more or {})}
    async with listening(command, environment, folder) as server:
        yield server.address


@asynccontextmanager
async def bridge(upstream: ScriptedUpstream, folder: Path, *options: str) -> AsyncIterator[str]:
    """`serving` before a scripted upstream, whose refusals stand: each is for one request."""
    wire = ["--upstream", upstream.wire.value, "--base-url", upstream.base_url]
    key = ["--api-key", KEY] if upstream.wire is Wire.QWEN_WEB else []
    more = {"ROOBRIDGE_RETRY_SECONDS": "0"}
    async with serving(folder, *wire, *key, *options, more=more) as address:
        yield address
