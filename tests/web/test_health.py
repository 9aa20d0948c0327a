from __future__ import annotations

import asyncio

import httpx
import pytest

from roobridge.bridge.ports import Health
from roobridge.service.metrics import readiness
from tests.service.metered import Metered
from tests.service.scripted import Scripted
from tests.web.conftest import Serve


class Probed(Scripted):
    """Says how it is once it may. asked: how many times it was."""

    def __init__(self, *, ok: bool = True) -> None:
        super().__init__()
        self.asked_health = 0
        self.may = asyncio.Event()
        self.reached = asyncio.Event()
        self._ok = ok

    async def health(self) -> Health:
        self.asked_health += 1
        self.reached.set()
        await self.may.wait()
        return Health(self._ok, "It is scripted.")


def probed(*, ok: bool = True) -> Probed:
    upstream = Probed(ok=ok)
    upstream.may.set()
    return upstream


async def test_it_is_alive_whatever_its_upstream_does(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Probed()
    response = await http.get(await serve(upstream) + "/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert upstream.asked_health == 0


@pytest.mark.parametrize(("ok", "status", "word"), [(True, 200, "ok"), (False, 503, "failing")])
async def test_it_is_ready_where_its_upstream_is(
    serve: Serve, http: httpx.AsyncClient, ok: bool, status: int, word: str
) -> None:
    address = await serve(probed(ok=ok))
    response = await http.get(address + "/health/ready")
    assert response.status_code == status
    state = {"status": word, "detail": "It is scripted."}
    assert response.json() == {"status": word, "upstreams": {"scripted": state}}
    metered = Metered((await http.get(address + "/metrics")).text)
    assert metered("upstream_ready", upstream="scripted") == ok


async def test_one_upstream_that_answers_is_enough() -> None:
    told: list[tuple[str, bool]] = []
    ready = readiness.Readiness(
        {"home": probed(ok=False), "cloud": probed()}, lambda name, ok: told.append((name, ok))
    )
    states = await ready.states()
    assert [state.ok for state in states.values()] == [False, True]
    assert told == [("home", False), ("cloud", True)]


async def test_upstreams_are_asked_at_once() -> None:
    slow, other = Probed(), Probed()
    ready = readiness.Readiness({"slow": slow, "other": other}, lambda name, ok: None)
    asking = asyncio.create_task(ready.states())
    await slow.reached.wait()
    await other.reached.wait()
    slow.may.set()
    other.may.set()
    assert all(state.ok for state in (await asking).values())


async def test_many_probes_are_one_question(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Probed()
    address = await serve(upstream)
    async with asyncio.TaskGroup() as group:
        probes = [group.create_task(http.get(address + "/health/ready")) for _ in range(5)]
        await upstream.reached.wait()
        upstream.may.set()
    later = await http.get(address + "/health/ready")
    assert [probe.result().status_code for probe in probes] + [later.status_code] == [200] * 6
    assert upstream.asked_health == 1


async def test_an_old_answer_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "FRESH", 0.0)
    upstream = probed()
    ready = readiness.Readiness({"scripted": upstream}, lambda name, ok: None)
    await ready.states()
    await ready.states()
    assert upstream.asked_health == 2


async def test_a_probe_that_gives_up_breaks_no_other() -> None:
    upstream = Probed()
    ready = readiness.Readiness({"scripted": upstream}, lambda name, ok: None)
    first, second = asyncio.create_task(ready.states()), asyncio.create_task(ready.states())
    await upstream.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    upstream.may.set()
    assert (await second)["scripted"].ok


async def test_an_upstream_that_does_not_answer(
    serve: Serve, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "ANSWER_TIME", 0.01)
    response = await http.get(await serve(Probed()) + "/health/ready")
    assert response.status_code == 503
    assert "did not answer" in response.json()["upstreams"]["scripted"]["detail"]
