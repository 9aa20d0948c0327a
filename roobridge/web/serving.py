"""The application under Hypercorn."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable

from hypercorn.config import Config

from roobridge.errors import SettingsError
from roobridge.service.wiring import Services
from roobridge.web.app import create_app
from roobridge.web.connections import Connections
from roobridge.web.descriptors import affordable

BACKLOG = 1024  # connections that wait to be taken: a team's editors come back all at once
GRACE = 3.0  # seconds that open requests get to end by themselves
LAST_WORDS = 1.0  # seconds for an error to go out to the clients whose replies are broken off
# Seconds that a connection waits for its next request: longer than clients and proxies keep theirs (nginx 60,
# most clients 4 to 15), so that none writes into a connection that is being closed. Where connections run
# short, idle ones give way sooner.
KEEP_ALIVE = 75.0
HEAD_LIMIT = 16 * 1024  # bytes of a request's head; clients send about 1 KB, proxies take 8 to 32


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
    app = create_app(services)
    connections = Connections(app, _hypercorn(), affordable(services.settings.max_connections))
    await app.startup()
    accepting = asyncio.create_task(connections.accept(sock))
    stopping = asyncio.ensure_future(until())
    try:
        await asyncio.wait((accepting, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (accepting, stopping):
            task.cancel()
        await asyncio.wait((accepting, stopping))
        sock.close()
        finishing = asyncio.create_task(services.answering.finish(grace))
        await connections.end(grace + LAST_WORDS)
        await finishing
        await app.shutdown()
    if not accepting.cancelled():
        accepting.result()


def _hypercorn() -> Config:
    config = Config()
    config.keep_alive_timeout = KEEP_ALIVE
    config.h11_max_incomplete_size = HEAD_LIMIT
    config.include_server_header = False
    config.errorlog = logging.getLogger("roobridge.hypercorn")
    return config
