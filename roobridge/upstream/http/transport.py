"""httpx's transport over aiohttp, and the body of a response that its reader may take as it comes.

httpx asks a transport for a response and puts generators of its own around its stream. A body here also
stands among the response's extensions, httpx's place for what a transport knows beyond that, so that whoever
reads a reply gets what one read of the connection gave. A body that is not read holds its server back.
"""

from __future__ import annotations

import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import httpx

KEEP_ALIVE = 15.0  # seconds an idle connection is kept
UNREAD = 64 * 1024  # bytes; aiohttp stops reading a connection where twice as many wait for their reader
PIECE = 16 * 1024  # bytes that httpx's decoders get at once; deflate makes at most 1032 times as many of them

_BODY = "roobridge_body"  # the body's name among the extensions of a response
_FAILURES = (aiohttp.ClientError, OSError)

# How a connection shows that its server has closed it.
_CLOSED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionResetError)


class TLSError(httpx.ConnectError):
    """The certificate or the handshake failed; httpx has no word of its own for it."""


# The first row that fits counts: special before general.
_ROWS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ServerTimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientProxyConnectionError, httpx.ProxyError),
    (aiohttp.ClientHttpProxyError, httpx.ProxyError),
    (aiohttp.ClientSSLError, TLSError),
    (aiohttp.ServerFingerprintMismatch, TLSError),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError),
    (aiohttp.ClientError, httpx.ReadError),
    (TimeoutError, httpx.ReadTimeout),
    (OSError, httpx.ReadError),
)


def transport_error(failure: aiohttp.ClientError | OSError) -> httpx.TransportError:
    """httpx's exception for what aiohttp raised."""
    return next(error(str(failure)) for kind, error in _ROWS if isinstance(failure, kind))


class Body(httpx.AsyncByteStream, ABC):
    """The bytes of one response. Iterating gives them in pieces of at most PIECE bytes, as httpx asks for
    them.
    """

    @abstractmethod
    async def read(self, limit: int = 0) -> bytes:
        """What has come, once there is a byte of it; nothing at the end. limit: bytes to take at most, 0 for
        all. Raises httpx.TransportError.
        """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read(PIECE):
            yield piece


def response_of(
    request: httpx.Request, status: int, reason: str, headers: httpx.Headers, body: Body
) -> httpx.Response:
    """What a transport answers, so that `body_of` finds its body."""
    extensions = {
        "http_version": b"HTTP/1.1",
        "reason_phrase": reason.encode("latin-1", "replace"),
        _BODY: body,
    }
    return httpx.Response(status, headers=headers, stream=body, request=request, extensions=extensions)


def body_of(response: httpx.Response) -> Body:
    """The body of a response that `response_of` made, as it came from the server: still compressed where it
    is so.
    """
    body = response.extensions[_BODY]
    assert isinstance(body, Body)
    return body


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Requests over connections of aiohttp, which are kept and used again.

    tls: for https, to the proxy as well. proxy: the URL of one, with its user and password where it wants
    them; empty for none. A request over a kept connection that turns out to be closed, as servers do when
    they like, is sent anew (RFC 9112, section 9.3.1). There is no limit on connections, since the service
    counts its streams, and there are no cookies, since one client serves several people.
    """

    def __init__(self, tls: ssl.SSLContext, proxy: str = "") -> None:
        self._tls = tls
        self._proxy = proxy or None
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError."""
        if self._proxy and httpx.URL(self._proxy).scheme not in ("http", "https"):
            raise httpx.ProxyError("Only proxies at http:// and https:// can be used.")
        await request.aread()
        try:
            reply = await self._reply(request)
        except _FAILURES as failure:
            raise transport_error(failure) from failure
        headers = httpx.Headers(list(reply.raw_headers))
        return response_of(request, reply.status, reply.reason or "", headers, _AiohttpBody(reply))

    async def _reply(self, request: httpx.Request) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = self._new_session()
        while True:
            attempt = _Attempt()
            try:
                return await self._session.request(
                    request.method,
                    str(request.url),
                    headers=request.headers.multi_items(),
                    data=request.content or None,
                    allow_redirects=False,
                    timeout=_timeout(request),
                    proxy=self._proxy,
                    trace_request_ctx=attempt,
                )
            except _CLOSED:
                if not attempt.on_kept_connection:
                    raise

    def _new_session(self) -> aiohttp.ClientSession:
        """A session belongs to the running loop, and so is made with the first request."""
        watch = aiohttp.TraceConfig()
        watch.on_connection_reuseconn.append(_note_kept_connection)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=0, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=UNREAD,
            trace_configs=[watch],
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class _Attempt:
    """One sending of a request. on_kept_connection: over a connection kept from an earlier one."""

    on_kept_connection = False


async def _note_kept_connection(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _: aiohttp.TraceConnectionReuseconnParams
) -> None:
    # aiohttp names the age of a connection here alone; a failed request has no response that could tell.
    context.trace_request_ctx.on_kept_connection = True


def _timeout(request: httpx.Request) -> aiohttp.ClientTimeout:
    """httpx's limits in aiohttp's words, where `connect` is name lookup, socket and TLS together."""
    asked = request.extensions.get("timeout", {})
    return aiohttp.ClientTimeout(
        connect=asked.get("connect"), sock_connect=asked.get("connect"), sock_read=asked.get("read")
    )


class _AiohttpBody(Body):
    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self._reply = reply
        self._content = reply.content

    async def read(self, limit: int = 0) -> bytes:
        try:
            return await (self._content.read(limit) if limit else self._content.readany())
        except _FAILURES as failure:
            raise transport_error(failure) from failure

    async def aclose(self) -> None:
        """Closes the connection, unless the body has been read to its end."""
        self._reply.release()
