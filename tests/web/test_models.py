from __future__ import annotations

import httpx

from roobridge.errors import UpstreamError
from tests.service.scripted import Scripted
from tests.web.conftest import Serve


async def test_the_list(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted(models=("a", "org/b")), model_map={"mine": "a"})
    for path in ("/v1/models", "/models"):
        listed = (await http.get(address + path)).json()
        assert listed["object"] == "list"
        assert [entry["id"] for entry in listed["data"]] == ["a", "org/b", "mine"]
        assert all(entry["object"] == "model" for entry in listed["data"])


async def test_one_model(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(Scripted(models=("org/b",)))
    assert (await http.get(address + "/v1/models/org/b")).json()["id"] == "org/b"
    absent = await http.get(address + "/v1/models/absent")
    assert absent.status_code == 404
    assert absent.json()["error"]["code"] == "model_not_found"


async def test_an_upstream_that_refuses(serve: Serve, http: httpx.AsyncClient) -> None:
    upstream = Scripted()
    upstream.list = UpstreamError("The key is wrong.", kind="authentication_error", status_hint=401)
    response = await http.get(await serve(upstream) + "/v1/models")
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"
