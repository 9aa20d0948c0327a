"""Who is answered: names, web pages, bodies and keys, and the headers of every answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest

from tests.service.scripted import Scripted, end, say
from tests.web.conftest import Serve
from tests.web.requests import chat, data, roo

URL = "/v1/chat/completions"
PAGE = "https://ui.example"
ASKING = {"access-control-request-method": "POST"}


def scripted() -> Scripted:
    return Scripted([*say("Hi"), *end()])


@pytest.mark.parametrize(
    "host",
    [
        "localhost:9",
        "app.localhost",
        "127.1.2.3:4",
        "[::1]:8001",
        "10.0.0.7:8001",
        "host.docker.internal:8001",
        "Bridge.Example.:80",
    ],
)
async def test_a_name_the_service_goes_by(serve: Serve, http: httpx.AsyncClient, host: str) -> None:
    address = await serve(scripted(), allowed_hosts=("bridge.example",))
    assert (await http.get(address + "/v1/models", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("path", [URL, "/v1/models", "/models", "/nowhere"])
@pytest.mark.parametrize("host", ["evil.example:8001", "127.0.0.1.evil.example", "localhost.evil.example"])
async def test_another_name_is_refused_and_the_setting_is_named(
    serve: Serve, http: httpx.AsyncClient, host: str, path: str
) -> None:
    upstream = scripted()
    response = await http.post(await serve(upstream) + path, headers={"host": host}, json=chat())
    assert response.status_code == 403
    assert response.json()["error"]["code"] == "host_not_allowed"
    assert "ROOBRIDGE_ALLOWED_HOSTS" in response.text
    assert not upstream.requests


async def test_metrics_want_the_services_key(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(scripted(), service_keys=("k1",))
    assert (await http.get(address + "/metrics")).status_code == 401
    keyed = await http.get(address + "/metrics", headers={"authorization": "Bearer k1"})
    assert keyed.status_code == 200


async def test_every_name_where_the_operator_says_so(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(scripted(), allowed_hosts=("*",))
    assert (await http.get(address + "/v1/models", headers={"host": "any.example"})).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/health/ready"])
async def test_health_is_open_to_probes(serve: Serve, http: httpx.AsyncClient, path: str) -> None:
    address = await serve(scripted(), service_keys=("k1",))
    response = await http.get(address + path, headers={"host": "pod-7", "origin": PAGE})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "vscode-webview://1ab", "http://127.0.0.1:1"]
)
async def test_a_web_page_cannot_spend_the_key(serve: Serve, http: httpx.AsyncClient, origin: str) -> None:
    upstream = scripted()
    address = await serve(upstream)
    for response in (
        await http.post(address + URL, headers={"origin": origin}, json=chat()),
        await http.options(address + URL, headers={"origin": origin, **ASKING}),
    ):
        assert response.status_code == 403
        assert response.json()["error"]["code"] == "origin_not_allowed"
        assert "ROOBRIDGE_ALLOWED_ORIGINS" in response.text
        assert "access-control-allow-origin" not in response.headers
    assert not upstream.requests


async def test_a_page_of_the_service_itself_may_ask(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(scripted())
    response = await http.post(address + URL, headers={"origin": address}, json=chat())
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        (PAGE, PAGE),
        ("vscode-webview://*", "vscode-webview://1ab"),
        ("*", "http://any.example"),
        ("null", "null"),
    ],
)
async def test_a_configured_page_reads_streams_and_errors(
    serve: Serve, http: httpx.AsyncClient, allowed: str, origin: str
) -> None:
    address = await serve(scripted(), allowed_origins=(allowed,))
    for body, status in ((chat(stream=True), 200), ({"model": 3}, 400)):
        response = await http.post(address + URL, headers={"origin": origin}, json=body)
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == origin
        assert response.headers["vary"] == "Origin"
    assert "access-control-allow-origin" not in (await http.get(address + "/v1/models")).headers


async def test_a_preflight_of_a_configured_page(serve: Serve, http: httpx.AsyncClient) -> None:
    address = await serve(scripted(), allowed_origins=(PAGE,), service_keys=("k1",))
    wanted = {
        "access-control-request-headers": "authorization,content-type,x-stainless-os",
        "access-control-request-private-network": "true",
    }
    response = await http.options(address + URL, headers={"origin": PAGE, **ASKING, **wanted})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["access-control-allow-origin"] == PAGE
    assert response.headers["access-control-allow-headers"] == wanted["access-control-request-headers"]
    assert response.headers["access-control-allow-private-network"] == "true"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert response.headers["access-control-max-age"] == "600"
    assert "Origin" in response.headers["vary"]
    plain = await http.options(address + URL, headers={"origin": PAGE, **ASKING})
    assert not plain.headers.keys() & {"access-control-allow-headers", "access-control-allow-private-network"}


@pytest.mark.parametrize("said", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_a_body_that_is_not_said_to_be_json(serve: Serve, http: httpx.AsyncClient, said: str) -> None:
    upstream = scripted()
    headers = {"content-type": said} if said else {}
    # Larger than what the sockets hold: the answer must not be overtaken by a reset.
    response = await http.post(await serve(upstream) + URL, content=b"x" * 9_000_000, headers=headers)
    assert response.status_code == 415
    assert "-H 'Content-Type: application/json'" in response.json()["error"]["message"]
    assert not upstream.requests


async def test_a_charset_beside_json_is_taken(serve: Serve, http: httpx.AsyncClient) -> None:
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    response = await http.post(await serve(scripted()) + URL, json=chat(), headers=headers)
    assert response.status_code == 200


async def test_a_body_of_two_lengths_is_refused_and_the_connection_closed(serve: Serve) -> None:
    port = int((await serve(scripted())).rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /health HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 3\r\n")
    writer.write(b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close" in answer
    assert b"ambiguous_length" in answer


@pytest.mark.parametrize("sent", ["", "Bearer k", "Bearer sk-of-the-upstream", "Basic k1"])
async def test_without_one_of_its_keys_nothing_is_answered(
    serve: Serve, http: httpx.AsyncClient, sent: str
) -> None:
    upstream = scripted()
    address = await serve(upstream, service_keys=("k1", "k2"))
    headers = {"authorization": sent} if sent else {}
    for response in (
        await http.post(address + URL, headers=headers, json=chat()),
        await http.get(address + "/models", headers=headers),
    ):
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert "service_keys" in response.json()["error"]["message"]
        assert "k1" not in response.text
    assert not upstream.requests


@pytest.mark.parametrize(("keys", "seen"), [((), "k2"), (("k1", "k2"), "")])
async def test_the_upstream_sees_no_key_of_the_service(
    serve: Serve, http: httpx.AsyncClient, keys: tuple[str, ...], seen: str
) -> None:
    upstream = scripted()
    address = await serve(upstream, service_keys=keys)
    response = await http.post(address + URL, headers={"authorization": "Bearer k2"}, json=chat())
    assert response.status_code == 200
    asked = upstream.requests[0]
    assert asked.key == seen
    assert "k2" not in str(asked.headers)


async def test_clients_with_different_keys_do_not_end_one_anothers_turns(
    serve: Serve, http: httpx.AsyncClient
) -> None:
    release = asyncio.Event()
    upstream = Scripted(
        [release, *say("<attempt_completion><result>A</result></attempt_completion>"), *end()]
    )
    address = await serve(upstream, service_keys=("k1", "k2"))

    async def ask(key: str, *turns: str) -> Any:
        headers = {"authorization": f"Bearer {key}", "user-agent": "RooCode/3.31.3"}
        return data((await http.post(address + URL, json=roo(*turns), headers=headers)).text)

    async with asyncio.TaskGroup() as group:
        first = group.create_task(ask("k1", "Hi"))
        await upstream.requested(1)
        second = group.create_task(ask("k2", "Hi", "Well.", "And?"))
        await upstream.requested(2)
        release.set()
    assert first.result()[-1] == second.result()[-1] == "[DONE]"


@pytest.mark.parametrize(
    ("path", "cache"), [("/health", "no-store"), ("/nowhere", "no-store"), (URL, "no-cache")]
)
async def test_every_answer_has_its_headers(
    serve: Serve, http: httpx.AsyncClient, path: str, cache: str
) -> None:
    address = await serve(scripted())
    sent = http.post(address + path, json=chat(stream=True)) if path == URL else http.get(address + path)
    headers = (await sent).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"].startswith(cache)
    assert len(headers["x-request-id"]) == 24


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("", False)]
)
async def test_a_request_id_is_kept_and_stands_in_the_log(
    serve: Serve, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, given: str, kept: bool
) -> None:
    caplog.set_level(logging.INFO, "roobridge.turns")
    address = await serve(scripted())
    response = await http.post(address + URL, json=chat(), headers={"x-request-id": given})
    told = response.headers["x-request-id"]
    assert (told == given) is kept
    assert f" request={told} " in caplog.text


async def test_turns_beyond_the_cap_are_told_to_come_again(serve: Serve, http: httpx.AsyncClient) -> None:
    release = asyncio.Event()
    upstream = Scripted([release, *say("Hi"), *end()])
    address = await serve(upstream, max_turns=1)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(http.post(address + URL, json=chat()))
        await upstream.requested(1)
        response = await http.post(address + URL, json=chat())
        release.set()
    assert first.result().status_code == 200
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["error"]["code"] == "too_many_turns"
    assert (await http.post(address + URL, json=chat())).status_code == 200


async def test_a_refused_body_larger_than_is_dropped_is_refused_all_the_same(
    serve: Serve, http: httpx.AsyncClient
) -> None:
    address = await serve(scripted(), body_limit=100)
    sent = chat("a" * 2000)
    answer = await http.post(address + URL, json=sent, headers={"host": "evil.example"})
    assert answer.json()["error"]["code"] == "host_not_allowed"
