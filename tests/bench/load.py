"""Clients of raw asyncio that read many replies at once and know how old each delta is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from tests.bench.shapes import STAMP, STAMP_LENGTH, request_body


class Load(msgspec.Struct, frozen=True):
    """streams at once, each of so many deltas, one every `pace` milliseconds (0: a burst)."""

    shape: str
    streams: int
    deltas: int
    pace: int

    @property
    def model(self) -> str:
        return f"{self.shape}-{self.deltas}-{self.pace}"


class Seen(msgspec.Struct):
    """What the clients saw. Times in seconds; first: the window begins once every stream has its first delta.

    ages: of the deltas inside the window, in microseconds, but for those whose stamp a chunk's header cut.
    to_first: from the request to the first delta. failures: streams without their end.
    """

    ages: list[int]
    to_first: list[float]
    seconds: float
    window: float
    in_window: int
    read: int
    failures: int


class Client(asyncio.Protocol):
    """One reply."""

    def __init__(self, run: Run, request: bytes) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.count = 0
        self.whole = False
        self._run = run
        self._request = request
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._asked = time.monotonic()
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns() // 1000
        text = self._tail + data
        if self.count < self._run.load.deltas:
            stamps = STAMP.findall(text)
            if stamps:
                self._count(stamps, now)
        cut = text.rfind(b"@", -STAMP_LENGTH + 1)
        self._tail = text[cut:] if cut >= 0 else text[-8:]
        if b"[DONE]" in text or b"\r\n0\r\n\r\n" in text:
            self.whole = True
            self._over()

    def _count(self, stamps: list[bytes], now: int) -> None:
        stamps = stamps[: self._run.load.deltas - self.count]
        if not self.count:
            self._run.begun(time.monotonic() - self._asked)
        self.count += len(stamps)
        self._run.took([now - int(stamp, 16) for stamp in stamps])

    def connection_lost(self, exc: Exception | None) -> None:
        self._over()

    def _over(self) -> None:
        if not self.done.done():
            self.done.set_result(None)
            self._transport.close()


class Run:
    """One load on one port. on_window is called when every stream has its first delta."""

    def __init__(self, load: Load, port: int, path: str, on_window: Callable[[], None]) -> None:
        self.load = load
        self._port = port
        self._path = path
        self._on_window = on_window
        self._to_first: list[float] = []
        self._ages: list[int] = []
        self._open_at = 0.0
        self._last = 0.0
        self._read = 0

    def begun(self, to_first: float) -> None:
        self._to_first.append(to_first)
        if len(self._to_first) == self.load.streams:
            self._open_at = time.monotonic()
            self._on_window()

    def took(self, ages: list[int]) -> None:
        self._last = time.monotonic()
        self._read += len(ages)
        if self._open_at or not self.load.pace:
            self._ages += ages

    async def __call__(self, patience: float) -> Seen:
        """Open all streams, read them to their ends or for `patience` seconds."""
        request = self._request()
        start = time.monotonic()
        loop = asyncio.get_running_loop()
        clients: list[Client] = []
        for _ in range(self.load.streams):
            _, client = await loop.create_connection(lambda: Client(self, request), "127.0.0.1", self._port)
            clients.append(client)
        await asyncio.wait([client.done for client in clients], timeout=patience)
        failures = sum(not client.whole for client in clients)
        for client in clients:
            client.connection_lost(None)
        return Seen(
            self._ages,
            self._to_first,
            self._last - start,
            max(self._last - self._open_at, 1e-9) if self._open_at else 0.0,
            len(self._ages),
            self._read,
            failures,
        )

    def _request(self) -> bytes:
        body = request_body(self.load.shape, self.load.model)
        head = (
            f"POST {self._path} HTTP/1.1\r\nhost: 127.0.0.1:{self._port}\r\n"
            f"content-type: application/json\r\nuser-agent: RooCode/3.36.0\r\n"
            f"authorization: Bearer sk-made-up\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
