from __future__ import annotations

import inspect
from typing import Any

import httpx
import pytest

from roobridge.upstream.http.failures import FAILURES, upstream_error
from roobridge.upstream.http.transport import TLSError

REQUEST = httpx.Request("GET", "http://127.0.0.1/secret")

# What each of httpx's exceptions means; those not about the transport cannot come out of it.
HTTPX = {
    "HTTPError": "broken_off",
    "RequestError": "broken_off",
    "TransportError": "broken_off",
    "TimeoutException": "silence",
    "ConnectTimeout": "unreachable",
    "ReadTimeout": "silence",
    "WriteTimeout": "silence",
    "PoolTimeout": "unreachable",
    "NetworkError": "broken_off",
    "ConnectError": "unreachable",
    "ReadError": "broken_off",
    "WriteError": "broken_off",
    "CloseError": "broken_off",
    "ProtocolError": "bad_response",
    "LocalProtocolError": "bad_response",
    "RemoteProtocolError": "bad_response",
    "ProxyError": "unreachable",
    "UnsupportedProtocol": "unreachable",
    "DecodingError": "bad_response",
    "TooManyRedirects": "bad_response",
    "HTTPStatusError": "bad_response",
    "InvalidURL": "unreachable",
    "StreamError": "broken_off",
    "StreamConsumed": "broken_off",
    "StreamClosed": "broken_off",
    "ResponseNotRead": "broken_off",
    "RequestNotRead": "broken_off",
}
NOT_OF_THE_TRANSPORT = {"CookieConflict"}


def httpx_exceptions() -> dict[str, type[Exception]]:
    found = {name: getattr(httpx, name) for name in httpx.__all__}
    return {n: e for n, e in found.items() if inspect.isclass(e) and issubclass(e, Exception)}


def made(kind: type[Exception]) -> Exception:
    wanted = inspect.signature(kind.__init__).parameters
    fields: dict[str, Any] = {"message": "http://127.0.0.1/secret"} if "message" in wanted else {}
    if kind is httpx.HTTPStatusError:
        fields |= {"request": REQUEST, "response": httpx.Response(500, request=REQUEST)}
    return kind(**fields)


def test_every_exception_of_httpx_is_mapped() -> None:
    exceptions = httpx_exceptions()
    assert exceptions.keys() == HTTPX.keys() | NOT_OF_THE_TRANSPORT
    errors = {name: upstream_error(made(exceptions[name])) for name in HTTPX}
    assert {name: error.code for name, error in errors.items()} == HTTPX
    assert all(error.status_hint in (502, 504) for error in errors.values())
    assert not any("secret" in error.message for error in errors.values())


def test_a_certificate_is_told_from_a_server_that_is_not_there() -> None:
    error = upstream_error(TLSError("http://127.0.0.1/secret"))
    assert (error.code, error.status_hint) == ("unreachable", 502)
    assert "certificate" in error.message
    assert "secret" not in error.message


def test_every_failure_is_one_that_can_be_mapped() -> None:
    assert {upstream_error(kind.__new__(kind)).code for kind in FAILURES} == {"broken_off", "unreachable"}


def test_anything_else_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="KeyError"):
        upstream_error(KeyError("x"))
