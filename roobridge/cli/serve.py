"""`roobridge serve`."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from roobridge.cli.greeting import greeting
from roobridge.cli.log import log_to_stderr
from roobridge.cli.look import look_at_all
from roobridge.cli.workers import Workers, joined
from roobridge.service.access import check_access
from roobridge.service.conversations.peers import Link
from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import unknown_variables
from roobridge.service.settings.loading import load_settings
from roobridge.service.wiring import SHUTDOWN_TIME, build
from roobridge.upstream.presets import PRESETS
from roobridge.web.serving import GRACE, LAST_WORDS, listen, serve_on

log = logging.getLogger("roobridge.serve")

# Seconds from an interruption to the end, if anything still waits then.
LAST_RESORT = GRACE + LAST_WORDS + SHUTDOWN_TIME + 1.0


def serve_command(  # noqa: PLR0913, PLR0917 -- typer reads the options off the signature
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 8001 unless told, 0 for a free one.")
    ] = None,
    allow_open: Annotated[
        bool | None,
        typer.Option("--allow-open", help="Listen on any address without keys of the service's own."),
    ] = None,
    upstream: Annotated[
        str | None,
        typer.Option(help=f"replay (the default), openai, qwen-web, or a preset: {', '.join(PRESETS)}."),
    ] = None,
    base_url: Annotated[str | None, typer.Option(help="Where the upstream is.")] = None,
    api_key: Annotated[
        str | None, typer.Option(help="The upstream's key; without one the client's own is passed on.")
    ] = None,
    tapes: Annotated[Path | None, typer.Option(help="Folder of tapes for the upstream replay.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="How many times faster tapes play; 0 for no waiting.")
    ] = None,
    record: Annotated[Path | None, typer.Option(help="Folder in which every reply is recorded.")] = None,
    wrap: Annotated[str | None, typer.Option(help="Wrap policy: preview, hold or live.")] = None,
    pace: Annotated[float | None, typer.Option(help="Milliseconds between two writes, 0 for none.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; roobridge.toml where there is one.")
    ] = None,
) -> None:
    """Serve the OpenAI API in front of a Qwen model.

    The README of roobridge/service lists the settings that stand only in ROOBRIDGE_* variables or in the
    settings file.
    """
    given = {name: value for name, value in locals().items() if name not in ("pace", "config")}
    run(load_settings({**given, "pace_ms": pace}, config))


def run(settings: Settings) -> None:
    """Serve until interrupted. Raises SettingsError before anything is served."""
    log_to_stderr(settings)
    _ignore_hangups()
    for name in unknown_variables(Settings.model_fields):
        log.warning("%s is set, but there is no such setting; roobridge/service/README.md lists them.", name)
    check_access(settings)
    asyncio.run(_rehearse(settings))
    sock = listen(settings.host, settings.port)
    typer.echo(greeting(settings, sock.getsockname()[1], look_at_all(settings)))
    if settings.workers == 1:
        work(settings, sock)
    else:
        links = joined(settings.workers) if settings.redis_url is None else [None] * settings.workers
        if not Workers(links, partial(_work_apart, settings), sock).run():
            raise typer.Exit(1)


def _ignore_hangups() -> None:
    """A terminal that is closed, or a supervisor that asks to reload, cuts no stream."""
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


async def _rehearse(settings: Settings) -> None:
    """Build everything once, so that what is wrong shows before anything is served."""
    await build(settings).aclose()


def work(settings: Settings, sock: socket.socket, link: Link | None = None) -> None:
    """One serving process. link: to the others."""

    async def main() -> None:
        services = build(settings, link)
        # What stands now stays: without it every full collection would go through all of it, in a pause that
        # each open stream feels.
        gc.collect()
        gc.freeze()
        await serve_on(sock, services, _interruption())

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main())


def _interruption() -> Callable[[], Any]:
    """An awaitable's maker that is done at SIGINT or SIGTERM, and in a worker when its supervisor is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def interrupted() -> None:
        await stop.wait()
        loop.call_later(LAST_RESORT, _leave)

    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        with suppress(NotImplementedError):  # Windows
            loop.add_reader(supervisor.sentinel, stop.set)
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return interrupted


def _leave() -> None:
    """The turns are over, and their connections were dropped; what is left waits for something else."""
    log.warning("the service does not come to its end: the process ends without it")
    logging.shutdown()
    os._exit(0)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        uvloop = importlib.import_module("uvloop")  # not there on every platform
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _work_apart(settings: Settings, sock: socket.socket, link: Link | None) -> None:
    log_to_stderr(settings)
    work(settings, sock, link)
