"""Gathers the settings from wherever they may stand."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource
from pydantic_settings import SettingsError as SourceError

from roobridge.errors import SettingsError
from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import LEGACY, SERVERS, unreadable
from roobridge.service.settings.tables import ModelTable, UpstreamTable

DEFAULT_FILE = "roobridge.toml"

_TABLES: dict[str, type[BaseModel]] = {"upstreams": UpstreamTable, "models": ModelTable}

# What the sources are called, from the strongest to the weakest; the last is the settings file.
_SOURCES = ("an option", "the environment", ".env", "an older name in the environment")


class Loaded(msgspec.Struct, frozen=True):
    """origins: where each setting that was given was found, in words for a person."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(options: Mapping[str, Any] | None = None, config: Path | None = None) -> Settings:
    """The settings alone; see `load`."""
    return load(options, config).settings


def load(options: Mapping[str, Any] | None = None, config: Path | None = None) -> Loaded:
    """Gather the settings from every source.

    options: those given on the command line, by field name; None stands for one not given. config: the
    TOML file; without it ROOBRIDGE_CONFIG, else `roobridge.toml` in the working folder where there is one.
    Raises SettingsError naming the setting and the next step; a setting's value is never repeated.
    """
    given = {name: value for name, value in (options or {}).items() if value is not None}
    file, values = _read_file(config)
    asked: list[PydanticBaseSettingsSource] = []

    class FromEverywhere(Settings):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource, **named: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            stronger = super().settings_customise_sources(settings_cls, *sources, **named)
            asked.extend((*stronger, InitSettingsSource(settings_cls, values)))
            return tuple(asked)

    try:
        found = FromEverywhere(**given)
    except ValidationError as error:
        raise SettingsError(_explain(error, file), code="bad_setting") from None
    except SourceError as error:
        name = unreadable()
        raise SettingsError(
            f"The setting {name!r} is not usable: ROOBRIDGE_{name.upper()} is not JSON. Write it as "
            '{"name": …}, like the table of that name in the settings file.',
            code="bad_setting",
        ) from error
    names = (*_SOURCES, str(file))
    told = [(name, source()) for name, source in zip(names, asked, strict=True)]
    origins = {field: name for name, values in reversed(told) for field in values}
    return Loaded(Settings.model_construct(**dict(found)), origins)


def _read_file(config: Path | None) -> tuple[Path | None, dict[str, Any]]:
    named = config or (Path(os.environ["ROOBRIDGE_CONFIG"]) if os.environ.get("ROOBRIDGE_CONFIG") else None)
    file = named or Path(DEFAULT_FILE)
    if named is None and not file.is_file():
        return None, {}
    try:
        return file, tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"The file {file} cannot be read: {reason}.", code="bad_setting") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not TOML: {error}.", code="bad_setting") from None


def _explain(error: ValidationError, file: Path | None) -> str:
    return " ".join(
        _unknown(each["loc"], each["input"], file)
        if each["type"] == "extra_forbidden"
        else _unusable(".".join(map(str, each["loc"])), each["msg"], file)
        for each in error.errors()
    )


def _unknown(path: tuple[int | str, ...], value: object, file: Path | None) -> str:
    *above, last = map(str, path)
    name = ".".join((*above, last))
    known = _TABLES[above[0]].model_fields if above and above[0] in _TABLES else Settings.model_fields
    step = f"remove it from {file or 'the options'}"
    if meant := get_close_matches(last, known, 1):
        step += f", or write {'.'.join((*above, *meant))!r}"
    elif above and isinstance(value, dict):
        quoted = ".".join((*above[1:], last))
        step += f", or put the name in quotes, as it has a dot: [{above[0]}.{quoted!r}]"
    return f"There is no setting {name!r}; {step}."


def _unusable(name: str, reason: str, file: Path | None) -> str:
    setting, nested, _ = name.partition(".")
    places = [] if nested else ["its option"]
    places += [f"ROOBRIDGE_{setting.upper()}"]
    places += [word for word, known in LEGACY.items() if known == name]
    places += SERVERS if name == "base_url" else ()
    places += [f"{name} in {file}"] if file else []
    reason = reason.removeprefix("Value error, ")
    return f"The setting {name!r} is not usable: {reason}. Correct {' or '.join(places)}."
