"""OpenAI-compatible upstreams: DashScope and Model Studio, LM Studio, Ollama, vLLM, SGLang, llama.cpp."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from roobridge.bridge.ports import Capabilities, Delta, Health, Model, UpstreamRequest
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.bridge.wire.openai_errors import refusal
from roobridge.errors import UpstreamError
from roobridge.upstream.facts import Facts, joined, of_entry
from roobridge.upstream.hosted import hosted, is_hosted
from roobridge.upstream.http.address import checked_base_url
from roobridge.upstream.http.exchange import cleaner_of, exchange, fetch_json, new_client, retry_after
from roobridge.upstream.presets import PRESETS
from roobridge.upstream.servers import Server

_SHORT = httpx.Timeout(10.0)  # for questions other than a reply


class OpenAIUpstream:
    """One server.

    base_url: up to and without `/chat/completions`. api_key: empty where the client's own key is passed on.
    preset: the name of the one that this is, where it is one. model_map: the client's model names that the
    server calls otherwise. idle: seconds without a byte after which a reply counts as broken. partial: see
    Capabilities.
    """

    name = "openai"

    def __init__(
        self,
        base_url: str,
        api_key: str = "",
        *,
        preset: str = "",
        model_map: Mapping[str, str] | None = None,
        idle: float | None = None,
        partial: bool = False,
    ) -> None:
        self.capabilities = Capabilities(partial=partial)
        self._base_url = checked_base_url(base_url)
        self._api_key = api_key
        self._model_map = dict(model_map or {})
        self._client = new_client(idle, self._base_url)
        self._server = Server(self._ask, preset)
        known = PRESETS.get(preset)
        self._renamed = known.renamed if known is not None else {}
        self._hosted = is_hosted(self._base_url) or (known is not None and not known.local)

    def stream(self, request: UpstreamRequest) -> AsyncGenerator[list[Delta], None]:
        key = self._api_key or request.key
        asked = self._client.build_request(
            "POST",
            f"{self._base_url}/chat/completions",
            content=msgspec.json.encode(self._body(request.body)),
            headers={**_headers(key), "Content-Type": "application/json", "Accept": "text/event-stream"},
        )
        return exchange(self._client, asked, OpenAIStream, _refused, (request.key,))

    def _body(self, body: Mapping[str, Any]) -> dict[str, Any]:
        options = body.get("stream_options")
        asked = {**options} if isinstance(options, dict) else {}
        model = body.get("model")
        return {
            **{self._renamed.get(field, field): value for field, value in body.items()},
            "model": self._model_map.get(model, model) if isinstance(model, str) else model,
            "stream": True,
            "stream_options": {**asked, "include_usage": True},
        }

    async def models(self) -> Sequence[Model]:
        """The server's list with what is known of each, then the names of the model map for some of them."""
        listed = await self._listed()
        told = await self._server.facts(listed)
        return self._with_aliases([self._informed(model, told.get(model.id, Facts())) for model in listed])

    async def _listed(self) -> list[Model]:
        asked = self._client.build_request(
            "GET", f"{self._base_url}/models", headers=_headers(self._api_key), timeout=_SHORT
        )
        return _models(await fetch_json(self._client, asked, _refused), cleaner_of(asked))

    def _informed(self, model: Model, told: Facts) -> Model:
        facts = joined(told, of_entry(model.said), hosted(model.id) if self._hosted else Facts())
        return msgspec.structs.replace(model, **msgspec.structs.asdict(facts))

    async def _ask(self, path: str, body: object = None) -> object:
        """What the server answers beside its `/v1`; None where that is nothing of use."""
        asked = self._client.build_request(
            "GET" if body is None else "POST",
            self._base_url.removesuffix("/v1") + path,
            json=body,
            headers=_headers(self._api_key),
            timeout=_SHORT,
        )
        try:
            return await fetch_json(self._client, asked, _refused)
        except UpstreamError:
            return None

    def _with_aliases(self, listed: list[Model]) -> list[Model]:
        known = {model.id: model for model in listed}
        aliases = [
            msgspec.structs.replace(known[target], id=alias)
            for alias, target in self._model_map.items()
            if target in known and alias not in known
        ]
        return listed + aliases

    async def health(self) -> Health:
        try:
            models = self._with_aliases(await self._listed())
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


def _refused(response: httpx.Response, body: str, clean: Cleaner) -> UpstreamError:
    return refusal(response.status_code, body, clean, retry_after(response), response.url.host)


def _models(body: object, clean: Cleaner) -> list[Model]:
    items = body.get("data") if isinstance(body, dict) else body
    if not isinstance(items, list):
        raise UpstreamError(
            "The upstream's list of models cannot be read; check base_url.", code="bad_response"
        )
    return [
        _model(item, clean) for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)
    ]


def _model(item: dict[str, Any], clean: Cleaner) -> Model:
    owner = item.get("owned_by")
    try:
        said = clean.value(item)
    except RecursionError:
        said = {}
    return Model(item["id"], owner if isinstance(owner, str) and owner else "qwen", said=said)
