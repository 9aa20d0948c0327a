"""What upstreams that stand around another one share."""

from __future__ import annotations

from collections.abc import Sequence

from roobridge.bridge.ports import Health, Model, Upstream


class Around:
    """All of another upstream but `stream`, which whoever stands around it says."""

    def __init__(self, inner: Upstream) -> None:
        self.name = inner.name
        self.capabilities = inner.capabilities
        self._inner = inner

    async def models(self) -> Sequence[Model]:
        return await self._inner.models()

    async def health(self) -> Health:
        return await self._inner.health()

    async def aclose(self) -> None:
        await self._inner.aclose()
