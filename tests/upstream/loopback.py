"""An HTTP server on 127.0.0.1 whose every answer, down to the single TCP segment, is written by the test."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import msgspec

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Received(msgspec.Struct):
    """One request as it came. headers: lower-case names."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Answering:
    """The server's side of one request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def raw(self, data: bytes) -> None:
        """Write these bytes as one segment."""
        self._writer.write(data)
        await self._writer.drain()

    async def whole(
        self, body: bytes, *, status: int = 200, headers: str = "", kind: str = "application/json"
    ) -> None:
        """A whole answer with its length. headers: further lines, each with its CRLF."""
        head = (
            f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        )
        await self.raw(head.encode() + body)

    async def begin(self) -> None:
        await self.raw(STREAM_HEAD)

    async def part(self, data: bytes) -> None:
        """One chunk of a stream."""
        await self.raw(b"%x\r\n%b\r\n" % (len(data), data))

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def stream(self, *parts: bytes) -> None:
        await self.begin()
        for part in parts:
            await self.part(part)
        await self.end()

    async def gone(self) -> None:
        """Wait until the client has closed its side."""
        try:
            while await self._reader.read(4096):
                pass
        except ConnectionError:
            pass

    async def tunnel(self, host: str, port: int) -> None:
        """Take a CONNECT: pass bytes both ways until either side has closed."""
        reader, writer = await asyncio.open_connection(host, port)
        await self.raw(b"HTTP/1.1 200 Connected\r\n\r\n")
        ways = [_pass_on(self._reader, writer), _pass_on(reader, self._writer)]
        await asyncio.wait([asyncio.create_task(way) for way in ways])

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        endpoint = self._writer.get_extra_info("socket")
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        self._writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


Script: TypeAlias = Callable[[Answering, Received], Awaitable[None]]


class Loopback:
    """requests: all that came. failures: exceptions of the script, raised again when the server stops. tls:
    where it is to speak that.
    """

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.failures: list[Exception] = []
        self._script = script
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Returns the base URL."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.failures:
            raise self.failures[0]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        self.connections += 1
        try:
            while (request := await _receive(reader)) is not None:
                self.requests.append(request)
                await self._script(Answering(reader, writer), request)
        except (ConnectionError, asyncio.CancelledError):
            pass
        except Exception as failure:  # noqa: BLE001 - the server's outermost boundary: kept for stop()
            self.failures.append(failure)
        finally:
            writer.close()


async def _receive(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, target, headers, body)
