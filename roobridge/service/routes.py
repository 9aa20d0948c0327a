"""Which upstream a request goes to, under which name for its model, and which ones after that.

the upstream that the request names (`provider`, or a prefix of the model's name)
   else the one of the model's profile, else the first
then the fallbacks, each with the profile that its own name of the model has
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from roobridge.bridge.ports import Model, Upstream
from roobridge.errors import ClientError, UpstreamError
from roobridge.service.catalog import Catalog
from roobridge.service.profiles import Profile, Profiles
from roobridge.service.turns.attempts import Patience
from roobridge.upstream.around.queue import Queued

log = logging.getLogger("roobridge.turns")


class Place(msgspec.Struct, frozen=True):
    """One upstream with what belongs to it. free: whether its models cost nothing, being at home. context:
    tokens, as the operator has it for all its models; 0 for what it says itself. queue: see Queued's `wait`.
    """

    upstream: Upstream
    catalog: Catalog
    patience: Patience
    free: bool = False
    context: int = 0
    queue: float = 0.0


class Route(msgspec.Struct, frozen=True):
    """One upstream for one request. name: the operator's. model: the upstream's word for it. context: as the
    operator has it, 0 for what the upstream says. why: what chose it: `provider`, `prefix` (of the model's
    name), `profile`, `first` or `fallback`.
    """

    name: str
    upstream: Upstream
    patience: Patience
    model: str
    profile: Profile = Profile()
    context: int = 0
    why: str = "first"


class Routes:
    """All upstreams of a service.

    places: by the operator's names; the first is for requests that name none. fallbacks: `NAME`, or
    `NAME/MODEL` for another model there.
    """

    def __init__(
        self, places: Mapping[str, Place], profiles: Profiles | None = None, fallbacks: Sequence[str] = ()
    ) -> None:
        self.places = places
        self._first = next(iter(places))
        self._profiles = Profiles({}) if profiles is None else profiles
        self._fallbacks = fallbacks

    async def find(self, model: str, provider: str = "") -> list[Route]:
        """The routes for a request, in the order in which they are tried.

        model: as the client writes it. provider: an upstream's name, or empty. Raises ClientError for an
        upstream or a model that is not there.
        """
        if provider and provider not in self.places:
            raise self._unknown(provider, "provider")
        prefix, rest = self._split(model)
        if prefix == self._first and await self._lists(prefix, model):
            prefix, rest = "", model  # a publisher of that name
        profile = self._profiles.of(model, rest)
        name = provider or prefix or profile.upstream or self._first
        if not (provider or prefix or profile.upstream or profile.model):
            await self._check_prefix(model, name)
        chosen = {"provider": provider, "prefix": prefix, "profile": profile.upstream}
        why = next((word for word, given in chosen.items() if given), "first")
        routes = [await self._route(name, rest, self._profile(name, rest), why)]
        for entry in self._fallbacks if profile.fallbacks is None else profile.fallbacks:
            name, _, other = entry.partition("/")
            meant = other or rest
            try:
                route = await self._route(name, meant, self._profile(name, meant), "fallback")
            except ClientError as refusal:  # a closed list that lacks the model
                log.info("the fallback %s cannot stand in: %s", entry, refusal.message)
                continue
            if all((route.name, route.model) != (known.name, known.model) for known in routes):
                routes.append(route)
        return routes

    async def models(self) -> list[Model]:
        """All models: of the first upstream by their names, of the others with `NAME/` before.

        One that does not answer is left out. Raises UpstreamError where none does.
        """
        lists = await asyncio.gather(*map(self._listed, self.places))
        found = [model for known in lists if isinstance(known, list) for model in known]
        errors = [known for known in lists if isinstance(known, UpstreamError)]
        if not found and errors:
            raise errors[0]
        ids = {model.id for model in found}
        return [*found, *(alias for alias in self._aliases(found) if alias.id not in ids)]

    async def model(self, name: str) -> Model | None:
        """The model that `models` has by this name, or by what follows the first upstream's in it."""
        ids = {model.id: model for model in await self.models()}
        prefix, rest = self._split(name)
        return ids.get(name) or (ids.get(rest) if prefix == self._first else None)

    async def aclose(self) -> None:
        for place in self.places.values():
            await place.upstream.aclose()

    def _split(self, model: str) -> tuple[str, str]:
        """The upstream that stands before a model's name, and the rest."""
        prefix, slash, rest = model.partition("/")
        return (prefix, rest) if slash and prefix in self.places else ("", model)

    def _profile(self, name: str, model: str) -> Profile:
        mapped = self.places[name].catalog.mapped(model)
        return self._profiles.of(f"{name}/{model}", model, mapped)

    async def _route(self, name: str, model: str, profile: Profile, why: str) -> Route:
        place = self.places[name]
        # A profile's word for a model is that of the upstream for which it was written.
        target = profile.model if (profile.upstream or self._first) == name else ""
        upstream = place.upstream
        if profile.slots is not None:
            upstream = Queued(upstream, profile.slots, place.queue)
        word = target or await place.catalog.resolve(model)
        context = profile.context or place.context
        return Route(name, upstream, place.patience, word, profile, context, why)

    async def _check_prefix(self, model: str, name: str) -> None:
        """With one upstream, whatever stands before a slash belongs to the model's name. With several it may
        be an upstream's name that is wrong: the models' publishers are told from it by the list."""
        prefix, slash, _ = model.partition("/")
        catalog = self.places[name].catalog
        if not slash or len(self.places) == 1 or catalog.mapped(model) != model:
            return
        known = await self._known(name)
        if known and not any(listed.id.startswith(f"{prefix}/") for listed in known):
            raise self._unknown(prefix, "model")

    async def _lists(self, name: str, model: str) -> bool:
        return any(listed.id == model for listed in await self._known(name))

    async def _known(self, name: str) -> Sequence[Model]:
        """What an upstream lists; nothing where it does not answer."""
        try:
            return await self.places[name].catalog.models()
        except UpstreamError:
            return ()

    def _unknown(self, name: str, param: str) -> ClientError:
        known = ", ".join(self.places)
        return ClientError(
            f'There is no upstream "{name[:100]}" here: name one of {known}.',
            code="unknown_upstream",
            param=param,
        )

    async def _listed(self, name: str) -> list[Model] | UpstreamError:
        place = self.places[name]
        try:
            models = await place.catalog.models()
        except UpstreamError as error:
            return error
        prefix = "" if name == self._first else f"{name}/"
        return [
            msgspec.structs.replace(
                self._profile(name, model.id).informed(model), id=prefix + model.id, free=place.free
            )
            for model in models
        ]

    def _aliases(self, found: Sequence[Model]) -> Iterator[Model]:
        """The models that profiles give another name."""
        ids = {model.id: model for model in found}
        for profile in self._profiles.named:
            name = profile.upstream or self._first
            target = profile.model if name == self._first else f"{name}/{profile.model}"
            if profile.model and target in ids:
                yield profile.informed(msgspec.structs.replace(ids[target], id=profile.pattern))
