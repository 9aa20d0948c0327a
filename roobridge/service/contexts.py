"""How long a prompt each model takes, by the upstream's list."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from roobridge.errors import UpstreamError
from roobridge.service.catalog import Catalog

ANSWER_TIME = 3.0  # seconds; more must not hold up a turn


class Contexts:
    """The contexts that a catalog tells, without waiting for it where that is not asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._told: dict[str, int] = {}
        self._heard = False  # the catalog has answered, if only that it cannot
        self._asking: asyncio.Task[None] | None = None

    def known(self, model: str) -> int | None:
        """By the list that came last, None before any did; where it is no longer believed, a newer one is on
        its way."""
        self._ask()
        return self._of(model) if self._heard else None

    async def confirmed(self, model: str) -> int:
        """By a list that is still believed; 0 where none comes within ANSWER_TIME."""
        answered, _ = await asyncio.wait({self._ask()}, timeout=ANSWER_TIME)
        return self._of(model) if answered else 0

    async def aclose(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    def _of(self, model: str) -> int:
        # Ollama lists `qwen3:latest`, and takes it as `qwen3`.
        return self._told.get(model) or self._told.get(f"{model}:latest", 0)

    def _ask(self) -> asyncio.Task[None]:
        """One question at a time; the catalog knows when to ask the upstream again."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._hear())
        return self._asking

    async def _hear(self) -> None:
        with suppress(UpstreamError):
            models = await self._catalog.models()
            self._told = {model.id: model.context for model in models if model.context}
        self._heard = True
