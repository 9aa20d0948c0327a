"""Whether the upstreams answer, for those who probe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from roobridge.bridge.ports import Health, Upstream

ANSWER_TIME = 5.0  # seconds for an upstream to answer
FRESH = 5.0  # seconds for which an answer is told again: however many probe, the upstreams are asked once


class Readiness:
    """Asks every upstream how it is. told: called with each one's name and whether it answered."""

    def __init__(self, upstreams: Mapping[str, Upstream], told: Callable[[str, bool], None]) -> None:
        self._upstreams = upstreams
        self._told = told
        self._asking: asyncio.Task[dict[str, Health]] | None = None
        self._asked = 0.0  # when the last answers came, by the loop's clock

    async def states(self) -> Mapping[str, Health]:
        """Of each upstream, by its name, at most FRESH old. Takes ANSWER_TIME at most."""
        now = asyncio.get_running_loop().time()
        asking = self._asking
        if asking is None or (asking.done() and now - self._asked >= FRESH):
            self._asking = asking = asyncio.create_task(self._ask_all(), name="readiness")
        return await asyncio.shield(asking)  # a probe that gives up breaks no other's answer

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    async def _ask_all(self) -> dict[str, Health]:
        found = await asyncio.gather(*map(_ask, self._upstreams.values()))
        self._asked = asyncio.get_running_loop().time()
        states = dict(zip(self._upstreams, found, strict=True))
        for name, health in states.items():
            self._told(name, health.ok)
        return states


async def _ask(upstream: Upstream) -> Health:
    try:
        async with asyncio.timeout(ANSWER_TIME):
            return await upstream.health()
    except TimeoutError:
        return Health(False, f"The upstream did not answer within {ANSWER_TIME:g} seconds.")
