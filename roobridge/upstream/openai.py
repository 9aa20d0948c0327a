"""OpenAI-compatible upstreams: DashScope and Model Studio, LM Studio, Ollama, vLLM, SGLang, llama.cpp."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from roobridge.bridge.ports import Capabilities, Delta, Health, Model, UpstreamRequest
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.bridge.wire.openai_errors import refusal
from roobridge.errors import UpstreamError
from roobridge.upstream.http import checked_base_url, exchange, fetch_json, new_client, retry_after

_SHORT = httpx.Timeout(10.0)  # for questions other than a reply

# Where servers put the context of a model in their lists: vLLM and SGLang, LM Studio, others.
_CONTEXT_FIELDS = ("max_model_len", "max_context_length", "context_length", "context_window")


class OpenAIUpstream:
    """One server.

    base_url: up to and without `/chat/completions`. api_key: empty where the client's own key is passed on.
    model_map: the client's model names that the server calls otherwise. idle: seconds without a byte after
    which a reply counts as broken. partial: see Capabilities.
    """

    name = "openai"

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        model_map: Mapping[str, str] | None = None,
        idle: float | None = None,
        partial: bool = False,
    ) -> None:
        self.capabilities = Capabilities(partial=partial)
        self._base_url = checked_base_url(base_url)
        self._api_key = api_key
        self._model_map = dict(model_map or {})
        self._client = new_client(idle)

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[list[Delta], None]:
        key = self._api_key or request.key
        asked = self._client.build_request(
            "POST",
            f"{self._base_url}/chat/completions",
            content=msgspec.json.encode(self._body(request.body)),
            headers={**_headers(key), "Content-Type": "application/json", "Accept": "text/event-stream"},
        )
        return exchange(self._client, asked, OpenAIStream(), _refused, (key,))

    def _body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        options = body.get("stream_options")
        asked = {**options} if isinstance(options, dict) else {}
        model = body.get("model")
        return {
            **body,
            "model": self._model_map.get(model, model) if isinstance(model, str) else model,
            "stream": True,
            "stream_options": {**asked, "include_usage": True},
        }

    async def models(self) -> Sequence[Model]:
        """The server's list, then the names of the model map that stand for a model of it."""
        asked = self._client.build_request(
            "GET", f"{self._base_url}/models", headers=_headers(self._api_key), timeout=_SHORT
        )
        listed = _models(await fetch_json(self._client, asked, _refused, (self._api_key,)))
        known = {model.id: model for model in listed}
        aliases = [
            msgspec.structs.replace(known[target], id=alias)
            for alias, target in self._model_map.items()
            if target in known and alias not in known
        ]
        return listed + aliases

    async def health(self) -> Health:
        try:
            models = await self.models()
        except UpstreamError as error:
            if error.kind == "authentication_error" and not self._api_key:
                return Health(True, "The upstream answers; it is asked with each client's own key.")
            return Health(False, error.message)
        return Health(True, f"The upstream lists {len(models)} models.")

    async def aclose(self) -> None:
        await self._client.aclose()


def _headers(key: str) -> dict[str, str]:
    # Identity: a compressor on the way would hold deltas back.
    headers = {"User-Agent": "roobridge", "Accept-Encoding": "identity"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return headers


def _refused(response: httpx.Response, body: str) -> UpstreamError:
    return refusal(response.status_code, body, retry_after(response), response.url.host)


def _models(body: object) -> list[Model]:
    items = body.get("data") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise UpstreamError(
            "The upstream's list of models cannot be read; check base_url.", code="bad_response"
        )
    return [_model(item) for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]


def _model(item: dict[str, Any]) -> Model:
    owner = item.get("owned_by")
    context = next((item[name] for name in _CONTEXT_FIELDS if isinstance(item.get(name), int)), 0)
    return Model(item["id"], owner if isinstance(owner, str) and owner else "qwen", context)
