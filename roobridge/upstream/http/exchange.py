"""HTTP for all upstreams: one kind of client, and the reading of a reply as it streams."""

from __future__ import annotations

import asyncio
import codecs
import math
import os
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import msgspec

from roobridge.bridge.ports import Delta
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.secrets.forms import credentials
from roobridge.bridge.tape.reader import ReplyStream
from roobridge.errors import SettingsError, UpstreamError
from roobridge.upstream.http.address import is_loopback
from roobridge.upstream.http.failures import FAILURES, upstream_error
from roobridge.upstream.http.inflate import Inflater
from roobridge.upstream.http.proxies import check_proxy, proxies_of_environment
from roobridge.upstream.http.transport import AiohttpTransport, body_of

CONNECT_TIMEOUT = 10.0  # seconds, name lookup and TLS included
_PACKED = 64 * 1024  # bytes of a compressed body that are read at a time
BODY_LIMIT = 1024 * 1024  # bytes of a body that is no stream: a refusal, a list of models
STRETCH = 64 * 1024  # bytes of a reply that are read before others get their turn

Refused: TypeAlias = Callable[[httpx.Response, str, Cleaner], UpstreamError]
Status: TypeAlias = Callable[[httpx.Response], int]


def new_client(idle: float | None = None, base_url: str = "") -> httpx.AsyncClient:
    """A client for one upstream. idle: seconds without a byte after which a read fails, None for none.
    base_url: the upstream's, whose way is looked at before it is gone.

    A caller with a clock of its own does without: aiohttp sets a new timer at every read, and (3.14) forgets
    the limit when a chunk's header cannot be read, and waits for ever. There is no limit on the whole time of
    a reply. Proxies and certificates are read from the environment (`HTTPS_PROXY`, `NO_PROXY`,
    `SSL_CERT_FILE`); no proxy stands between this machine and itself. Raises SettingsError where they cannot
    be used.
    """
    tls = _certificates()
    proxies = {} if base_url and is_loopback(base_url) else proxies_of_environment()
    if base_url and proxies:
        check_proxy(base_url)
    return httpx.AsyncClient(
        transport=AiohttpTransport(tls),
        mounts={urls: AiohttpTransport(tls, proxy) if proxy else None for urls, proxy in proxies.items()},
        timeout=httpx.Timeout(idle, connect=CONNECT_TIMEOUT),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
    )


def _certificates() -> ssl.SSLContext:
    folder = os.environ.get("SSL_CERT_DIR", "")
    if folder and not os.environ.get("SSL_CERT_FILE") and not Path(folder).is_dir():
        raise _no_certificates("SSL_CERT_DIR", "there is no such folder")
    try:
        return httpx.create_ssl_context()
    except FileNotFoundError:
        raise _no_certificates("SSL_CERT_FILE", "there is no such file") from None
    except OSError as reason:  # ssl.SSLError too
        why = reason.strerror or type(reason).__name__
        raise _no_certificates("SSL_CERT_FILE", f"it holds no certificates ({why})") from None


def _no_certificates(variable: str, why: str) -> SettingsError:
    return SettingsError(
        f"The variable {variable} is not usable: {why}. Correct it, or unset it for the usual certificates.",
        code="bad_setting",
        param=variable,
    )


def http_status(response: httpx.Response) -> int:
    return response.status_code


async def exchange(
    client: httpx.AsyncClient,
    request: httpx.Request,
    new_wire: Callable[[Cleaner], ReplyStream],
    refused: Refused,
    secrets: Iterable[str] = (),
    status: Status = http_status,
) -> AsyncGenerator[list[Delta], None]:
    """Send the request and yield what each read of the reply said.

    The first item comes with the first frame that is no error; any may be empty. new_wire: makes the decoder
    of the reply. refused: makes the error of a status other than 200. No error repeats what the
    request carries as credentials, nor `secrets`. status: where the status stands. Raises UpstreamError.
    Closing the generator closes the connection, unless the reply has been read to its end.
    """
    clean = cleaner_of(request, secrets)
    wire = new_wire(clean)
    rest: list[Delta] = []
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    try:
        response = await client.send(request, stream=True)
        async with aclosing(response):
            if status(response) != 200:
                raise refused(response, await read_body(response), clean)
            read = _in_stretches(_reads(response))
            while chunk := await read():
                deltas = wire.feed(decoder.decode(chunk))
                if wire.accepted:
                    yield deltas  # also where nothing was said: a comment is a sign of life
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
        raise wire.error


def cleaner_of(request: httpx.Request, secrets: Iterable[str] = ()) -> Cleaner:
    """What cleans whatever is said in answer to a request, of what the request carries and of `secrets`."""
    return Cleaner((*credentials(request.headers), *secrets))


def _reads(response: httpx.Response) -> Callable[[], Awaitable[bytes]]:
    """Each call gives what has come since the last, and nothing at the end."""
    body, encoding = body_of(response), response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() in ("", "identity"):
        return body.read
    return Inflater(partial(body.read, _PACKED), encoding).read


def _in_stretches(read: Callable[[], Awaitable[bytes]]) -> Callable[[], Awaitable[bytes]]:
    """The same reads, none longer than STRETCH: a decompressed piece may hold a thousand times what came, and
    a turn of the loop stands between two of its stretches.
    """
    rest = memoryview(b"")

    async def next_stretch() -> bytes:
        nonlocal rest
        if rest:
            await asyncio.sleep(0)
            chunk, rest = rest[:STRETCH], rest[STRETCH:]
            return bytes(chunk)
        whole = await read()
        if len(whole) <= STRETCH:
            return whole
        rest = memoryview(whole)[STRETCH:]
        return whole[:STRETCH]

    return next_stretch


async def read_body(response: httpx.Response) -> str:
    """The body of a response that is no stream, as text, cut at BODY_LIMIT."""
    body = bytearray()
    read = _reads(response)
    while len(body) < BODY_LIMIT and (chunk := await read()):
        body += chunk
    return body[:BODY_LIMIT].decode("utf-8", "replace")


async def fetch_json(
    client: httpx.AsyncClient,
    request: httpx.Request,
    refused: Refused,
    secrets: Iterable[str] = (),
    status: Status = http_status,
) -> Any:
    """Send a request whose answer is one JSON document, and decode it. Otherwise as `exchange`."""
    clean = cleaner_of(request, secrets)
    try:
        response = await client.send(request, stream=True)
        async with aclosing(response):
            body = await read_body(response)
        if status(response) != 200:
            raise refused(response, body, clean)
        return msgspec.json.decode(body)
    except FAILURES as failure:
        raise upstream_error(failure) from failure
    except (msgspec.MsgspecError, RecursionError):
        raise refused(response, body, clean) from None


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
