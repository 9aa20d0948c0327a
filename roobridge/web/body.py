"""A request's body: how much of it is taken, in what form, and what is dropped."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from quart import request

from roobridge.bridge.wire.sse import decode_data
from roobridge.errors import ClientError

BODY_TIME = 60.0  # seconds for a body to arrive
OVERRUN = 4

_json = msgspec.json.Decoder(Any)


def refuse_other_types(content_type: str) -> None:
    """Raises ClientError for a body that is not said to be JSON.

    A web page can send `text/plain`, a form, or no type at all to any address without asking first (the Fetch
    standard's "CORS-safelisted request-header").
    """
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return
    said = repr(content_type[:100]) if content_type else "missing"
    raise ClientError(
        f"The request's Content-Type is {said}: send the body as application/json (with curl: "
        "-H 'Content-Type: application/json').",
        code="unsupported_media_type",
        status_hint=415,
    )


async def drop_body(limit: int) -> None:
    """Read at most so many bytes of the body and keep none: else a refusal is overtaken by a reset."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_TIME):
            async for part in request.body:
                size += len(part)
                if size > limit:
                    break


def refuse_compressed(encoding: str) -> None:
    """Raises ClientError for a body that is not sent as it is. encoding: of the Content-Encoding header."""
    if encoding.strip().lower() not in ("", "identity"):
        raise ClientError(
            "The request's body is compressed, which is not taken: send it without Content-Encoding.",
            code="unsupported_encoding",
            status_hint=415,
        )


async def read_body(limit: int) -> bytes:
    """The request's body, at most `limit` bytes. Raises ClientError.

    What is over the limit is read and dropped as far as OVERRUN goes: most clients see an answer only once
    they have sent everything.
    """
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_TIME):
            async for part in request.body:
                size += len(part)
                if size <= limit:
                    parts.append(part)
                elif size > limit * OVERRUN:
                    break
    except TimeoutError:
        raise ClientError(
            "The request's body did not arrive in time.", code="timeout", status_hint=408
        ) from None
    if size <= limit:
        return b"".join(parts)
    raise ClientError(
        f"The request's body is larger than {limit / 1024 / 1024:g} MB: send less, or raise `body_limit`.",
        code="body_too_large",
        status_hint=413,
    )


def decode_body(body: bytes) -> Any:
    """Any JSON. Raises ClientError."""
    if not body.strip():
        raise ClientError("The request has no body: send a JSON object.", code="invalid_json")
    try:
        return _json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        pass
    # Clients that cut text by UTF-16 units send halves of surrogate pairs, which only this reader takes.
    try:
        return decode_data(_json, body.decode())
    except RecursionError:
        raise ClientError("The request body is nested too deeply.", code="invalid_json") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise ClientError(f"The request body is not JSON: {error}.", code="invalid_json") from None
