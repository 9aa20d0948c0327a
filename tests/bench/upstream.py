"""A model server of raw asyncio: the cheapest thing that can stream chunks at a pace.

The model's name says what it replies: `xml-200-10` is the shape `xml` in 200 deltas, one every 10 ms; a pace
of 0 is a burst, written as fast as the connection takes it.
"""

from __future__ import annotations

import asyncio
import re

from tests.bench.shapes import SHAPES, Chunks

_MODEL = re.compile(rb'"model":\s*"(?:openai/)?((\w+)-(\d+)-(\d+))"')
_LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n"
)
_BURST = 64  # deltas a turn of the loop


class Model(asyncio.Protocol):
    """One connection; requests one after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0
        self._pace = 0.0
        self._due = 0.0
        self._free = asyncio.Event()
        self._free.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._left = 0
        if self._timer is not None:
            self._timer.cancel()

    def pause_writing(self) -> None:
        self._free.clear()

    def resume_writing(self) -> None:
        self._free.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._received, 0, end)
        if len(self._received) < end + 4 + (int(length[1]) if length else 0):
            return
        model = _MODEL.search(bytes(self._received), end)
        self._received.clear()
        if model is None:
            self._list_nothing()
        else:
            self._begin(model)

    def _list_nothing(self) -> None:
        body = b'{"object":"list","data":[]}'
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)

    def _begin(self, model: re.Match[bytes]) -> None:
        self._chunks = Chunks(SHAPES[model[2].decode()], model[1].decode())
        self._left = int(model[3])
        self._pace = int(model[4]) / 1000
        self._due = self._loop.time()
        self._transport.write(_HEAD)
        self._write(self._chunks.opening())
        if self._pace:
            self._tick()
        else:
            self._task = self._loop.create_task(self._burst())

    def _tick(self) -> None:
        if self._left == 0:
            self._end()
            return
        self._left -= 1
        self._write(self._chunks.delta())
        self._due += self._pace
        self._timer = self._loop.call_at(self._due, self._tick)

    async def _burst(self) -> None:
        while self._left > 0:
            await self._free.wait()
            for _ in range(min(_BURST, self._left)):
                self._write(self._chunks.delta())
                self._left -= 1
            await asyncio.sleep(0)
        self._end()

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def _end(self) -> None:
        self._write(self._chunks.closing())
        if not self._transport.is_closing():
            self._transport.write(b"0\r\n\r\n")
