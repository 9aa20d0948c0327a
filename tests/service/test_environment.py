from __future__ import annotations

from pathlib import Path

import pytest

from roobridge.errors import SettingsError
from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import LEGACY, SERVERS, DotEnv
from roobridge.service.settings.loading import load_settings

HOME, PROXY = "http://127.0.0.1:1234/v1", "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with nothing in it, and an environment without the older names."""
    for name in ("ROOBRIDGE_CONFIG", *LEGACY, *SERVERS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("upstream", "base_url"),
    [("lmstudio", HOME), ("openai", PROXY), ("dashscope", None), ("ollama", None), ("replay", None)],
)
def test_an_address_is_that_of_the_upstream_it_names(
    upstream: str, base_url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another upstream's key is not sent there."""
    monkeypatch.setenv("LM_STUDIO_BASE_URL", HOME)
    monkeypatch.setenv("QWEN_PROXY_BASE_URL", PROXY)
    monkeypatch.setenv("ROOBRIDGE_API_KEY", "sk-cloud")
    settings = load_settings({"upstream": upstream})
    assert (settings.upstream_names[0], settings.at(upstream).base_url) == (upstream, base_url)
    monkeypatch.setenv("ROOBRIDGE_UPSTREAM", upstream)
    assert load_settings().base_url == base_url


def test_two_addresses_are_two_upstreams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LM_STUDIO_BASE_URL", HOME)
    monkeypatch.setenv("QWEN_PROXY_BASE_URL", PROXY)
    settings = load_settings()
    assert [(name, settings.at(name).base_url) for name in settings.upstream_names] == [
        ("lmstudio", HOME),
        ("openai", PROXY),
    ]


def test_an_upstream_s_key_may_stand_in_the_dotenv_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "roobridge.toml").write_text(
        "[upstreams.cloud]\nbase_url='http://127.0.0.1'\napi_key_env='K'\n"
    )
    with pytest.raises(SettingsError, match="no variable K"):
        load_settings()
    for known in ("sk-file", "sk-environment"):
        (folder / ".env").write_text("K=sk-file\n")
        key = load_settings().at("cloud").api_key
        assert key is not None
        assert key.get_secret_value() == known
        monkeypatch.setenv("K", "sk-environment")


def test_one_field_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("ROOBRIDGE_PORT=5\n")
    found = DotEnv(Settings).get_field_value(Settings.model_fields["port"], "port")
    assert found == ("5", "port", False)
