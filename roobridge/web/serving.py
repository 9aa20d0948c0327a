"""The application under Hypercorn."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable

from hypercorn.asyncio import serve
from hypercorn.config import Config

from roobridge.errors import SettingsError
from roobridge.service.wiring import Services
from roobridge.web.app import create_app

BACKLOG = 1024  # connections that wait to be taken: a team's editors come back all at once
GRACE = 3.0  # seconds that open requests get to end by themselves
LAST_WORDS = 1.0  # seconds for an error to go out to the clients whose replies are broken off
KEEP_ALIVE = 75.0  # seconds; longer than clients keep theirs, so that none writes into a closed connection


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises SettingsError where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise SettingsError(_explain(host, port, error), code="bad_setting", param="port") from None


def _explain(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use: stop what listens there, or give another --port."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs privileges: give a --port above 1023."
    return f"Cannot listen on {host} port {port}: {error.strerror or error}. Check --host and --port."


async def serve_on(
    sock: socket.socket, services: Services, until: Callable[[], Awaitable[object]], grace: float = GRACE
) -> None:
    """Serve until `until` returns, then let open requests end for `grace` seconds; those that run on are told
    so in an error. Takes the socket over.
    """
    config = Config()
    config.bind = [f"fd://{sock.detach()}"]
    config.backlog = BACKLOG
    config.keep_alive_timeout = KEEP_ALIVE
    config.graceful_timeout = grace + LAST_WORDS
    config.include_server_header = False
    config.errorlog = logging.getLogger("roobridge.hypercorn")
    ending: list[asyncio.Task[None]] = []

    async def interrupted() -> None:
        await until()
        ending.append(asyncio.create_task(services.answering.finish(grace)))

    try:
        await serve(create_app(services), config, shutdown_trigger=interrupted)
    except asyncio.InvalidStateError:
        # Hypercorn (0.18) asks for the outcome of a connection that still waits for its client to read, and
        # leaves out the application's own end.
        await services.aclose()
