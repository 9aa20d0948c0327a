"""What can go wrong below HTTP, as UpstreamError.

The transport raises httpx's exceptions alone:

    code          what happened                                       status
    unreachable   no connection: name, port, proxy, certificate, URL  502
    silence       connected, then no byte for the idle time           504
    broken_off    the connection ended inside a request or a reply    502
    bad_response  what came is not HTTP, or not in its own encoding   502
"""

from __future__ import annotations

import httpx

from roobridge.errors import UpstreamError
from roobridge.upstream.http.transport import TLSError

FAILURES = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL)

_UNREACHABLE = "The upstream cannot be reached; check base_url and the network"
_TIMED_OUT = "The upstream did not take the connection in time; check base_url and the network"
_CERTIFICATE = "The upstream's TLS certificate or handshake failed; check base_url and SSL_CERT_FILE"
_PROXY = "The proxy on the way to the upstream failed; check HTTPS_PROXY and NO_PROXY"
_ADDRESS = "The upstream's address is not one that can be asked; check base_url"
_SILENCE = "The upstream stayed silent for longer than the idle timeout"
_BROKEN = "The connection to the upstream broke off"
_NOT_HTTP = "The upstream sent something that is not the HTTP expected"

# The first row that fits counts: special before general.
_ROWS: tuple[tuple[type[BaseException], str, str, int], ...] = (
    (httpx.ConnectTimeout, "unreachable", _TIMED_OUT, 504),
    (httpx.PoolTimeout, "unreachable", _TIMED_OUT, 504),
    (httpx.TimeoutException, "silence", _SILENCE, 504),
    (TLSError, "unreachable", _CERTIFICATE, 502),
    (httpx.ConnectError, "unreachable", _UNREACHABLE, 502),
    (httpx.ProxyError, "unreachable", _PROXY, 502),
    (httpx.UnsupportedProtocol, "unreachable", _ADDRESS, 502),
    (httpx.InvalidURL, "unreachable", _ADDRESS, 502),
    (httpx.ProtocolError, "bad_response", _NOT_HTTP, 502),
    (httpx.DecodingError, "bad_response", _NOT_HTTP, 502),
    (httpx.TooManyRedirects, "bad_response", _NOT_HTTP, 502),
    (httpx.HTTPStatusError, "bad_response", _NOT_HTTP, 502),
    (httpx.NetworkError, "broken_off", _BROKEN, 502),
    (httpx.StreamError, "broken_off", _BROKEN, 502),
    (httpx.HTTPError, "broken_off", _BROKEN, 502),
)


def upstream_error(failure: BaseException) -> UpstreamError:
    """The error for one of FAILURES. Its message names the case and never an address or a header."""
    for kind, code, message, status in _ROWS:
        if isinstance(failure, kind):
            return UpstreamError(f"{message}.", code=code, status_hint=status)
    raise TypeError(f"not a failure of the transport: {type(failure).__name__}") from failure
