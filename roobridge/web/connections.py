"""The service's connections: how they are taken, which give way to others, and how they end.

Hypercorn (0.18) speaks HTTP on each. Its own loop around that has no cap, and keeps a connection that its
client has closed until the idle time is over: with each goes a file descriptor.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.events import Event, Updated
from hypercorn.typing import ASGIFramework
from hypercorn.utils import wrap_app

log = logging.getLogger("roobridge.connections")

PATIENCE = 1.0  # seconds that a new connection waits for others to end, before it is refused
GIVES_WAY = 1.0  # seconds; the next request of a connection that was idle for less may be under way
REFUSALS = 16  # connections that are being told at once that there are too many
ACCEPT_AGAIN = 1.0  # seconds until connections are taken again after the system refused to give one
TELL_AGAIN = 60.0  # seconds between two lines of the log about that

_BODY = (
    b'{"error":{"message":"The service has as many connections open as it may: try again in a moment, or '
    b'raise `max_connections` and the limit of open files.","type":"api_error","param":null,'
    b'"code":"too_many_connections"}}'
)
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    b"retry-after: 1\r\nconnection: close\r\n\r\n%b" % (len(_BODY), _BODY)
)

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


class Connection(TCPServer):
    """One connection, among `idle` while it waits for a request: whoever waits longest stands first there."""

    def __init__(self, idle: dict[Connection, float], *of_hypercorn: Any) -> None:
        super().__init__(*of_hypercorn)
        self._idle = idle
        self._left = False
        idle[self] = self.loop.time()

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            self._idle.pop(self, None)

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, Updated):
            self._idle.pop(self, None)
            if event.idle and self._left:
                return  # no request will follow
            if event.idle:
                self._idle[self] = self.loop.time()
        await super().protocol_send(event)

    async def _read_data(self) -> None:
        await super()._read_data()
        self._left = True
        await self.idle_task.stop()

    @property
    def written(self) -> bool:
        """Whether the client's side has taken everything."""
        return not self.writer.transport.get_write_buffer_size()

    def give_way(self) -> None:
        self._idle.pop(self, None)
        self.writer.transport.abort()


class Connections:
    """All connections of one process. most: how many may be open at once.

    At the cap the one that has been idle for longest gives way; where none is, a new one gets 503.
    """

    def __init__(self, app: ASGIFramework, config: Config, most: int) -> None:
        self._app = wrap_app(app, config.wsgi_max_body_size, "asgi")
        self._config = config
        self._context = WorkerContext(None)
        self._most = most
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._idle: dict[Connection, float] = {}
        self._refused: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()  # one of the open ones, since the cap was reached
        self._full = False  # waiting did not help, and none has ended since
        self._told = -TELL_AGAIN

    async def accept(self, sock: socket.socket) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        sock.setblocking(False)
        while True:
            try:
                taken, _ = await loop.sock_accept(sock)
            except ConnectionAbortedError:
                continue
            except OSError as error:
                await self._without(error)
                continue
            await self._begin(taken, self._serve if await self._room() else self._refuse)

    async def end(self, within: float) -> None:
        """Close what is idle, let the others end for so many seconds, then drop them."""
        await self._context.terminated.set()
        await _wait(self._open, within)
        left = dict(self._open)
        if left:
            log.warning("%d clients neither read nor close their connections, which are dropped", len(left))
        for task, writer in left.items():
            writer.transport.abort()
            task.cancel()
        await _wait(left, None)

    async def _room(self) -> bool:
        """Whether one more may be open; those that are ending, or give way, are waited for."""
        if len(self._open) >= self._most:
            self._ended.clear()
            if self._let_one_go() or not self._full:
                with suppress(TimeoutError):
                    async with asyncio.timeout(PATIENCE):
                        await self._ended.wait()
        self._full = len(self._open) >= self._most
        return not self._full

    def _let_one_go(self) -> bool:
        latest = asyncio.get_running_loop().time() - GIVES_WAY
        for connection, since in self._idle.items():
            if since > latest:
                break
            if connection.written:
                connection.give_way()
                return True
        return False

    async def _without(self, error: OSError) -> None:
        """The system gives no connection, mostly for want of descriptors."""
        now = asyncio.get_running_loop().time()
        if now - self._told >= TELL_AGAIN:
            self._told = now
            log.error(
                "no connection can be taken: %s; raise the limit of open files (ulimit -n), or lower "
                "max_connections",
                error.strerror or error,
            )
        self._let_one_go()
        await asyncio.sleep(ACCEPT_AGAIN)

    async def _begin(self, taken: socket.socket, handler: Handler) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        try:
            await loop.connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader, handler, loop=loop), taken
            )
        except OSError:  # it is gone already
            taken.close()

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        connection = Connection(self._idle, self._app, loop, self._config, self._context, {}, reader, writer)
        task = loop.create_task(connection.run())
        self._open[task] = writer
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        del self._open[task]
        self._full = False
        self._ended.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a connection failed", exc_info=error)

    def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._refused) >= REFUSALS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(_refuse(reader, writer))
        self._refused.add(task)
        task.add_done_callback(self._refused.discard)


async def _refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say so; what the client sends meanwhile is read, since a reset would overtake the answer."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            writer.write(_REFUSAL)
            writer.write_eof()
            while await reader.read(65536):
                pass
    writer.transport.abort()


async def _wait(tasks: dict[asyncio.Task[None], asyncio.StreamWriter], within: float | None) -> None:
    if tasks:
        await asyncio.wait(tuple(tasks), timeout=within)
