"""The models that clients may name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

import msgspec

from roobridge.bridge.ports import Model, Upstream
from roobridge.errors import ClientError, UpstreamError

ANSWER_TIME = 10.0  # seconds; a list that takes longer must not hold up a turn


class Catalog:
    """The upstream's models, believed for `ttl` seconds, and the operator's names for them.

    names: the client's word for a model to the upstream's. It changes nothing for a model not in it. context,
    output: what the operator says of all models, whatever the upstream does; 0 where it is as found.
    """

    def __init__(
        self, upstream: Upstream, names: Mapping[str, str], ttl: float, context: int = 0, output: int = 0
    ) -> None:
        self._upstream = upstream
        self._limits = {name: tokens for name, tokens in (("context", context), ("output", output)) if tokens}
        self._names = names
        self._ttl = ttl
        self._known: Sequence[Model] | UpstreamError = ()
        self._last: Sequence[Model] = ()
        self._until = float("-inf")
        self._asking = asyncio.Lock()

    async def models(self) -> list[Model]:
        """The upstream's models and the operator's names for some of them; where it does not answer, those
        that it listed last. Raises UpstreamError where it never did.
        """
        known = await self._ask()
        if isinstance(known, UpstreamError):
            if not self._last:
                raise known
            known = self._last
        ids = {model.id: model for model in known}
        for name, target in self._names.items():
            if name not in ids and target in ids:
                ids[name] = msgspec.structs.replace(ids[target], id=name)
        return [msgspec.structs.replace(model, **self._limits) for model in ids.values()]

    def mapped(self, model: str) -> str:
        """What stands for a model in the operator's names, be it served or not."""
        return self._names.get(model, model)

    async def resolve(self, model: str) -> str:
        """The upstream's word for a model.

        Raises ClientError where none is named, and where the upstream's list is closed and lacks it.
        """
        if not model:
            raise ClientError("`model` is missing: name one that GET /v1/models lists.", param="model")
        target = self.mapped(model)
        if not self._upstream.capabilities.closed_list:
            return target
        known = await self._ask()
        if isinstance(known, UpstreamError) or not known or any(target == served.id for served in known):
            return target
        raise unknown_model(model)

    async def _ask(self) -> Sequence[Model] | UpstreamError:
        if time.monotonic() < self._until:
            return self._known
        async with self._asking:
            if time.monotonic() >= self._until:
                self._known = await self._fetch()
                if not isinstance(self._known, UpstreamError):
                    self._last = self._known
                self._until = time.monotonic() + self._ttl
        return self._known

    async def _fetch(self) -> Sequence[Model] | UpstreamError:
        try:
            async with asyncio.timeout(ANSWER_TIME):
                return tuple(await self._upstream.models())
        except UpstreamError as error:
            return error
        except TimeoutError:
            return UpstreamError(
                f"The upstream did not list its models within {ANSWER_TIME:g} seconds.",
                code="upstream_timeout",
                status_hint=504,
            )


def unknown_model(model: str) -> ClientError:
    """The refusal of a model that the upstream does not serve."""
    return ClientError(
        f'The model "{model[:100]}" is not served here: choose one that GET /v1/models lists.',
        code="model_not_found",
        param="model",
        status_hint=404,
    )
