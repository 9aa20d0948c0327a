"""The names in the environment and in a `.env` file that settings are read from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from dotenv import dotenv_values
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

PREFIX = "ROOBRIDGE_"
DOTENV = ".env"

# Names that earlier bridges to chat.qwen.ai read from the environment.
LEGACY = {
    "QWEN_TOKEN": "qwen_token",
    "QWEN_COOKIES": "qwen_cookies",
    "QWEN_BASE_URL": "base_url",
    "PORT": "port",
    "LOG_LEVEL": "log_level",
    "ENABLE_TOOL_CALLING": "enable_tool_calling",
}
# Names by which earlier set-ups say where an OpenAI-compatible server stands, and the upstream that it is.
SERVERS = {"LM_STUDIO_BASE_URL": "lmstudio", "QWEN_PROXY_BASE_URL": "openai"}

# Settings that a variable holds as JSON.
STRUCTURED = ("model_map", "upstreams", "models")


def unknown_variables(fields: Mapping[str, object]) -> list[str]:
    """The `ROOBRIDGE_*` variables that name no setting. fields: of the settings."""
    known = {f"{PREFIX}CONFIG", *(PREFIX + name.upper() for name in fields)}
    return sorted(name for name in _surroundings() if name.startswith(PREFIX) and name not in known)


def variable(name: str) -> str:
    """The value of a variable of the environment, else of the `.env` file; empty where neither has it."""
    return _surroundings().get(name, "")


def unreadable() -> str:
    """The setting whose variable in the environment is not JSON; empty where there is none."""
    said = {name: os.environ.get(PREFIX + name.upper(), "") for name in STRUCTURED}
    return next((name for name, text in said.items() if text and _decoded(text) is text), "")


def _decoded(text: str) -> Any:
    """What a JSON text says; one that is none stays as it is."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _told() -> dict[str, str]:
    """The variables of the `.env` file in the working folder; an empty one counts as none."""
    return {name: value for name, value in dotenv_values(DOTENV).items() if value}


def _surroundings() -> dict[str, str]:
    """The same, and those of the environment, which win."""
    return {**_told(), **{name: value for name, value in os.environ.items() if value}}


class _Source(PydanticBaseSettingsSource):
    """Settings by name, out of variables."""

    def __init__(self, settings_cls: type[BaseSettings], variables: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._variables = variables

    def find(self, field_name: str) -> Any:
        """The value of a setting; None where it has none here."""
        raise NotImplementedError

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self.find(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.find(name) for name in self.settings_cls.model_fields}
        return {name: value for name, value in found.items() if value is not None}


class DotEnv(_Source):
    """`ROOBRIDGE_*` of the `.env` file."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, _told())

    def find(self, field_name: str) -> Any:
        value = self._variables.get(PREFIX + field_name.upper())
        # What is not JSON is refused by its type, in words that name the setting.
        return _decoded(value) if value is not None and field_name in STRUCTURED else value


class OlderNames(_Source):
    """LEGACY and SERVERS."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls, _surroundings())

    def find(self, field_name: str) -> Any:
        names = self._variables
        for name, known in LEGACY.items():
            if known == field_name and name in names:
                return names[name]
        servers = self._servers()
        if field_name == "upstreams":
            return {name: {"base_url": url} for name, url in servers[1:]} or None
        if field_name not in ("upstream", "base_url") or not servers:
            return None
        return servers[0][field_name == "base_url"]

    def _servers(self) -> list[tuple[str, str]]:
        """The upstreams of SERVERS and their addresses, the one for requests that name none first.

        None where a stronger source names another upstream: its key is not for these addresses. None either
        beside a login for chat.qwen.ai, which then is what is meant.
        """
        if self._variables.keys() & {"QWEN_TOKEN", "QWEN_COOKIES"}:
            return []
        found = [
            (upstream, _api_root(self._variables[name]))
            for name, upstream in SERVERS.items()
            if name in self._variables
        ]
        named = self.current_state.get("upstream")
        found.sort(key=lambda server: server[0] != named)
        return found if not named or (found and found[0][0] == named) else []


def _api_root(url: str) -> str:
    """An address as these names had it, with or without the path of the API."""
    root = url.rstrip("/")
    return root if root.endswith("/v1") else f"{root}/v1"
