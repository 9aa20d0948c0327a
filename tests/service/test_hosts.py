from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from redis.asyncio import Redis
from redis.backoff import NoBackoff

from roobridge.errors import SettingsError
from roobridge.service.conversations import hosts as module
from roobridge.service.conversations.hosts import CHANNEL, PENDING, Hosts, Told
from roobridge.service.conversations.words import LONGEST, Began, Broke, Held, Word
from tests.house_rules.readme import SERVICE
from tests.service.redis_server import DEADLINE, Lines, RedisServer, redis_server

HEARD, AWAY = "is heard through Redis", "Redis is not reachable, and"


@pytest.fixture
async def server() -> AsyncIterator[RedisServer]:
    async with redis_server() as server:
        yield server


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    logger = logging.getLogger("roobridge.hosts")
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(level)


class Host:
    """One process, as it hears the others."""

    def __init__(self, url: str) -> None:
        self.hosts = Hosts(url)
        self._heard: asyncio.Queue[Word] = asyncio.Queue()
        self.hosts.listen(self._heard.put_nowait)

    async def heard(self) -> Word:
        return await asyncio.wait_for(self._heard.get(), DEADLINE)

    def heard_no_more(self) -> bool:
        return self._heard.empty()


@asynccontextmanager
async def joined(url: str, count: int) -> AsyncIterator[list[Host]]:
    every = [Host(url) for _ in range(count)]
    try:
        yield every
    finally:
        for host in every:
            await host.hosts.aclose()


async def _user(owner: Redis, name: str, commands: list[str], channel: str = "*") -> None:
    passwords = [f"+{name}-password-1"]
    await owner.acl_setuser(name, enabled=True, passwords=passwords, channels=[channel], commands=commands)


async def test_the_others_hear_every_word_in_order_and_the_one_that_tells_does_not(
    server: RedisServer, lines: Lines
) -> None:
    await server.start()
    words: list[Word] = [Began(b"owner", (b"1", b"2")), Broke(b"mark"), Held(b"mark")]
    async with joined(server.url, 3) as (first, second, third):
        for _ in range(3):
            await lines.said(HEARD)
        for word in words:
            first.hosts.tell(word)
        for host in (second, third):
            assert [await host.heard() for _ in words] == words
        second.hosts.tell(Broke(b"end"))
        assert await first.heard() == Broke(b"end")  # what it told itself would have come before
        assert first.heard_no_more()


async def test_what_was_told_last_is_heard_though_the_host_ends(server: RedisServer, lines: Lines) -> None:
    await server.start()
    async with joined(server.url, 2) as (first, second):
        for _ in range(2):
            await lines.said(HEARD)
        first.hosts.tell(Broke(b"mark"))
        await first.hosts.aclose()
        assert await second.heard() == Broke(b"mark")


async def test_what_is_no_word_is_ignored_with_one_line_that_does_not_repeat_it(
    server: RedisServer, lines: Lines
) -> None:
    await server.start()
    strange = [
        b"",
        b"made-up words",
        b'["sender", {"type": "Broke"}]',
        msgspec.msgpack.encode([b"sender", {"type": "Broke", "fingerprint": b"made-up", "more": 1}]),
        msgspec.msgpack.encode([b"sender", {"type": "Broke", "fingerprint": b"made-up" * 10}]),
        msgspec.msgpack.encode([b"sender", {"type": "Fell", "fingerprint": b"made-up"}]),
        msgspec.msgpack.encode(Told(b"sender", Began(b"owner", (b"made-up words 16",) * (LONGEST // 16)))),
    ]
    async with joined(server.url, 1) as (host,), Redis.from_url(server.url) as stranger:
        await lines.said(HEARD)
        for data in strange:
            await stranger.publish(CHANNEL, data)
        await stranger.publish("roobridge:2", msgspec.msgpack.encode(Told(b"sender", Broke(b"mark"))))
        await stranger.publish(CHANNEL, msgspec.msgpack.encode(Told(b"sender", Held(b"mark"))))
        assert await host.heard() == Held(b"mark")
        assert host.heard_no_more()
    ignored = [line for line in lines.all if "ignored" in line]
    assert ignored == [f"1 messages on the channel {CHANNEL} were ignored: no word of this version"]


async def test_words_flow_once_redis_is_there_and_again_once_it_is_back(
    server: RedisServer, lines: Lines
) -> None:
    untold = "1 words about turns were not told to other processes: Redis is not reachable"
    async with joined(server.url, 2) as (first, second):
        for _ in range(2):
            await lines.said(AWAY)
        for number in range(1000):
            first.hosts.tell(Broke(b"%d" % number))  # dropped, and not heard late
        assert [line for line in lines.all if "were not told" in line] == [untold]
        for _ in range(2):
            await server.start()
            for _ in range(2):
                await lines.said(HEARD)
            first.hosts.tell(Broke(b"mark"))
            assert await second.heard() == Broke(b"mark")
            await server.kill()
            for _ in range(2):
                await lines.said(AWAY)
        second.hosts.tell(Broke(b"mark"))
        assert lines.all[-1] == untold
        assert second.heard_no_more()


async def test_a_redis_that_is_away_is_tried_again_with_one_line(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BACKOFF", NoBackoff())
    tries: asyncio.Queue[None] = asyncio.Queue()

    def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        tries.put_nowait(None)

    closing = await asyncio.start_server(close, "127.0.0.1", 0)
    async with closing, joined(f"redis://127.0.0.1:{closing.sockets[0].getsockname()[1]}", 1):
        for _ in range(10):
            await asyncio.wait_for(tries.get(), DEADLINE)
    assert len([line for line in lines.all if AWAY in line]) == 1


async def test_words_that_went_out_make_room_for_others(server: RedisServer, lines: Lines) -> None:
    await server.start()
    long = Began(b"owner", tuple(b"%016d" % number for number in range(50_000)))
    async with joined(server.url, 2) as (first, second):
        for _ in range(2):
            await lines.said(HEARD)
        for _ in range(PENDING // LONGEST * 2):
            first.hosts.tell(long)
            assert await second.heard() == long


async def test_a_redis_that_answers_nothing_is_not_waited_for_and_words_for_it_are_bounded(
    server: RedisServer, lines: Lines
) -> None:
    await server.start()
    long = Began(b"owner", tuple(b"%016d" % number for number in range(10_000)))
    most = PENDING // len(msgspec.msgpack.encode(Told(b"x" * 16, long)))
    async with joined(server.url, 1) as (host,):
        await lines.said(HEARD)
        server.freeze()
        for _ in range(most):
            host.hosts.tell(long)
        assert not [line for line in lines.all if "were not told" in line]
        host.hosts.tell(long)
        assert "does not take them" in lines.all[-1]
        host.hosts.tell(Broke(b"mark"))


async def test_a_word_that_waited_too_long_or_is_too_long_is_not_told(
    server: RedisServer, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUIET", 0.0)
    await server.start()
    async with joined(server.url, 2) as (first, second):
        for _ in range(2):
            await lines.said(HEARD)
        first.hosts.tell(Began(b"owner", (b"x" * 16,) * (LONGEST // 16)))
        await lines.said("longer than")
        with monkeypatch.context() as patched:
            patched.setattr(module, "FRESH", -1.0)
            first.hosts.tell(Broke(b"late"))
            await lines.said("waited for more than")
        first.hosts.tell(Broke(b"mark"))
        assert await second.heard() == Broke(b"mark")


async def test_a_redis_that_refuses_is_named_without_the_password(lines: Lines) -> None:
    async with redis_server("right-password-1") as server:
        await server.start()
        url = server.url.replace("unix://", "unix://:wrong-password-1@")
        async with joined(url, 1) as (host,):
            refused = await lines.said(AWAY)
            host.hosts.tell(Broke(b"mark"))
        async with Redis.from_url(server.url, password="right-password-1") as owner:
            await _user(owner, "mute", ["+subscribe", "+ping"])
        url = server.url.replace("unix://", "unix://mute:mute-password-1@")
        async with joined(url, 1) as (host,):
            await lines.said(HEARD)
            host.hosts.tell(Broke(b"mark"))
            muted = await lines.said("were not told")
    assert "invalid username-password pair" in refused
    assert "no permissions" in muted
    assert "mark" not in muted
    assert "password-1" not in "".join(lines.all)


async def test_the_rights_that_the_readme_names_are_enough(lines: Lines) -> None:
    [(commands, channel)] = re.findall(r"`(\+subscribe [^`]*) &(roobridge:\d+)`", SERVICE.text)
    assert channel == CHANNEL
    async with redis_server("right-password-1") as server:
        await server.start()
        async with Redis.from_url(server.url, password="right-password-1") as owner:
            await _user(owner, "host", commands.split(), channel)
        async with joined(server.url.replace("unix://", "unix://host:host-password-1@"), 2) as (
            first,
            second,
        ):
            for _ in range(2):
                await lines.said(HEARD)
            first.hosts.tell(Broke(b"mark"))
            assert await second.heard() == Broke(b"mark")


async def test_a_host_that_no_name_server_can_be_asked_for_is_a_warning(lines: Lines) -> None:
    async with joined("redis://a..b:1", 1):
        assert "label" in await lines.said(AWAY)


@pytest.mark.parametrize("options", ["made_up=1", "db=first", "retry=1", "socket_timeout=soon"])
def test_an_option_that_is_none_is_an_error(options: str) -> None:
    with pytest.raises(SettingsError, match=r"'redis_url'.*question mark"):
        Hosts(f"redis://:some-password-1@127.0.0.1:1?{options}")
