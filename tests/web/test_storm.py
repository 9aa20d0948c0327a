"""The storm of retries that an error within a reply sets off in Roo, with auto-approval off.

What Roo does was tried live (3.31.3, 3.36.16, 3.52.1): after an error that came behind any content or
reasoning it sends the same turn again at once, with new environment details, about 2.5 times a second,
without end. An error before any content, or a 503 with `x-should-retry: false`, makes it ask its user.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from roobridge.bridge.ports import Delta
from roobridge.errors import UpstreamError
from tests.service.scripted import CALL, Scripted, Step, end, say
from tests.web.conftest import Serve
from tests.web.requests import ROO, content, data, roo

URL = "/v1/chat/completions"
DETAILS = "<environment_details>\nCurrent time: 12:00:0{}\n</environment_details>"


def lost() -> UpstreamError:
    return UpstreamError("The connection was lost.", code="connection_lost")


BROKEN: dict[str, list[Step]] = {
    "a call": [*say(CALL[:20]), lost()],
    "reasoning": [[Delta(reasoning="I think of it.")], lost()],
    "a held text": [*say("I have done it"), lost()],
}


def body(at: int, task: str = "Do it") -> dict[str, Any]:
    return roo(f"{task}\n{DETAILS.format(at)}")


async def post(http: httpx.AsyncClient, address: str, at: int, task: str = "Do it") -> httpx.Response:
    return await http.post(address + URL, json=body(at, task), headers=ROO)


async def break_off(http: httpx.AsyncClient, address: str, go: asyncio.Event) -> None:
    """Ask, and let the upstream break off once its first words are here."""
    async with http.stream("POST", address + URL, json=body(1), headers=ROO) as first:
        texts = first.aiter_text()
        await anext(texts)
        go.set()
        assert "connection_lost" in "".join([text async for text in texts])


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_the_second_request_stops_it(serve: Serve, http: httpx.AsyncClient, broken: list[Step]) -> None:
    go = asyncio.Event()
    address = await serve(Scripted([broken[0], go, *broken[1:]]), max_continuations=0)
    await break_off(http, address, go)
    for at in range(2, 5):
        again = await post(http, address, at)
        assert again.status_code == 503
        assert again.headers["x-should-retry"] == "false"
        assert again.json()["error"]["message"].startswith("The reply broke off again")


async def test_another_turn_is_not_held_back(serve: Serve, http: httpx.AsyncClient) -> None:
    go, more = asyncio.Event(), asyncio.Event()
    whole = [*say(CALL[:30]), more, *say(CALL[30:]), *end()]
    address = await serve(Scripted([*say(CALL[:20]), go, lost()], whole), max_continuations=0)
    await break_off(http, address, go)
    async with http.stream("POST", address + URL, json=body(2, "Do more"), headers=ROO) as other:
        assert "read_file" in await anext(other.aiter_text())
        more.set()


async def test_a_refusal_before_any_content_keeps_its_status(serve: Serve, http: httpx.AsyncClient) -> None:
    refusal: list[Step] = [UpstreamError("Too many requests.", kind="rate_limit_error", status_hint=429)]
    address = await serve(Scripted(refusal))
    assert [(await post(http, address, at)).status_code for at in (1, 2)] == [429, 429]


async def test_a_repeat_may_be_gone_on_with(serve: Serve, http: httpx.AsyncClient) -> None:
    go = asyncio.Event()
    refusal: list[Step] = [UpstreamError("Too many requests.", status_hint=429, code="connection_lost")]
    scripts = ([*say(CALL[:20]), go, lost()], refusal, [*say(CALL[:30]), *end("length")])
    address = await serve(Scripted(*scripts, [*say(CALL[30:]), *end()]), max_continuations=1)
    await break_off(http, address, go)
    again = await post(http, address, 2)
    assert content(data(again.text)).strip() == CALL
