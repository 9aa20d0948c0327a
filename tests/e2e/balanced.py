"""Two bridges, as programs, behind a real nginx or HAProxy that reads this project's own file for it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from enum import Enum
from pathlib import Path

import msgspec

from roobridge.web.serving import listen
from tests.e2e.programs import Listening, listening
from tests.house_rules.source import ROOT
from tests.required import unavailable

DEPLOY = ROOT / "deploy"
KEYS = ("sk-one", "sk-two")  # what the bridges send their upstream: there it tells them apart
_LISTENS = "127.0.0.1:8000"
_BRIDGES = ("127.0.0.1:8001", "127.0.0.1:8002")
_NGINX = """\
daemon off;
pid {folder}/pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/roobridge.conf;
}}
"""


class Balancer(Enum):
    """The value is the program's name."""

    NGINX = "nginx"
    HAPROXY = "haproxy"


class Fleet(msgspec.Struct, frozen=True):
    """address: the balancer's, with `/v1`. bridges: by their keys."""

    address: str
    bridges: dict[str, Listening]


@asynccontextmanager
async def fleet(balancer: Balancer, folder: Path, upstream: str) -> AsyncIterator[Fleet]:
    """folder: empty. upstream: the base URL that both bridges ask."""
    program = shutil.which(balancer.value)
    if program is None:
        unavailable(balancer.value, f"there is no {balancer.value} on the PATH")
    async with AsyncExitStack() as stack:
        starts = (stack.enter_async_context(_bridge(folder / key, key, upstream)) for key in KEYS)
        bridges = await asyncio.gather(*starts)
        places = [bridge.address.removeprefix("http://").removesuffix("/v1") for bridge in bridges]
        address = await stack.enter_async_context(_balancer(balancer, program, folder, places))
        yield Fleet(address, dict(zip(KEYS, bridges, strict=True)))


@asynccontextmanager
async def _bridge(folder: Path, key: str, upstream: str) -> AsyncIterator[Listening]:
    serve = [sys.executable, "-m", "roobridge", "serve", "--host", "127.0.0.1", "--port", "0"]
    environment = {
        "PYTHONPATH": str(ROOT),
        "ROOBRIDGE_API_KEY": key,
        "ROOBRIDGE_UPSTREAM": "openai",
        "ROOBRIDGE_BASE_URL": upstream,
    }
    async with listening(serve, environment, folder) as bridge:
        yield bridge


@asynccontextmanager
async def _balancer(
    balancer: Balancer, program: str, folder: Path, places: Sequence[str]
) -> AsyncIterator[str]:
    """It is handed a socket that listens already: its port is no one else's, and no one asks too early."""
    sock = listen("127.0.0.1", 0)
    port = sock.getsockname()[1]
    command, environment = _prepared(balancer, folder, f"127.0.0.1:{port}", sock.fileno(), places)
    with sock, (folder / "balancer.log").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            program,
            *command,
            env={"PATH": os.environ["PATH"], **environment},
            pass_fds=[sock.fileno()],
            stdout=errors,
            stderr=errors,
        )
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        with suppress(ProcessLookupError):
            process.terminate()  # at once, with its own processes
        await process.wait()


def _prepared(
    balancer: Balancer, folder: Path, at: str, handed: int, places: Sequence[str]
) -> tuple[list[str], Mapping[str, str]]:
    """Its options and environment, with the addresses of this run in a copy of the project's file."""
    if balancer is Balancer.HAPROXY:
        text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text(encoding="utf-8")
        file = folder / "haproxy.cfg"
        file.write_text(re.sub(r"^    (?:user|group) haproxy\n", "", text, flags=re.MULTILINE))
        bridges = dict(zip(("BRIDGE_ONE", "BRIDGE_TWO"), places, strict=True))
        return ["-db", "-f", str(file)], {"BALANCER_BIND": f"fd@{handed}", **bridges}
    text = (DEPLOY / "nginx" / "roobridge.conf").read_text(encoding="utf-8")
    for said, meant in zip((_LISTENS, *_BRIDGES), (at, *places), strict=True):
        assert text.count(said) == 1
        text = text.replace(said, meant)
    (folder / "roobridge.conf").write_text(text)
    whole = folder / "nginx.conf"
    whole.write_text(_NGINX.format(folder=folder))
    return ["-p", str(folder), "-e", "stderr", "-c", str(whole)], {"NGINX": f"{handed};"}
