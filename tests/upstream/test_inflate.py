from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.upstream.http.inflate import PIECE, Inflater


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}


def inflater(packed: bytes, size: int, encoding: str) -> Inflater:
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]

    async def read() -> bytes:
        return pieces.pop(0) if pieces else b""

    return Inflater(read, encoding)


async def whole(packed: bytes, size: int, encoding: str) -> bytes:
    reading = inflater(packed, size, encoding)
    parts = []
    while part := await reading.read():
        assert len(part) <= PIECE
        parts.append(part)
    return b"".join(parts)


@given(data=st.binary(max_size=300), size=st.integers(1, 400), encoding=st.sampled_from(sorted(PACKERS)))
def test_any_cut_gives_the_same(data: bytes, size: int, encoding: str) -> None:
    assert asyncio.run(whole(PACKERS[encoding](data), size, encoding)) == data
    assert asyncio.run(whole(raw_deflate(data), size, "deflate")) == data


@pytest.mark.parametrize("length", [PIECE - 1, PIECE, PIECE + 1, 40 * PIECE])
@pytest.mark.parametrize("size", [1 << 20, 1000])
async def test_no_piece_is_larger_than_it_may_be(length: int, size: int) -> None:
    assert await whole(gzip.compress(b"a" * length), size, "gzip") == b"a" * length


async def test_several_files_in_one() -> None:
    assert await whole(gzip.compress(b"one") + gzip.compress(b"two"), 7, "gzip") == b"onetwo"


async def test_a_body_that_is_cut_gives_what_came() -> None:
    assert b"onetwo".startswith(await whole(gzip.compress(b"onetwo")[:-10], 5, "gzip"))


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_in_no_encoding(encoding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        await whole(b"data: plain", 4, encoding)


def test_an_encoding_that_is_not_known() -> None:
    with pytest.raises(httpx.DecodingError, match="br"):
        inflater(b"", 1, "br")
