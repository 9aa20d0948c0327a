"""GET /health: whether the bridge can do its work now."""

from __future__ import annotations

import asyncio

from quart import Blueprint, Response

from roobridge.bridge.ports import Health, Upstream
from roobridge.service.routes import Routes
from roobridge.web.errors import json_response

ANSWER_TIME = 10.0  # seconds; those who probe rarely wait longer


def health_routes(upstreams: Routes) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    async def health() -> Response:
        places = upstreams.places
        asked = await asyncio.gather(*(_ask(place.upstream) for place in places.values()))
        found = dict(zip(places, asked, strict=True))
        first, first_found = next(iter(found.items()))
        ok = any(each.ok for each in asked)
        body: dict[str, object] = {
            "status": "ok" if ok else "failing",
            "upstream": places[first].upstream.name if len(places) == 1 else first,
            "detail": first_found.detail,
        }
        if len(places) > 1:
            body["upstreams"] = {
                name: {"status": "ok" if each.ok else "failing", "detail": each.detail}
                for name, each in found.items()
            }
        return json_response(body, 200 if ok else 503)

    return routes


async def _ask(upstream: Upstream) -> Health:
    try:
        async with asyncio.timeout(ANSWER_TIME):
            return await upstream.health()
    except TimeoutError:
        return Health(ok=False, detail=f"The upstream did not answer within {ANSWER_TIME:g} seconds.")
