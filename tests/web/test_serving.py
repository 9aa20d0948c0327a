"""The end of a service, as its clients see it."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from roobridge.errors import SettingsError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import assemble
from roobridge.web.serving import listen, serve_on
from tests.service.scripted import Scripted, say, silence
from tests.web.requests import chat


@pytest.mark.parametrize("stream", [True, False])
async def test_replies_that_run_on_after_the_end_are_broken_off_with_an_error(
    http: httpx.AsyncClient, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sock = listen("127.0.0.1", 0)
    address = f"http://127.0.0.1:{sock.getsockname()[1]}/v1/chat/completions"
    stop = asyncio.Event()
    upstream = Scripted([*say("Hel"), silence()])
    server = asyncio.create_task(
        serve_on(sock, assemble(Settings(), {"scripted": upstream}), stop.wait, grace=0.05)
    )
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(http.post(address, json=chat(stream=stream)))
        await upstream.requested(1)
        stop.set()
    response = asking.result()
    assert response.status_code == (200 if stream else 503)
    assert "shutting_down" in response.text
    assert "[DONE]" not in response.text
    await server
    assert upstream.closed[0].is_set()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_an_address_that_is_not_this_machines_is_told() -> None:
    with pytest.raises(SettingsError, match=r"Cannot listen on 192\.0\.2\.1 port 8001: .* Check --host"):
        listen("192.0.2.1", 8001)
