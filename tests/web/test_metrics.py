from __future__ import annotations

import httpx

from roobridge.errors import UpstreamError
from tests.service.metered import Metered
from tests.service.scripted import Scripted, end, say
from tests.web.conftest import Serve
from tests.web.requests import ROO, chat, roo


async def test_turns_and_refusals_are_read_where_prometheus_looks(
    serve: Serve, http: httpx.AsyncClient
) -> None:
    address = await serve(Scripted([*say("Done."), *end()]))
    await http.post(address + "/v1/chat/completions", json=roo("Do it"), headers=ROO)
    await http.post(address + "/v1/chat/completions", content=b"{")
    await http.get(address + "/v1/elsewhere/sk-secret")
    response = await http.get(address + "/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    found = Metered(response.text)
    assert found("turns_total", kind="roo-xml", client="roo", outcome="ok") == 1
    assert found("refusals_total", cause="unsupported_media_type") == 1
    assert found("refusals_total", cause="not_found") == 1
    assert "sk-secret" not in response.text


async def test_a_request_that_is_refused_by_the_upstream_is_a_turn_and_a_refusal(
    serve: Serve, http: httpx.AsyncClient
) -> None:
    address = await serve(Scripted([UpstreamError("No.", code="unreachable")]))
    await http.post(address + "/v1/chat/completions", json=chat(stream=True))
    found = Metered((await http.get(address + "/metrics")).text)
    assert found("turns_total", kind="plain", client="other", outcome="unreachable") == 1
    assert found("refusals_total", cause="unreachable") == 1
