from __future__ import annotations

import pytest

from roobridge.errors import SettingsError
from roobridge.service.access import check_access
from roobridge.service.settings.config import Settings
from roobridge.service.settings.loading import load_settings


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "localhost"},
        {"host": "127.0.0.2"},
        {"host": "::1"},
        {"host": "0.0.0.0", "allow_open": True},
        {"host": "0.0.0.0", "service_keys": ["k1"]},
        {"service_keys": ["k1"], "upstream": "lmstudio"},
        {"service_keys": ["k1"], "upstream": "dashscope", "api_key": "sk-1"},
        {"service_keys": ["k1"], "upstream": "qwen-web", "qwen_cookies": "a=b"},
    ],
)
def test_what_may_be_served(settings: dict[str, object]) -> None:
    check_access(Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "bridge.example"])
def test_strangers_are_not_let_in_unasked(host: str) -> None:
    with pytest.raises(SettingsError, match=r"'host'.*service_keys.*--allow-open"):
        check_access(Settings(host=host))


def test_keys_of_the_service_need_a_key_for_the_upstream() -> None:
    with pytest.raises(SettingsError, match=r"'service_keys'.*ROOBRIDGE_API_KEY"):
        check_access(Settings(upstream="dashscope", service_keys=["k1"]))  # type: ignore[arg-type]


def test_lists_stand_in_variables_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOBRIDGE_ALLOWED_HOSTS", "Bridge.Example, other.")
    monkeypatch.setenv("ROOBRIDGE_ALLOWED_ORIGINS", "https://ui.example/,vscode-webview://*")
    monkeypatch.setenv("ROOBRIDGE_SERVICE_KEYS", "k1, k2,")
    settings = load_settings()
    assert settings.allowed_hosts == ("bridge.example", "other")
    assert settings.allowed_origins == ("https://ui.example", "vscode-webview://*")
    assert [key.get_secret_value() for key in settings.service_keys] == ["k1", "k2"]
    assert "k1" not in repr(settings)


@pytest.mark.parametrize("keys", [[""], ["k1", "sk 2"], ["caf\u00e9"]])
def test_a_key_that_no_client_can_send_is_refused(keys: list[str]) -> None:
    with pytest.raises(SettingsError, match="'service_keys' is not usable: a key is empty, or") as caught:
        load_settings({"service_keys": keys})
    assert "sk 2" not in caught.value.message
