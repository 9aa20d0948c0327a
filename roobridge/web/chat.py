"""POST /v1/chat/completions."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from quart import Blueprint, Response, request

from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.wire.sse import decode_data
from roobridge.errors import ClientError
from roobridge.service.answering import Answering
from roobridge.service.turns import Turn
from roobridge.web.direct import sender
from roobridge.web.errors import json_response
from roobridge.web.stream import EventStream, completion

BODY_TIME = 60.0  # seconds for a body to arrive
OVERRUN = 4

_json = msgspec.json.Decoder(Any)

# No proxy on the way may gather, keep or compress the stream.
_STREAM_HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}


def chat_routes(answering: Answering, body_limit: int) -> Blueprint:
    """body_limit: in bytes."""
    routes = Blueprint("chat", __name__)

    @routes.post("/v1/chat/completions")
    @routes.post("/chat/completions")
    async def chat_completions() -> Response:
        refuse_compressed(request.headers.get("content-encoding", ""))
        chat = parse_chat_request(decode_body(await read_body(body_limit)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        key = bearer_key(headers.get("authorization", ""))
        turn = await answering.open(chat, headers, key, request.args.get("provider", ""))
        return await (_streamed(turn) if chat.stream else _whole(turn))

    return routes


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


def bearer_key(authorization: str) -> str:
    """The token of an Authorization header; empty where there is none.

    Raises ClientError for one that could not be passed on.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return ""
    if not (token.isascii() and token.isprintable()):
        raise ClientError(
            "The API key holds a character that is no part of a key: enter it anew in the client's settings.",
            code="invalid_api_key",
            status_hint=401,
        )
    return token.strip()


async def _whole(turn: Turn) -> Response:
    try:
        return json_response(completion(turn, await turn.whole()))
    finally:
        await turn.aclose()


async def _streamed(turn: Turn) -> Response:
    stream = EventStream(turn, sender(request))
    try:
        await turn.begin()
    except BaseException:
        await turn.aclose()  # also where the client hangs up before its 200
        raise
    response = Response(stream, content_type="text/event-stream", headers=_STREAM_HEADERS)
    response.timeout = None
    return response
