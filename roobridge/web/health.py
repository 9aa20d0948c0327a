"""GET /health: whether the bridge can do its work now."""

from __future__ import annotations

import asyncio

from quart import Blueprint, Response

from roobridge.bridge.ports import Health, Upstream
from roobridge.web.errors import json_response

ANSWER_TIME = 10.0  # seconds; those who probe rarely wait longer


def health_routes(upstream: Upstream) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    async def health() -> Response:
        found = await _ask(upstream)
        body = {"status": "ok" if found.ok else "failing", "upstream": upstream.name, "detail": found.detail}
        return json_response(body, 200 if found.ok else 503)

    return routes


async def _ask(upstream: Upstream) -> Health:
    try:
        async with asyncio.timeout(ANSWER_TIME):
            return await upstream.health()
    except TimeoutError:
        return Health(ok=False, detail=f"The upstream did not answer within {ANSWER_TIME:g} seconds.")
