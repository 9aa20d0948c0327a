"""The serving processes of several hosts, which hear one another through Redis or Valkey (pub/sub).

A word only spares work, and one that comes late can do harm: it would end a turn that began after it. So
none is kept for a Redis that is away or slow, and nothing waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import EqualJitterBackoff, NoBackoff
from redis.exceptions import RedisError

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.errors import SettingsError
from roobridge.service.conversations.words import LONGEST, Digest, Word

log = logging.getLogger("roobridge.hosts")

CHANNEL = "roobridge:1"  # the number is that of the form of Told
FRESH = 5.0  # seconds after which a word that has not gone out is late
PENDING = 4 * LONGEST  # bytes of words that have not gone out
FAREWELL = 0.5  # seconds that the last words get to go out
QUIET = 60.0  # seconds between two lines of the log about the same

_BACKOFF = EqualJitterBackoff(cap=30.0, base=0.5)
_MOST_FAILURES = 10  # that the backoff is told: two to the power of them must be a float
_FAILURES = (RedisError, OSError)


class Told(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A word as it is published. sender: whoever is this hears it too, and leaves it."""

    sender: Digest
    word: Word


_told = msgspec.msgpack.Decoder(Told)


class Hosts:
    """The other processes, on whatever host, as one of them sees them. Implements Others.

    url: `redis://`, `rediss://` or `unix://`, with redis-py's options behind a question mark. Raises
    SettingsError where one of them is unknown; that Redis is away is said in the log only.
    """

    def __init__(self, url: str) -> None:
        try:
            self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0))
            pool = self._redis.connection_pool
            pool.connection_class(**pool.connection_kwargs)
        except (AttributeError, TypeError, ValueError):
            raise SettingsError(
                "The setting 'redis_url' is not usable: an option behind its question mark is none of "
                "redis-py's, or has a wrong value. Correct or remove it.",
                code="bad_setting",
                param="redis_url",
            ) from None
        self._clean = Cleaner([url])
        self._name = secrets.token_bytes(16)
        self._outbox: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        self._pending = 0
        self._joined = False
        self._untold = _Seldom("%d words about turns were not told to other processes: %s")
        self._ignored = _Seldom(f"%d messages on the channel {CHANNEL} were ignored: %s")
        self._tasks: list[asyncio.Task[None]] = []

    def listen(self, hear: Callable[[Word], None]) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._listen(hear)), loop.create_task(self._speak())]

    def tell(self, word: Word) -> None:
        data = msgspec.msgpack.encode(Told(self._name, word))
        if not self._joined:
            self._untold.count("Redis is not reachable")
        elif len(data) > LONGEST:
            self._untold.count(f"a conversation is longer than {LONGEST} bytes of digests")
        elif self._pending + len(data) > PENDING:
            self._untold.count("Redis does not take them as fast as they come")
        else:
            self._pending += len(data)
            self._outbox.put_nowait((asyncio.get_running_loop().time(), data))

    async def aclose(self) -> None:
        """What was told last is let out if Redis takes it at once: the requests that a host which ends has
        broken off come to the others.
        """
        if self._joined:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._outbox.join(), FAREWELL)
        self._joined = False
        ending = set(self._tasks)
        while ending:  # redis-py loses a cancellation that comes while it closes a connection
            for task in ending:
                task.cancel()
            _, ending = await asyncio.wait(ending, timeout=FAREWELL / 10)
        await self._redis.aclose()

    async def _speak(self) -> None:
        while True:
            waiting = [await self._outbox.get()]
            while not self._outbox.empty():
                waiting.append(self._outbox.get_nowait())
            try:
                await self._publish(waiting)
            finally:
                for _, data in waiting:
                    self._pending -= len(data)
                    self._outbox.task_done()

    async def _publish(self, waiting: list[tuple[float, bytes]]) -> None:
        """Words in one round trip, those that are late left out. Each comes with the time it was told at."""
        oldest = asyncio.get_running_loop().time() - FRESH
        fresh = [data for since, data in waiting if since >= oldest]
        if len(fresh) < len(waiting):
            self._untold.count(f"they waited for more than {FRESH:g} seconds", len(waiting) - len(fresh))
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for data in fresh:
                    pipeline.publish(CHANNEL, data)
                answers = await pipeline.execute(raise_on_error=False)  # an error raised repeats the word
        except _FAILURES as reason:
            answers = [reason] * len(fresh)
        refused = [answer for answer in answers if isinstance(answer, Exception)]
        if refused:
            self._untold.count(self._told_of(refused[0]), len(refused))

    async def _listen(self, hear: Callable[[Word], None]) -> None:
        failures = 0
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    async for message in channel.listen():
                        if message["type"] == "message":
                            self._take(message["data"], hear)
                            continue
                        failures, self._joined = 0, True
                        log.info("what other processes tell of their turns is heard through Redis")
            except _FAILURES as reason:
                if not failures:
                    log.warning(
                        "Redis is not reachable, and turns of other processes are not known until it is: %s",
                        self._told_of(reason),
                    )
            self._joined = False
            failures = min(failures + 1, _MOST_FAILURES)
            await asyncio.sleep(_BACKOFF.compute(failures))

    def _take(self, data: object, hear: Callable[[Word], None]) -> None:
        """One message, whoever published it. What comes at once is bounded by Redis, which cuts a subscriber
        off that has 32 MB to read (client-output-buffer-limit).
        """
        if not isinstance(data, bytes) or len(data) > LONGEST:
            self._ignored.count(f"longer than {LONGEST} bytes")
            return
        try:
            told = _told.decode(data)
        except msgspec.DecodeError:  # its text would repeat what stands there
            self._ignored.count("no word of this version")
            return
        if told.sender != self._name:
            hear(told.word)

    def _told_of(self, reason: Exception) -> str:
        return self._clean.head(str(reason).rstrip(".") or type(reason).__name__, 300)


class _Seldom:
    """A warning that is logged once in a while, with the number of times it was due since."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._times = 0
        self._silent_until = 0.0

    def count(self, reason: str, times: int = 1) -> None:
        self._times += times
        now = asyncio.get_running_loop().time()
        if now >= self._silent_until:
            log.warning(self._line, self._times, reason)
            self._times, self._silent_until = 0, now + QUIET
