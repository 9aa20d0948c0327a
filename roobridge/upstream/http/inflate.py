"""A compressed body, inflated in pieces of bounded size: what 64 KB of gzip hold may be 64 MB."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable

import httpx

PIECE = 256 * 1024  # bytes of what is inflated at a time

_GZIP, _ZLIB, _RAW = 31, 15, -15  # zlib's words for what stands around the compressed bytes
_KNOWN = frozenset({"gzip", "x-gzip", "deflate"})


class Inflater:
    """Reads a body that its server compressed, though it was asked not to.

    read: gives what has come of the body, and nothing at its end. encoding: of the Content-Encoding header.
    Raises httpx.DecodingError for one that is not known, and for a body that is not in it.
    """

    def __init__(self, read: Callable[[], Awaitable[bytes]], encoding: str) -> None:
        self._encoding = encoding.strip().lower()
        if self._encoding not in _KNOWN:
            raise httpx.DecodingError(f"The body is in an encoding that was not asked for: {encoding[:40]}")
        self._read = read
        self._stream = zlib.decompressobj(_GZIP)
        self._packed = b""  # read, and not looked at
        self._begun = False
        self._full = False  # the last piece may not have been all that its bytes hold

    async def read(self) -> bytes:
        """What is inflated next, at most PIECE bytes of it; nothing at the end."""
        while True:
            if not self._packed and not self._full:
                self._packed = await self._read()
                if not self._packed:
                    return b""
            if not self._begun or self._stream.eof:
                await self._begin()
            piece = self._inflate()
            if piece:
                return piece

    async def _begin(self) -> None:
        """The next member: gzip may hold several (RFC 1952, section 2.2). Servers send deflate with and
        without zlib's header (RFC 1950, section 2.2)."""
        window = _GZIP
        if self._encoding == "deflate":
            while len(self._packed) < 2 and (more := await self._read()):
                self._packed += more
            method, number = self._packed[0], int.from_bytes(self._packed[:2], "big")
            window = _ZLIB if method & 15 == zlib.DEFLATED and number % 31 == 0 else _RAW
        self._stream = zlib.decompressobj(window)
        self._begun = True

    def _inflate(self) -> bytes:
        try:
            piece = self._stream.decompress(self._packed, PIECE)
        except zlib.error as reason:
            raise httpx.DecodingError("The body is not in its own encoding.") from reason
        self._full = len(piece) == PIECE and not self._stream.eof
        self._packed = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return piece
