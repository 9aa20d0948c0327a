"""GET /openapi.json: what the API is, as `openapi.json` beside this file says it."""

from __future__ import annotations

from pathlib import Path

from quart import Blueprint, Response

FILE = Path(__file__).with_name("openapi.json")


def description_routes() -> Blueprint:
    routes = Blueprint("description", __name__)
    text = FILE.read_bytes()

    @routes.get("/openapi.json")
    async def description() -> Response:
        return Response(text, content_type="application/json")

    return routes
