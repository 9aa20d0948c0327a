"""Connections over a real socket: kept, given up, refused."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import resource
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest

from roobridge.web import connections, descriptors
from tests.service.scripted import Scripted, say, silence
from tests.web.conftest import Serve
from tests.web.requests import unread

ASK = b"GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


class Client:
    """One connection, spoken on in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self) -> int:
        """The status of an answer, which is read to its end."""
        self.writer.write(ASK)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length"))
        await self.reader.readexactly(int(length.split()[1]))
        return int(head.split()[1])


Connect = Callable[[str], Awaitable[Client]]


@pytest.fixture
async def connected() -> AsyncIterator[Connect]:
    """Opens connections, which are closed after the test."""
    opened: list[Client] = []

    async def connect(address: str) -> Client:
        opened.append(Client(*await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))))
        return opened[-1]

    yield connect
    for client in opened:
        client.writer.close()


async def test_a_connection_carries_one_request_after_another(serve: Serve, connected: Connect) -> None:
    client = await connected(await serve(Scripted()))
    assert [await client.ask() for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("asks", [True, False], ids=["after a request", "without one"])
async def test_a_connection_ends_when_its_client_closes_it(
    serve: Serve, connected: Connect, asks: bool
) -> None:
    client = await connected(await serve(Scripted()))
    if asks:
        await client.ask()
    client.writer.write_eof()
    assert await client.reader.read() == b""


async def test_a_request_whose_client_closes_its_side_at_once_leaves_no_connection(
    serve: Serve, connected: Connect
) -> None:
    client = await connected(await serve(Scripted()))
    client.writer.write(ASK)
    client.writer.write_eof()
    await client.reader.read()
    assert client.reader.at_eof()


async def test_at_the_cap_the_longest_idle_connection_gives_way(
    serve: Serve, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "GIVES_WAY", 0.0)
    address = await serve(Scripted(), max_connections=2)
    first, second = await connected(address), await connected(address)
    assert [await first.ask(), await second.ask(), await first.ask()] == [200, 200, 200]
    third = await connected(address)
    assert await third.ask() == 200
    assert await second.reader.read() == b""
    assert [await first.ask(), await third.ask()] == [200, 200]


async def test_where_none_is_idle_a_new_connection_is_told_so(
    serve: Serve, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 0.01)
    monkeypatch.setattr(connections, "REFUSALS", 1)
    address = await serve(Scripted([*say("Hel"), silence()]), max_connections=1)
    _, busy = await unread(address)
    refused = await connected(address)
    said, _, body = (await refused.reader.read()).partition(b"\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in said
    assert json.loads(body)["error"]["code"] == "too_many_connections"
    busy.close()
    await busy.wait_closed()
    client = await connected(address)
    while (answer := await _first_line(client)) != b"HTTP/1.1 200 ":  # until the service has seen it close
        assert answer in (b"HTTP/1.1 503 ", b"")
        client = await connected(address)


async def _first_line(client: Client) -> bytes:
    try:
        client.writer.write(ASK)
        return (await client.reader.read(1000))[:13]
    except ConnectionError:
        return b""


async def test_a_connection_that_waits_for_one_that_ends_is_served(
    serve: Serve, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "PATIENCE", 20.0)
    address = await serve(Scripted([*say("Hel"), silence()]), max_connections=1)
    _, busy = await unread(address)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(http.get(address + "/health"))
        busy.close()
    assert asking.result().status_code == 200


async def test_more_refusals_than_can_be_told_are_closed(
    serve: Serve, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REFUSALS", 0)
    monkeypatch.setattr(connections, "PATIENCE", 0.01)
    address = await serve(Scripted([*say("Hel"), silence()]), max_connections=1)
    _, busy = await unread(address)
    refused = await connected(address)
    assert await _first_line(refused) == b""
    busy.close()


@pytest.fixture
def limit() -> Iterator[tuple[int, int]]:
    """The limit of open files, put back after the test."""
    found = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield found
    resource.setrlimit(resource.RLIMIT_NOFILE, found)


async def test_without_descriptors_one_line_is_logged_and_the_connection_is_taken_later(
    serve: Serve,
    connected: Connect,
    limit: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(connections, "ACCEPT_AGAIN", 0.001)
    address = await serve(Scripted())
    assert await (await connected(address)).ask() == 200  # from here on it takes connections
    failures = asyncio.Queue[OSError]()
    without = connections.Connections._without

    async def heard(self: connections.Connections, error: OSError) -> None:
        failures.put_nowait(error)
        await without(self, error)

    monkeypatch.setattr(connections.Connections, "_without", heard)
    with socket.socket() as client:
        client.setblocking(False)
        free = os.dup(client.fileno())
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, limit[1]))
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", int(address.rpartition(":")[2])))
        assert [(await failures.get()).errno for _ in range(3)] == [errno.EMFILE] * 3
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        await loop.sock_sendall(client, ASK)
        assert (await loop.sock_recv(client, 100)).startswith(b"HTTP/1.1 200 ")
    told = [record for record in caplog.records if record.name == "roobridge.connections"]
    assert len([record for record in told if record.levelno == logging.ERROR]) == 1
    assert "max_connections" in caplog.text


def test_the_cap_is_what_the_descriptors_last_for(
    limit: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    assert descriptors.affordable(10) == 10
    assert not caplog.records
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit[0] // 2, limit[1]))
    assert descriptors.affordable(limit[1]) == (limit[1] - 64) // 3
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (limit[1], limit[1])
    assert "ulimit -n" in caplog.text
