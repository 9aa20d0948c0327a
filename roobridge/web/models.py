"""GET /v1/models."""

from __future__ import annotations

from quart import Blueprint, Response

from roobridge.bridge.ports import Model
from roobridge.service.catalog import Catalog, unknown_model
from roobridge.web.errors import json_response


def models_routes(catalog: Catalog) -> Blueprint:
    routes = Blueprint("models", __name__)

    @routes.get("/v1/models")
    @routes.get("/models")
    async def list_models() -> Response:
        return json_response({"object": "list", "data": [_entry(model) for model in await catalog.models()]})

    @routes.get("/v1/models/<path:name>")
    @routes.get("/models/<path:name>")
    async def one_model(name: str) -> Response:
        for model in await catalog.models():
            if model.id == name:
                return json_response(_entry(model))
        raise unknown_model(name)

    return routes


def _entry(model: Model) -> dict[str, object]:
    return {"id": model.id, "object": "model", "created": 0, "owned_by": model.owner}
