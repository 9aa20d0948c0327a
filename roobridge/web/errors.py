"""The one place where errors become HTTP: statuses, headers, and OpenAI's error shape."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import msgspec
from quart import Quart, Response
from werkzeug.exceptions import HTTPException

from roobridge.errors import ClientError, ReplyError, RoobridgeError, UpstreamError

log = logging.getLogger("roobridge.web")

# For refusals that the framework makes before any code of the bridge runs.
_FRAMEWORK = {
    404: "There is nothing at this address: the API stands at /v1/chat/completions and /v1/models.",
    405: "This address does not take that method.",
}


def error_response(error: RoobridgeError) -> Response:
    """The error as a whole response."""
    body = {
        "message": error.message,
        "type": error.kind,
        "param": error.param,
        "code": error.code or None,
    }
    response = json_response({"error": body}, error.status_hint)
    if error.retry_after is not None:
        response.headers["retry-after"] = str(math.ceil(error.retry_after))
    if _asking_again_is_vain(error):
        response.headers["x-should-retry"] = "false"  # read by OpenAI's SDKs, which else ask three times
    return response


def json_response(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def _asking_again_is_vain(error: RoobridgeError) -> bool:
    return isinstance(error, ReplyError) or error.kind == "insufficient_quota"


def install(app: Quart, refused: Callable[[str, str], None]) -> None:
    """Give the app its error handlers. refused: told the code and the kind of each error."""

    async def known(error: RoobridgeError) -> Response:
        refused(error.code, error.kind)
        return error_response(error)

    async def of_the_framework(error: HTTPException) -> Response:
        status = error.code or 500
        message = _FRAMEWORK.get(status, error.description or error.name)
        return await known(
            ClientError(message, code=error.name.lower().replace(" ", "_"), status_hint=status)
        )

    async def unforeseen(error: Exception) -> Response:
        log.error("request failed", exc_info=error)
        return await known(
            UpstreamError(
                "The bridge itself failed; its log has the cause.", code="internal_error", status_hint=500
            )
        )

    app.register_error_handler(RoobridgeError, known)
    app.register_error_handler(HTTPException, of_the_framework)
    app.register_error_handler(Exception, unforeseen)
