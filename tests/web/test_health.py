from __future__ import annotations

import asyncio

import httpx
import pytest

from roobridge.bridge.ports import Health
from roobridge.web import health
from tests.service.scripted import Scripted
from tests.web.conftest import Serve


async def test_well(serve: Serve, http: httpx.AsyncClient) -> None:
    response = await http.get(await serve(Scripted()) + "/health")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "upstream": "scripted", "detail": "It is scripted."}


async def test_failing(serve: Serve, http: httpx.AsyncClient) -> None:
    class Down(Scripted):
        async def health(self) -> Health:
            return Health(False, "It is down.")

    response = await http.get(await serve(Down()) + "/health")
    assert response.status_code == 503
    assert response.json()["detail"] == "It is down."


async def test_an_upstream_that_does_not_answer(
    serve: Serve, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(Scripted):
        async def health(self) -> Health:
            await asyncio.Event().wait()
            raise AssertionError

    monkeypatch.setattr(health, "ANSWER_TIME", 0.01)
    response = await http.get(await serve(Silent()) + "/health")
    assert response.status_code == 503
    assert "did not answer" in response.json()["detail"]
