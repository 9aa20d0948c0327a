from __future__ import annotations

import httpx

from roobridge.bridge.ports import Health
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
