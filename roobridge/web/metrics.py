"""GET /metrics: what Prometheus collects."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST
from quart import Blueprint, Response

from roobridge.service.metrics.meters import Meters


def metrics_routes(meters: Meters) -> Blueprint:
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def metrics() -> Response:
        # Of several processes it is read from files.
        text = await asyncio.to_thread(meters.text)
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    return routes
