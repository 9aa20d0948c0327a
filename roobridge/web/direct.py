"""ASGI's own `send` for a route.

Quart writes what a response's body gives when it is asked for the next part; the turn of a streamed reply
writes when its upstream has said something.
"""

from __future__ import annotations

from typing import Any, cast

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope
from quart import Request

_SEND = "roobridge.send"


class SendInScope:
    """The application, with every request's `send` in its scope."""

    def __init__(self, app: ASGIFramework) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        cast("dict[str, Any]", scope)[_SEND] = send
        await self._app(scope, receive, send)


def sender(request: Request) -> ASGISendCallable:
    """The `send` of this request's response; to be used while its body is iterated over."""
    send: ASGISendCallable = cast("dict[str, Any]", request.scope)[_SEND]
    return send
