"""GET /health: whether the process is alive. GET /health/ready: whether it can do its work now."""

from __future__ import annotations

from quart import Blueprint, Response

from roobridge.service.metrics.readiness import Readiness
from roobridge.web.errors import json_response

# Open to all; see the guard.
PATHS = frozenset({"/health", "/health/ready"})


def health_routes(readiness: Readiness) -> Blueprint:
    routes = Blueprint("health", __name__)

    @routes.get("/health")
    async def health() -> Response:
        return json_response({"status": "ok"})

    @routes.get("/health/ready")
    async def ready() -> Response:
        states = await readiness.states()
        ok = any(state.ok for state in states.values())
        upstreams = {
            name: {"status": _word(state.ok), "detail": state.detail} for name, state in states.items()
        }
        return json_response({"status": _word(ok), "upstreams": upstreams}, 200 if ok else 503)

    return routes


def _word(ok: bool) -> str:
    return "ok" if ok else "failing"
