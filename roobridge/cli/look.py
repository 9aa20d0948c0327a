"""A first look at the upstream, before anything is served."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from roobridge.bridge.ports import Model
from roobridge.errors import UpstreamError
from roobridge.service.profiles import Profiles
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import build_upstream, catalog_of

LOOK_TIME = 3.0  # seconds that the start waits at most

log = logging.getLogger(__name__)


class Found(msgspec.Struct, frozen=True):
    """The models that the upstream lists, or why it lists none."""

    models: tuple[Model, ...] = ()
    error: UpstreamError | None = None


def look_at_all(settings: Settings) -> dict[str, Found]:
    """What is found of each upstream, all looked at together; see `look`. What the profiles say of a model
    stands over that."""
    names = settings.upstream_names
    profiles = Profiles(settings.models)

    def one(name: str) -> Found:
        found = look(settings.at(name))
        models = (profiles.of(f"{name}/{model.id}", model.id).informed(model) for model in found.models)
        return msgspec.structs.replace(found, models=tuple(models))

    with ThreadPoolExecutor(len(names)) as threads:
        return dict(zip(names, threads.map(one, names), strict=True))


def look(settings: Settings) -> Found:
    """Ask the one upstream of these settings for its models.

    Takes LOOK_TIME at most, and raises nothing: the service starts whatever stands behind it.
    """
    late = f"It did not list its models within {LOOK_TIME:g} seconds."
    found = Found(error=UpstreamError(late, code="upstream_timeout", status_hint=504))

    def ask() -> None:
        nonlocal found
        try:
            found = asyncio.run(_ask(settings))
        except TimeoutError:
            pass
        except Exception as failure:  # a fault of the bridge's own - the service starts all the same
            log.warning("the upstream could not be looked at", exc_info=failure)
            found = Found(error=UpstreamError("The log says why.", code="internal_error"))

    # A thread, since a name lookup that hangs cannot be broken off, only left behind.
    asking = threading.Thread(target=ask, name="look", daemon=True)
    asking.start()
    asking.join(LOOK_TIME)
    return found


async def _ask(settings: Settings) -> Found:
    upstream = build_upstream(settings)
    try:
        async with asyncio.timeout(LOOK_TIME):
            return Found(tuple(await catalog_of(settings, upstream).models()))
    except UpstreamError as error:
        return Found(error=error)
    finally:
        await upstream.aclose()
