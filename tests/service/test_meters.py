from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from prometheus_client import Counter

from roobridge.bridge.ports import Upstream, Usage
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.errors import RoobridgeError, UpstreamError
from roobridge.service.metrics import meters
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import Services, assemble
from roobridge.upstream.around import retry
from roobridge.upstream.around.queue import Queued, Slots
from roobridge.upstream.around.retry import Retrying
from tests.house_rules.readme import SERVICE, word
from tests.service.metered import Metered
from tests.service.scripted import CALL, Scripted, Step, end, say

ROO = {"user-agent": "RooCode/3.31.3"}
SYSTEM = {"role": "system", "content": "Tool uses are formatted using XML-style tags."}
CLOUD: dict[str, Any] = {"upstreams": {"cloud": {"upstream": "openai", "base_url": "http://127.0.0.1:9"}}}


def services_of(upstream: Upstream, **settings: Any) -> Services:
    return assemble(Settings(pace_ms=0, usage_wait_ms=1, **settings), {"scripted": upstream})


async def ask(services: Services, *, agent: bool = True, **more: Any) -> None:
    """One turn, to its end."""
    system = [SYSTEM] if agent else []
    body = {"model": "qwen", "messages": [*system, {"role": "user", "content": "Do it"}], **more}
    turn = await services.answering.open(parse_chat_request(body), ROO if agent else {}, "sk-secret")
    try:
        if turn.ask.chat.stream:
            await turn.begin()
            while await turn.next() is not None:
                pass
        else:
            await turn.whole()
    except RoobridgeError:
        pass
    await turn.aclose()


def read(services: Services) -> Metered:
    return Metered(services.meters.text().decode())


async def test_a_turn_counts_once_by_kind_client_upstream_and_outcome() -> None:
    services = services_of(Scripted([*say("Hi"), *end()]))
    await ask(services, agent=False, stream=True)
    await ask(services, stream=True)
    found = read(services)
    assert found("turns_total", kind="plain", client="other", upstream="scripted", outcome="ok") == 1
    assert found("turns_total", kind="roo-xml", client="roo", upstream="scripted", outcome="ok") == 1
    assert found("turns_total") == found("turn_seconds_count") == found("first_byte_seconds_count") == 2
    assert found("open_turns") == 0


async def test_a_turn_is_open_until_it_is_over() -> None:
    go = asyncio.Event()
    upstream = Scripted([*say("Hi"), go, *end()])
    services = services_of(upstream)
    asking = asyncio.create_task(ask(services, stream=True))
    await upstream.requested(1)
    assert read(services)("open_turns", kind="roo-xml") == 1
    go.set()
    await asking
    assert read(services)("open_turns") == 0


async def test_a_reply_in_one_piece_has_no_first_byte_before_its_end() -> None:
    services = services_of(Scripted([*say("Hi"), *end()]))
    await ask(services, stream=False)
    found = read(services)
    assert found("turn_seconds_count") == 1
    assert found("first_byte_seconds_count") == 0


async def test_text_that_waited_is_measured_and_its_wrap_counted() -> None:
    services = services_of(Scripted([*say("All ", "done."), *end()]))
    await ask(services, stream=True)
    found = read(services)
    assert found("held_seconds_count", upstream="scripted") == 1
    assert found("wraps_total", upstream="scripted") == 1
    assert found("calls_total") == 0
    assert found("deltas_total", upstream="scripted") == 3


async def test_a_call_counts_by_its_dialect_and_is_no_wrap() -> None:
    qwen = (
        "<tool_call>\n<function=read_file>\n<parameter=path>\na.py\n</parameter>\n</function>\n</tool_call>"
    )
    services = services_of(Scripted([*say(CALL), *end()], [*say(qwen), *end()]))
    await ask(services, stream=True)
    await ask(services, stream=True)
    found = read(services)
    assert found("calls_total", dialect="roo-xml") == found("calls_total", dialect="qwen3-coder") == 1
    assert found("wraps_total") == 0


async def test_repairs_continuations_and_tokens_are_counted() -> None:
    broken: list[Step] = [*say("<read_file>\n<path>a"), *end("length", Usage(10, 4, cached=3))]
    rest: list[Step] = [*say(".py</path>\n</read_file>"), *end("stop", Usage(12, 5))]
    services = services_of(Scripted(broken, rest))
    await ask(services, stream=True)
    found = read(services)
    assert (
        found("continuations_total", upstream="scripted") == found("repairs_total", repair="continued") == 1
    )
    assert found("tokens_total", type="prompt") == 22
    assert found("tokens_total", type="completion") == 9
    assert found("tokens_total", type="cached") == 3


async def test_tries_count_by_their_upstream_and_their_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_backoff", lambda state: 0.0)
    busy = UpstreamError("Busy.", code="their.own.word", kind="rate_limit_error", status_hint=429)
    silent = UpstreamError("Silent.", code="silence", status_hint=504)
    home = Retrying(Scripted([busy], [silent]), 30)
    cloud = Scripted([*say("Hi"), *end()])
    given = Settings(pace_ms=0, usage_wait_ms=1, upstream="replay", fallbacks=("cloud",), **CLOUD)
    services = assemble(given, {"replay": home, "cloud": cloud})
    await ask(services)
    found = read(services)
    assert found("retries_total", upstream="replay", cause="rate_limit_error") == 1
    assert found("retries_total") == 1
    assert found("fallbacks_total", upstream="replay", cause="silence") == 1
    assert found("turns_total", upstream="cloud", outcome="ok") == 1


async def test_a_word_that_an_upstream_made_up_is_no_label() -> None:
    codes = ["InvalidApiKey", "sk-secret", "x" * 500, "unreachable"]
    scripts: list[Sequence[Step]] = [[UpstreamError("No.", code=code)] for code in codes]
    services = services_of(Scripted(*scripts))
    for code in codes:
        await ask(services, model=f"model-{code}")
    found = read(services)
    assert found("turns_total", outcome="other") == 3
    assert found("turns_total", outcome="unreachable") == 1
    assert found.words() <= {"roo-xml", "roo", "scripted", "other", "unreachable"}


async def test_who_waits_for_a_slot_is_seen_while_waiting() -> None:
    go = asyncio.Event()
    inner = Scripted([go, *say("Hi"), *end()])
    counted = meters.Meters()
    waits = asyncio.Semaphore(0)

    @contextmanager
    def watch() -> Iterator[None]:
        with counted.waiting("home"):
            waits.release()
            yield

    queued = Queued(inner, Slots(1, watch), 0)
    services = assemble(Settings(pace_ms=0, usage_wait_ms=1), {"home": queued}, meters=counted)
    async with asyncio.TaskGroup() as group:
        group.create_task(ask(services))
        await inner.requested(1)
        group.create_task(ask(services, agent=False))
        await waits.acquire()
        await waits.acquire()
        waiting = read(services)
        go.set()
    assert waiting("queue_waiting", queue="home") == waiting("queue_seconds_count") == 1
    found = read(services)
    assert found("queue_waiting") == 0
    assert found("queue_seconds_count", queue="home") == 2


def test_the_metrics_are_those_of_the_readme() -> None:
    rows = SERVICE.table("Seen from outside", "metric")
    families = {family.name for family in Metered(meters.Meters().text().decode()).families}
    assert {word(row[0]).removesuffix("_total") for row in rows} == families
    assert all(row[2] for row in rows)


async def test_a_delta_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth is counted: what a turn tells its meters does not grow with its reply."""

    async def calls_for(deltas: int) -> int:
        services = services_of(Scripted([*say(*["Hi "] * deltas), *end()]))
        count = 0
        labels = Counter.labels

        def counting(self: Any, *words: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            return labels(self, *words, **named)

        monkeypatch.setattr(Counter, "labels", counting)
        await ask(services, stream=True)
        monkeypatch.undo()
        assert read(services)("deltas_total") == deltas + 1
        return count

    assert await calls_for(2) == await calls_for(200) > 0
