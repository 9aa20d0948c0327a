"""What /openapi.json says against what is served."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from roobridge.web.app import create_app
from roobridge.web.description import FILE
from roobridge.web.serving import listen, serve_on
from tests.service.scripted import Scripted, end, say
from tests.web.conftest import Serve

DESCRIBED: dict[str, Any] = json.loads(FILE.read_bytes())
OPERATIONS = [(path, method) for path, methods in DESCRIBED["paths"].items() for method in methods]
CHAT = ("/v1/chat/completions", "post")
# Against the description only what has a body can be made; without /v1 the same functions answer.
CASES = [(*operation, GenerationMode.POSITIVE) for operation in OPERATIONS if operation[1] == "get"] + [
    (*CHAT, mode) for mode in GenerationMode
]
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
SERVED_BY_THE_FRAMEWORK = {"HEAD", "OPTIONS"}


def scripted() -> Scripted:
    return Scripted([*say("Hi"), *end()])


async def test_it_is_served(serve: Serve, http: httpx.AsyncClient) -> None:
    response = await http.get(await serve(scripted()) + "/openapi.json")
    assert response.json() == DESCRIBED


async def test_every_route_is_described_and_every_description_is_a_route() -> None:
    services = assemble(Settings(), {"scripted": scripted()})
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in create_app(services).url_map.iter_rules()
        for method in set(rule.methods or ()) - SERVED_BY_THE_FRAMEWORK
    }
    assert routes == set(OPERATIONS)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A service in a thread of its own: the clients that the examples make are no coroutines."""
    sock = listen("127.0.0.1", 0)
    base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        services = assemble(Settings(pace_ms=0, usage_wait_ms=1), {"scripted": scripted()})
        await serve_on(sock, services, stop.wait, grace=0.2)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    yield base
    loops[0].call_soon_threadsafe(stop.set)
    thread.join()


@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_what_fits_and_what_does_not_is_answered_as_described(
    address: str, path: str, method: str, mode: GenerationMode
) -> None:
    """By Schemathesis. What it makes need not be refused: the bridge passes on what it does not read."""
    operation = schemathesis.openapi.from_dict(DESCRIBED)[path][method]

    @settings(max_examples=10)
    @given(operation.as_strategy(generation_mode=mode))
    def answered(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(base_url=address, checks=CHECKS)

    answered()
