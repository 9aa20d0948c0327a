"""HTTP for all upstreams: one kind of client, and the reading of a reply as it streams."""

from __future__ import annotations

import codecs
import math
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeAlias

import aiohttp
import httpx
import msgspec
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from roobridge.bridge.ports import Delta
from roobridge.bridge.tape.reader import ReplyStream
from roobridge.errors import SettingsError, UpstreamError
from roobridge.upstream.failures import FAILURES, upstream_error, without_secrets

CONNECT_TIMEOUT = 10.0  # seconds, name lookup and TLS included
BODY_LIMIT = 1024 * 1024  # bytes of a body that is no stream: a refusal, a list of models
KEEP_ALIVE = 15.0  # seconds an idle connection is kept

# How a connection shows that its server has closed it.
_CLOSED = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)

_UNUSED_LIMITS = httpx.Limits()  # httpx passes its own to every transport; _Transport has none

# Whether the request that is being sent took a connection kept from an earlier one.
_on_kept_connection: ContextVar[bool] = ContextVar("on_kept_connection", default=False)

# The body of the response that came last: aiohttp's own reader, without httpx's two generators around it.
_body: ContextVar[aiohttp.StreamReader] = ContextVar("body")
_BODY = "aiohttp_body"  # its name among the extensions of httpx's response

Refused: TypeAlias = Callable[[httpx.Response, str], UpstreamError]
Status: TypeAlias = Callable[[httpx.Response], int]


class _Transport(AiohttpTransport):
    """No limit on connections, since the service counts its streams; no cookies, since one client serves
    several people and a user's own Cookie header has to go out as it is.
    """

    def get_client(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(ssl=self.ssl_context, limit=0, keepalive_timeout=KEEP_ALIVE)
        watch = aiohttp.TraceConfig()
        watch.on_connection_reuseconn.append(_note_kept_connection)
        watch.on_request_end.append(_note_body)
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[watch]
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        response.extensions[_BODY] = _body.get()
        return response


async def _note_kept_connection(*_: object) -> None:
    _on_kept_connection.set(True)


async def _note_body(_session: object, _context: object, end: aiohttp.TraceRequestEndParams) -> None:
    _body.set(end.response.content)


class _Client(HttpxAiohttpClient):
    """httpx's hooks, for their proxies from the environment: a transport of its own switches those off."""

    def _init_transport(
        self,
        verify: ssl.SSLContext | str | bool = True,
        cert: Any = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: httpx.Limits = _UNUSED_LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
        **_: Any,
    ) -> httpx.AsyncBaseTransport:
        return transport or _Transport(verify=verify, cert=cert, trust_env=trust_env)

    def _init_proxy_transport(
        self,
        proxy: httpx.Proxy,
        verify: ssl.SSLContext | str | bool = True,
        cert: Any = None,
        trust_env: bool = True,
        http1: bool = True,
        http2: bool = False,
        limits: httpx.Limits = _UNUSED_LIMITS,
        **_: Any,
    ) -> httpx.AsyncBaseTransport:
        return _Transport(verify=verify, cert=cert, trust_env=trust_env, proxy=proxy)


def checked_base_url(url: str) -> str:
    """The URL without a trailing slash. Raises SettingsError where it is not one that can be asked."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as reason:
        raise SettingsError(f"base_url is not a URL: {reason}.", param="base_url") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise SettingsError("base_url must begin with http:// or https:// and a host.", param="base_url")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise SettingsError(
            "base_url must end with its path, and hold no user or password: give the key as api_key.",
            param="base_url",
        )
    return url.rstrip("/")


def new_client(idle: float | None = None) -> httpx.AsyncClient:
    """A client for one upstream. idle: seconds without a byte after which a read fails, None for none.

    A caller with a clock of its own does without: aiohttp sets a new timer at every read, and (3.14) forgets
    the limit when a chunk's header cannot be read, and waits for ever. There is no limit on the whole time of
    a reply. Proxies and certificates are read from the environment (`HTTPS_PROXY`, `NO_PROXY`,
    `SSL_CERT_FILE`).
    """
    # httpx-aiohttp gives `pool` to aiohttp as the time for a whole connection, and `connect` as that for its
    # socket alone.
    timeout = httpx.Timeout(connect=CONNECT_TIMEOUT, pool=CONNECT_TIMEOUT, read=idle, write=idle)
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    return _Client(timeout=timeout, cookies=no_cookies, follow_redirects=False)


def http_status(response: httpx.Response) -> int:
    return response.status_code


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    wire: ReplyStream,
    refused: Refused,
    secrets: Iterable[str] = (),
    status: Status = http_status,
) -> AsyncGenerator[list[Delta], None]:
    """Send the request and yield what each read of the reply said.

    The first item, which may be empty, comes with the first frame that is no error. refused: makes the error
    of a status other than 200. secrets: never repeated in an error. status: where the status stands. Raises
    UpstreamError. Closing the generator closes the connection, unless the reply has been read to its end.
    """
    began = False
    rest: list[Delta] = []
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    try:
        response = await _send(client, request)
        async with aclosing(response):
            if status(response) != 200:
                raise without_secrets(refused(response, await read_body(response)), secrets)
            async for chunk in _chunks(response):
                deltas = wire.feed(decoder.decode(chunk))
                if wire.accepted and (deltas or not began):
                    began = True
                    yield deltas
                if wire.error is not None or wire.ended:
                    break
            else:
                rest = wire.feed(decoder.decode(b"", True)) + wire.close()
    except FAILURES as failure:
        # A server that resets or stalls after its finish_reason has said all there is.
        if not wire.finish:
            raise upstream_error(failure) from failure
        rest = wire.close()
    if rest:
        yield rest
    if wire.error is not None:
        raise without_secrets(wire.error, secrets)


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send a request; anew where a kept connection turns out to be closed, which servers do when they like.

    aiohttp does that by itself for GET alone (RFC 9112, section 9.3.1).
    """
    while True:
        _on_kept_connection.set(False)
        try:
            return await client.send(request, stream=True)
        except FAILURES as failure:
            if not (_on_kept_connection.get() and isinstance(failure.__cause__, _CLOSED)):
                raise


def _chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    """The body as each read gives it; httpx's decoders and counters only where the server compresses."""
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    body: aiohttp.StreamReader = response.extensions[_BODY]
    return body.iter_any()


async def read_body(response: httpx.Response) -> str:
    """The body of a response that is no stream, as text, cut at BODY_LIMIT."""
    body = bytearray()
    async for chunk in _chunks(response):
        body += chunk
        if len(body) >= BODY_LIMIT:
            break
    return body[:BODY_LIMIT].decode("utf-8", "replace")


async def fetch_json(
    client: httpx.AsyncClient,
    request: httpx.Request,
    refused: Refused,
    secrets: Iterable[str] = (),
    status: Status = http_status,
) -> Any:
    """Send a request whose answer is one JSON document, and decode it. Otherwise as `exchange`."""
    try:
        response = await _send(client, request)
        async with aclosing(response):
            body = await read_body(response)
        if status(response) != 200:
            raise refused(response, body)
        return msgspec.json.decode(body)
    except FAILURES as failure:
        raise upstream_error(failure) from failure
    except msgspec.MsgspecError:
        raise without_secrets(refused(response, body), secrets) from None
    except UpstreamError as error:
        raise without_secrets(error, secrets) from None


def retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait, from `Retry-After` in either of its forms (RFC 9110, section 10.2.3)."""
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        pass
    else:
        return max(0.0, seconds) if math.isfinite(seconds) else None
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
