"""GET /v1/models, and /v1/model/info: the models, with what is known of each, in the words clients read."""

from __future__ import annotations

from typing import Any

from quart import Blueprint, Response

from roobridge.bridge.ports import Model
from roobridge.service.catalog import unknown_model
from roobridge.service.routes import Routes
from roobridge.web.errors import json_response


def models_routes(upstreams: Routes) -> Blueprint:
    routes = Blueprint("models", __name__)

    @routes.get("/v1/models")
    @routes.get("/models")
    async def list_models() -> Response:
        return json_response(
            {"object": "list", "data": [_entry(model) for model in await upstreams.models()]}
        )

    @routes.get("/v1/models/<path:name>")
    @routes.get("/models/<path:name>")
    async def one_model(name: str) -> Response:
        model = await upstreams.model(name)
        if model is None:
            raise unknown_model(name)
        return json_response(_entry(model))

    @routes.get("/v1/model/info")
    @routes.get("/model/info")
    async def model_info() -> Response:
        return json_response({"data": [_info(model) for model in await upstreams.models()]})

    return routes


def _entry(model: Model) -> dict[str, Any]:
    """The upstream's own fields, and the facts as OpenRouter and LiteLLM call them."""
    created = model.said.get("created")
    own = {
        "id": model.id,
        "object": "model",
        "created": created if isinstance(created, int) else 0,
        "owned_by": model.owner,
    }
    return {**model.said, **own, **_known({"context_length": model.context}), **_facts(model)}


def _info(model: Model) -> dict[str, Any]:
    """LiteLLM's shape. Roo and Zoo pass over an entry without `litellm_params`; Cline lists both names."""
    # Servers at home keep the prompt's beginning by themselves: no client need mark it.
    local = {"input_cost_per_token": 0, "output_cost_per_token": 0, "supports_prompt_caching": False}
    return {
        "model_name": model.id,
        "litellm_params": {"model": model.id},
        "model_info": {
            "id": model.id,
            "key": model.id,
            "litellm_provider": "openai",
            "mode": "chat",
            **_known({"max_tokens": model.output}),
            **_facts(model),
            **(local if model.free else {}),
        },
    }


def _facts(model: Model) -> dict[str, Any]:
    limits = {"max_input_tokens": model.context, "max_output_tokens": model.output}
    abilities = {
        "supports_vision": model.vision,
        "supports_function_calling": model.tools,
        "supports_reasoning": model.thinking,
    }
    return {**_known(limits), **{name: able for name, able in abilities.items() if able is not None}}


def _known(limits: dict[str, int]) -> dict[str, int]:
    """Clients have defaults for what is left out, and none for 0."""
    return {name: tokens for name, tokens in limits.items() if tokens}
