"""Proxies and certificates that the environment names, each over loopback."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from roobridge.errors import SettingsError
from roobridge.upstream.http.exchange import new_client
from roobridge.upstream.http.proxies import proxies_of_environment
from roobridge.upstream.http.transport import TLSError
from tests.upstream.certificates import Certificate, new_certificate
from tests.upstream.conftest import Serve
from tests.upstream.loopback import Answering, Received

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
SaysWho = Callable[[Answering, Received], Awaitable[None]]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, _no_proxy: None) -> None:
    for name in (*PROXIES, "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return new_certificate(tmp_path_factory.mktemp("tls"))


def saying(word: str) -> SaysWho:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(word.encode())

    return script


async def get(url: str) -> str:
    async with new_client(5) as client:
        return (await client.get(url)).text


@pytest.mark.parametrize(
    ("said", "patterns"),
    [
        ({}, {}),
        ({"HTTP_PROXY": "http://p:1"}, {"http://": "http://p:1"}),
        ({"https_proxy": "p:1"}, {"https://": "http://p:1"}),
        ({"ALL_PROXY": "https://p:1"}, {"all://": "https://p:1"}),
        ({"ALL_PROXY": "p", "NO_PROXY": "a.example, *"}, {}),
        ({"NO_PROXY": ".a.example, b.example,"}, {"all://*.a.example": "", "all://*b.example": ""}),
        ({"NO_PROXY": "localhost,127.0.0.1"}, {"all://localhost": "", "all://127.0.0.1": ""}),
        ({"NO_PROXY": "::1,[::2]"}, {"all://[::1]": "", "all://[::2]": ""}),
        ({"NO_PROXY": "http://a.example,b.example:81"}, {"http://a.example": "", "all://*b.example:81": ""}),
    ],
)
def test_the_environment(
    said: dict[str, str], patterns: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert proxies_of_environment() == patterns


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_http_through_a_proxy_with_a_user(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    url, proxy = await serve(saying("by proxy"))
    monkeypatch.setenv(name, url.replace("//", "//me:pass%20word@"))
    assert await get("http://upstream.invalid/v1?a=b") == "by proxy"
    (request,) = proxy.requests
    assert (request.method, request.target) == ("GET", "http://upstream.invalid/v1?a=b")
    assert request.headers["proxy-authorization"] == "Basic " + b64encode(b"me:pass word").decode()


@pytest.mark.parametrize("user", ["", "me:secret@"])
async def test_https_through_a_tunnel(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, certificate: Certificate, user: str
) -> None:
    url, server = await serve(saying("by tunnel"), certificate.server)

    async def script(answer: Answering, _: Received) -> None:
        await answer.tunnel("127.0.0.1", int(url.rpartition(":")[2]))

    address, proxy = await serve(script)
    monkeypatch.setenv("HTTPS_PROXY", address.replace("//", f"//{user}"))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    assert await get("https://upstream.invalid/v1") == "by tunnel"
    (request,) = proxy.requests
    assert (request.method, request.target) == ("CONNECT", "upstream.invalid:443")
    assert ("proxy-authorization" in request.headers) == bool(user)
    assert server.requests[0].target == "/v1"
    assert "proxy-authorization" not in server.requests[0].headers


@pytest.mark.parametrize("direct", ["127.0.0.1", "http://127.0.0.1", "*", "other.example, 127.0.0.1"])
async def test_what_no_proxy_names_is_asked_directly(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, direct: str
) -> None:
    address, proxy = await serve(saying("by proxy"))
    url, _ = await serve(saying("directly"))
    monkeypatch.setenv("HTTP_PROXY", address)
    assert await get(url) == "by proxy"
    monkeypatch.setenv("NO_PROXY", direct)
    assert await get(url) == "directly"
    assert len(proxy.requests) == 1


async def test_a_proxy_that_refuses_the_tunnel(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(answer: Answering, _: Received) -> None:
        await answer.whole(b"no", status=407)

    address, _ = await serve(script)
    monkeypatch.setenv("HTTPS_PROXY", address)
    with pytest.raises(httpx.ProxyError):
        await get("https://upstream.invalid/v1")


async def test_a_proxy_that_is_not_there(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    address, proxy = await serve(saying(""))
    await proxy.stop()
    monkeypatch.setenv("HTTP_PROXY", address)
    with pytest.raises(httpx.ProxyError):
        await get("http://upstream.invalid/v1")


async def test_a_proxy_of_another_kind(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    address, proxy = await serve(saying(""))
    monkeypatch.setenv("ALL_PROXY", address.replace("http:", "socks5:"))
    with pytest.raises(httpx.ProxyError, match="http://"):
        await get("http://upstream.invalid/v1")
    assert proxy.connections == 0


async def test_an_authority_of_ones_own(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, certificate: Certificate, tmp_path: Path
) -> None:
    url, server = await serve(saying("in secret"), certificate.server)
    with pytest.raises(TLSError):
        await get(url)
    assert server.requests == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    assert await get(url) == "in secret"
    stranger = new_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(stranger.authority))
    with pytest.raises(TLSError):
        await get(url)


async def test_a_certificate_for_another_name(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, certificate: Certificate
) -> None:
    url, _ = await serve(saying(""), certificate.server)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    with pytest.raises(TLSError):
        await get(url.replace("127.0.0.1", "localhost"))


async def test_a_handshake_that_does_not_come(serve: Serve) -> None:
    url, _ = await serve(saying("in the clear"))
    async with new_client(5) as client:
        with pytest.raises(httpx.ConnectTimeout):
            await client.get(url.replace("http:", "https:"), timeout=0.1)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
async def test_no_proxy_stands_between_this_machine_and_itself(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    address, proxy = await serve(saying("by proxy"))
    url, _ = await serve(saying("directly"))
    monkeypatch.setenv(name, address)
    async with new_client(5, url) as client:
        assert (await client.get(url)).text == "directly"
    assert proxy.connections == 0


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTPS_PROXY": "nonsense:::"},
        {"HTTPS_PROXY": "http://"},
        {"HTTPS_PROXY": "http://p:0"},
        {"HTTPS_PROXY": "http://p:65536"},
        {"https_proxy": "ftp://p:1"},
        {"ALL_PROXY": "socks5://127.0.0.1:1"},
    ],
)
def test_a_proxy_on_the_way_that_cannot_be_used(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=next(iter(variables)).upper()):
        new_client(5, "https://upstream.invalid/v1")
    monkeypatch.setenv("NO_PROXY", ".invalid")
    new_client(5, "https://upstream.invalid/v1")


def test_a_proxy_that_is_not_on_the_way_may_be_of_any_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:7890")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:7890")
    new_client(5, "https://upstream.invalid/v1")


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("there", [False, True])
def test_certificates_that_cannot_be_had(
    name: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "authority"
    if there:
        path.write_text("no certificate")
    monkeypatch.setenv(name, str(path))
    with pytest.raises(SettingsError, match=name):
        new_client(5)
