"""A Redis of the test's own, which it may end and start again."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.required import unavailable

DEADLINE = 30.0  # seconds; no test comes near it


class RedisServer:
    """url: of its Unix socket; no port, so that none is taken."""

    def __init__(self, program: str, folder: Path, password: str = "") -> None:
        self.url = f"unix://{folder}/s"
        self._command = [program, "--port", "0", "--unixsocket", f"{folder}/s", "--dir", str(folder)]
        self._command += ["--save", "", *(("--requirepass", password) if password else ())]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return once it takes connections."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            if b"ready to accept connections" in line:
                return
        raise AssertionError("redis-server does not start")

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.communicate()
            self._process = None


@asynccontextmanager
async def redis_server(password: str = "") -> AsyncIterator[RedisServer]:
    """One that has not been started yet. Skips the test where there is none."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        unavailable("redis", "there is no redis-server")
    with tempfile.TemporaryDirectory(prefix="rb") as folder:  # tmp_path is longer than a socket's name may be
        server = RedisServer(program, Path(folder), password)
        try:
            yield server
        finally:
            await server.kill()


class Lines(logging.Handler):
    """What is logged, to be awaited."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[str] = []
        self._new: asyncio.Queue[str] = asyncio.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append(record.getMessage())
        self._new.put_nowait(record.getMessage())

    async def said(self, words: str) -> str:
        """The next line with these words."""
        async with asyncio.timeout(DEADLINE):
            while words not in (line := await self._new.get()):
                pass
        return line
