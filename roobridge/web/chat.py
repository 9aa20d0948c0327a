"""POST /v1/chat/completions."""

from __future__ import annotations

from quart import Blueprint, Response, g, request

from roobridge.bridge.request.chat import parse_chat_request
from roobridge.service.answering import Answering
from roobridge.service.turns.turn import Turn
from roobridge.web.body import decode_body, read_body, refuse_compressed
from roobridge.web.direct import sender
from roobridge.web.errors import json_response
from roobridge.web.keys import OwnKeys, bearer_key
from roobridge.web.stream import EventStream, completion

# No proxy on the way may gather, keep or compress the stream.
_STREAM_HEADERS = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}


def chat_routes(answering: Answering, body_limit: int, keys: OwnKeys) -> Blueprint:
    """body_limit: in bytes. keys: of the service itself."""
    routes = Blueprint("chat", __name__)

    @routes.post("/v1/chat/completions")
    @routes.post("/chat/completions")
    async def chat_completions() -> Response:
        refuse_compressed(request.headers.get("content-encoding", ""))
        chat = parse_chat_request(decode_body(await read_body(body_limit)))
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["x-request-id"] = g.request_id
        sent = bearer_key(headers.pop("authorization", ""))
        standing = await answering.limits.take(sent)
        g.standing = standing
        if standing.refusal is not None:
            raise standing.refusal
        key, provider = keys.for_the_upstream(sent), request.args.get("provider", "")
        turn = await answering.open(chat, headers, key, provider=provider, client=sent)
        return await (_streamed(turn) if chat.stream else _whole(turn))

    @routes.after_request
    async def tell_standing(response: Response) -> Response:
        if "standing" in g:
            response.headers.update(g.standing.headers)
        return response

    return routes


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
