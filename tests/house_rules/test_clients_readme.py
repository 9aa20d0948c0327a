"""The settings that `deploy/clients/README.md` shows, against the fields that the clients read."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from roobridge.bridge.request.sender import Sender, sender_by_prompt, sender_of
from roobridge.cli.case import Client
from roobridge.service.settings.config import Settings
from tests.house_rules.readme import SETUP, TOP, word

BASE_URL = f"http://{Settings().host}:{Settings().port}/v1"
MODEL = "qwen3-coder-demo"
CONTEXT, OUTPUT = 65536, 8192
SECTIONS = ["Roo Code", "Zoo Code", "Cline", "Kilo", "qwen-code"]


class Strict(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """An object of a settings file: every field named here is shown, and no other."""


class ModelInfo(Strict):
    context_window: int
    max_tokens: int
    supports_images: bool
    supports_prompt_cache: bool


class Profile(Strict):
    api_provider: str
    open_ai_base_url: str
    open_ai_api_key: str
    open_ai_model_id: str
    open_ai_streaming_enabled: bool
    include_max_tokens: bool
    open_ai_custom_model_info: ModelInfo


class Profiles(Strict):
    current_api_config_name: str
    api_configs: dict[str, Profile]


class RooFile(Strict):
    provider_profiles: Profiles
    global_settings: dict[str, Any]


class ClineSettings(Strict):
    provider: str
    base_url: str
    api_key: str
    model: str
    context_window: int
    max_tokens: int
    capabilities: list[str]


class ClineEntry(Strict):
    settings: ClineSettings
    updated_at: str
    token_source: str


class ClineFile(Strict):
    version: int
    last_used_provider: str
    providers: dict[str, ClineEntry]


class Limit(Strict):
    context: int
    output: int


class Modalities(Strict):
    input: list[str]
    output: list[str]


class KiloModel(Strict):
    name: str
    limit: Limit
    modalities: Modalities
    tool_call: bool = msgspec.field(name="tool_call")


class KiloOptions(Strict):
    base_url: str = msgspec.field(name="baseURL")
    api_key: str


class KiloProvider(Strict):
    npm: str
    name: str
    options: KiloOptions
    models: dict[str, KiloModel]


class KiloFile(Strict):
    provider: dict[str, KiloProvider]
    model: str


class Generation(Strict):
    context_window_size: int
    modalities: dict[str, bool]
    sampling_params: dict[str, int]


class QwenModel(Strict):
    id: str
    name: str
    env_key: str
    base_url: str
    generation_config: Generation


class Name(Strict):
    name: str


class QwenFile(Strict):
    version: int = msgspec.field(name="$version")
    env: dict[str, str]
    model_providers: dict[str, list[QwenModel]]
    model: Name


def shown(client: str) -> list[str]:
    """The blocks of JSON in a client's section."""
    return re.findall(r"^```json\n(.*?)^```$", SETUP.section(client), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("client", "prefix"), [("Roo Code", "roo-cline"), ("Zoo Code", "zoo-code")])
def test_roo_s_and_zoo_s_profile(client: str, prefix: str) -> None:
    profile_text, editor_text = shown(client)
    profiles = msgspec.json.decode(profile_text, type=RooFile).provider_profiles
    (profile,) = profiles.api_configs.values()
    assert list(profiles.api_configs) == [profiles.current_api_config_name]
    assert (profile.api_provider, profile.open_ai_base_url, profile.open_ai_model_id) == (
        "openai",
        BASE_URL,
        MODEL,
    )
    info = profile.open_ai_custom_model_info
    assert (info.context_window, info.max_tokens, info.supports_images) == (CONTEXT, OUTPUT, False)
    assert profile.open_ai_streaming_enabled
    editor = msgspec.json.decode(editor_text)
    assert set(editor) == {f"{prefix}.autoImportSettingsPath", f"{prefix}.apiRequestTimeout"}
    assert 1 <= editor[f"{prefix}.apiRequestTimeout"] <= 3600
    places = {cell for row in SETUP.table("", "client") for cell in row[1:]}
    assert f"`{editor[f'{prefix}.autoImportSettingsPath']}`" in places


def test_cline_s_file() -> None:
    (text,) = shown("Cline")
    file = msgspec.json.decode(text, type=ClineFile)
    settings = file.providers[file.last_used_provider].settings
    assert settings.provider == file.last_used_provider == "openai-compatible"
    assert (settings.base_url, settings.model) == (BASE_URL, MODEL)
    assert (settings.context_window, settings.max_tokens) == (CONTEXT, OUTPUT)
    assert set(settings.capabilities) < {"reasoning", "prompt-cache", "streaming", "tools", "vision"}


def test_kilo_s_file() -> None:
    (text,) = shown("Kilo")
    file = msgspec.json.decode(text, type=KiloFile)
    name, _, model = file.model.partition("/")
    provider = file.provider[name]
    assert (provider.npm, provider.options.base_url) == ("@ai-sdk/openai-compatible", BASE_URL)
    assert model == MODEL
    limit = provider.models[model].limit
    assert (limit.context, limit.output) == (CONTEXT, OUTPUT)
    assert provider.models[model].modalities.input == ["text"]


def test_qwen_code_s_file() -> None:
    (text,) = shown("qwen-code")
    file = msgspec.json.decode(text, type=QwenFile)
    (model,) = file.model_providers["openai"]
    assert model.id == file.model.name == MODEL
    assert model.env_key in file.env
    assert model.base_url == BASE_URL
    generation = model.generation_config
    assert generation.context_window_size == CONTEXT
    assert generation.sampling_params == {"max_tokens": OUTPUT}
    assert generation.modalities == {"image": False}


@pytest.mark.parametrize("client", SECTIONS)
def test_every_client_has_its_five_lines_and_its_file(client: str) -> None:
    five = [row[0] for row in SETUP.table("", "what")]
    assert len(five) == 5
    rows = SETUP.table(client, "what")
    assert [row[0] for row in rows] == five
    shown_text = "".join(shown(client))
    assert all(f'"{word(row[1])}"' in shown_text for row in rows)
    files = [row for row in SETUP.table("", "client") if client in row[0]]
    assert all(len(row) == 4 and all(map(word, row[1:])) for row in files)
    assert files


def test_the_clients_shown_are_those_that_are_recognised() -> None:
    for client, agents, prompt, *_ in SETUP.table("How each is recognised", "client"):
        for agent in re.findall(r"`([^`]+)`", agents):
            sender = sender_of({"user-agent": agent})
            assert sender.client == word(client)
            assert sender.version
        assert sender_by_prompt(f"{prompt} a clerk.") == Sender(word(client))


def test_the_commands_know_every_client_that_is_recognised() -> None:
    shown_clients = {word(client) for client, *_ in SETUP.table("How each is recognised", "client")}
    assert {client.value for client in Client} == {
        *shown_clients,
        sender_of({"user-agent": "opencode"}).client,
    }


def test_the_top_names_every_client() -> None:
    assert [name for name in SECTIONS if name not in TOP.section("Configuring a client")] == []
