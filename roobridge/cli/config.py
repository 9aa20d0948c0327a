"""`roobridge config`: the settings in force, where each was found, and what becomes of a model's requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from pydantic import BaseModel, SecretStr

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.service.settings.config import Settings
from roobridge.service.settings.loading import Loaded, load
from roobridge.service.wiring import address_of, build

_BARE = re.compile(r"[A-Za-z0-9_-]+")  # TOML's keys that need no quotes
_UNSET = (None, "")
_TABLES = ("upstreams", "models")


def config_command(
    model: Annotated[
        str | None, typer.Option(help="Say what becomes of a request for this model, as a client writes it.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; roobridge.toml where there is one.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show the settings in force and where each was found; secrets are only said to be set."""
    loaded = load(config=config)
    shown: dict[str, Any] = {
        "settings": _settings(loaded),
        "upstreams": _upstreams(loaded.settings),
        "models": _models(loaded),
    }
    if model is not None:
        shown["routes"] = asyncio.run(_routes(loaded.settings, model))
    typer.echo(msgspec.json.encode(shown).decode() if json else "\n".join(_lines(shown)))


def _settings(loaded: Loaded) -> dict[str, Any]:
    return {
        name: {"value": _plain(getattr(loaded.settings, name)), "from": loaded.origins.get(name, "default")}
        for name in Settings.model_fields
        if name not in _TABLES
    }


def _upstreams(settings: Settings) -> dict[str, Any]:
    """Each upstream's own settings, in the order in which `settings` has them."""
    shown = {}
    for name in settings.upstream_names:
        own = settings.at(name)
        table = settings.upstreams.get(name)
        given = {} if table is None else _given(table)
        shown[name] = {**given, "upstream": own.upstream_name, "base_url": _plain(address_of(own))}
    return shown


def _models(loaded: Loaded) -> dict[str, Any]:
    return {pattern: _given(table) for pattern, table in loaded.settings.models.items()}


def _given(table: BaseModel) -> dict[str, Any]:
    return {name: _plain(getattr(table, name)) for name in table.model_dump(exclude_unset=True)}


async def _routes(settings: Settings, model: str) -> list[dict[str, Any]]:
    services = build(settings)
    try:
        return [
            {"upstream": route.name, "model": route.model, "profile": route.profile.pattern}
            for route in await services.routes.find(model)
        ]
    finally:
        await services.aclose()


def _plain(value: object) -> Any:
    """As JSON and TOML have it; None where nothing is set."""
    if isinstance(value, SecretStr):
        return "set"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str | Path):
        return Cleaner().text(str(value))
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _lines(shown: Mapping[str, Any]) -> Iterator[str]:
    for name, found in shown["settings"].items():
        value, origin = found["value"], found["from"]
        yield f"# {name} is not set" if value is None else f"{name} = {_written(value)}  # {origin}"
    for table in _TABLES:
        for name, values in shown[table].items():
            yield f"\n[{table}.{name if _BARE.fullmatch(name) else _written(name)}]"
            yield from (f"{key} = {_written(value)}" for key, value in values.items() if value not in _UNSET)
    for number, route in enumerate(shown.get("routes", ())):
        first = "A request goes to" if number == 0 else "then to"
        profile = f"profile {route['profile']}" if route["profile"] else "no profile"
        yield f"\n{first} {route['upstream']} as {route['model']} ({profile})."


def _written(value: object) -> str:
    """As TOML has it: strings, numbers and lists as JSON does, but for numbers without a value."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(name)} = {_written(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_written, value)) + "]"
    return str(value) if isinstance(value, float) else msgspec.json.encode(value).decode()
