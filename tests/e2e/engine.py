"""A real engine: llama.cpp's own server with a real small model, both as they stand on PyPI."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.e2e.programs import Listening, listening, serving

HERE = Path(__file__).parent
TOOLS_TEMPLATE = HERE / "engine_tools.jinja"
_PINS = HERE / "engine-requirements.txt"
_INSTALL_LIMIT = 300  # seconds; about 15 on two cores
_TURN_LIMIT = 30  # seconds until a slot is taken or free
# The engine may close a connection that it has just promised to keep.
_ONE_REQUEST = httpx.Limits(max_keepalive_connections=0)
REPLY_LIMIT = 120  # seconds; a reply of 60 tokens takes 30 on a machine that does other work too


class EngineError(Exception):
    """The engine could not be installed; the message is pip's."""


def installed_engine() -> Path:
    """The Python of a venv that holds the engine, of exactly the versions in engine-requirements.txt.

    It is kept in the user's cache folder, one for each list and each Python. Raises EngineError.
    """
    wanted = hashlib.sha256(_PINS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roobridge-e2e"
    venv = cache / f"engine-{wanted}"
    if not venv.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _install(cache, venv)
    return venv / "bin" / "python"


def _install(cache: Path, venv: Path) -> None:
    """Into a folder of its own first, so that no half installation is ever found."""
    with tempfile.TemporaryDirectory(dir=cache) as begun:
        _do("venv", [sys.executable, "-m", "venv", begun])
        pip = [f"{begun}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _do("pip", [*pip, "--no-deps", "--only-binary=:all:", "--requirement", str(_PINS)])
        if not venv.is_dir():
            Path(begun).rename(venv)
            Path(begun).mkdir()  # for the context manager to remove


def _do(name: str, command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise EngineError(f"{name} took more than {_INSTALL_LIMIT} s") from None
    if done.returncode != 0:
        raise EngineError(f"{name} failed: {(done.stderr or done.stdout)[-500:]}")


class Engine(msgspec.Struct, frozen=True):
    """A running engine."""

    server: Listening
    client: httpx.AsyncClient

    @property
    def base_url(self) -> str:
        """As `serve --base-url` and an OpenAI client want it."""
        return self.server.address + "/v1"

    @property
    def port(self) -> int:
        return int(self.server.address.rpartition(":")[2])

    async def get(self, path: str) -> Any:
        return (await self.client.get(self.server.address + path)).json()

    async def complete(self, body: dict[str, Any]) -> Any:
        """A reply without the bridge."""
        answer = await self.client.post(f"{self.base_url}/chat/completions", json=body)
        return answer.json()

    async def busy(self) -> int:
        """How many slots are at work."""
        return sum(slot["is_processing"] for slot in await self.get("/slots"))

    async def until_busy(self, slots: int) -> None:
        """Wait until so many slots are at work. Raises TimeoutError."""
        async with asyncio.timeout(_TURN_LIMIT):
            while await self.busy() != slots:  # noqa: ASYNC110 -- the engine tells it only when asked
                await asyncio.sleep(0.05)


@asynccontextmanager
async def engine(python: Path, folder: Path, *options: str) -> AsyncIterator[Engine]:
    """options: see engine_server.py. folder: see `listening`."""
    command = [str(python), str(HERE / "engine_server.py"), *options]
    async with (
        listening(command, {}, folder) as server,
        httpx.AsyncClient(timeout=REPLY_LIMIT, trust_env=False, limits=_ONE_REQUEST) as client,
    ):
        yield Engine(server, client)


@asynccontextmanager
async def bridged(
    python: Path, folder: Path, *options: str, **settings: float | str
) -> AsyncIterator[tuple[Engine, str]]:
    """An engine and `roobridge serve` before it: the engine and the base URL for clients.

    options: the engine's. settings: the service's, by their names.
    """
    more = {f"ROOBRIDGE_{name.upper()}": str(value) for name, value in settings.items()}
    async with engine(python, folder / "engine", *options) as running:
        upstream = ["--upstream", "llamacpp", "--base-url", running.base_url]
        async with serving(folder / "bridge", *upstream, more=more) as address:
            yield running, address
