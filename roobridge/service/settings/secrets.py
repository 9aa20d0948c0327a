"""The secrets in force in this process: the operator's, and of a client the one whose request is served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextvars import ContextVar

from pydantic import BaseModel, SecretStr

from roobridge.service.settings.config import Settings

# The bearer token of the request that the running task serves, and tasks that it started.
CLIENT_KEY: ContextVar[str] = ContextVar("CLIENT_KEY", default="")


def secrets_in_force(settings: Settings) -> set[str]:
    """All that these settings hold, and what their upstreams' tables name in the environment."""
    every = (settings, *(settings.at(name) for name in settings.upstream_names))
    return {secret for each in every for secret in secrets_of(each)}


def secrets_of(settings: object) -> Iterator[str]:
    """Every value of the settings that is marked as secret, however deep it stands."""
    if isinstance(settings, SecretStr):
        yield settings.get_secret_value()
    elif isinstance(settings, BaseModel):
        for _, value in settings:
            yield from secrets_of(value)
    elif isinstance(settings, Mapping):
        for value in settings.values():
            yield from secrets_of(value)
    elif isinstance(settings, list | tuple | set | frozenset):
        for value in settings:
            yield from secrets_of(value)
