from __future__ import annotations

from pathlib import Path

import pytest

from roobridge.bridge.plan import ClientKind, Wrap
from roobridge.errors import SettingsError
from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import LEGACY, SERVERS, unknown_variables
from roobridge.service.settings.loading import load_settings


@pytest.fixture(autouse=True)
def bare_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a settings file and an environment without the bridge's names."""
    for name in (
        "ROOBRIDGE_CONFIG",
        "ROOBRIDGE_PORT",
        "ROOBRIDGE_API_KEY",
        "ROOBRIDGE_MODEL_MAP",
        *LEGACY,
        *SERVERS,
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_need_neither_account_nor_network() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.upstream_name) == ("127.0.0.1", 8001, "replay")
    assert settings.wrap is Wrap.PREVIEW
    assert settings.kind is None


def test_option_beats_environment_beats_older_name_beats_file(
    bare_surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_surroundings / "roobridge.toml").write_text("port = 1\n")
    assert load_settings().port == 1
    monkeypatch.setenv("PORT", "2")
    assert load_settings().port == 2
    monkeypatch.setenv("ROOBRIDGE_PORT", "3")
    assert load_settings().port == 3
    assert load_settings({"port": 4, "host": None}).port == 4


def test_older_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_TOKEN", "t0ken")
    monkeypatch.setenv("QWEN_COOKIES", "a=b")
    monkeypatch.setenv("QWEN_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("ENABLE_TOOL_CALLING", "false")
    settings = load_settings()
    assert settings.qwen_token is not None
    assert settings.qwen_token.get_secret_value() == "t0ken"
    assert settings.qwen_cookies is not None
    assert settings.base_url == "http://127.0.0.1:9"
    assert settings.log_level == "debug"
    assert settings.enable_tool_calling is False
    assert settings.upstream_name == "qwen-web"
    assert load_settings({"upstream": "replay"}).upstream_name == "replay"


@pytest.mark.parametrize(
    ("name", "value", "upstream", "base_url"),
    [
        ("LM_STUDIO_BASE_URL", "http://127.0.0.1:1234", "lmstudio", "http://127.0.0.1:1234/v1"),
        ("LM_STUDIO_BASE_URL", "http://127.0.0.1:1234/v1/", "lmstudio", "http://127.0.0.1:1234/v1"),
        ("QWEN_PROXY_BASE_URL", "http://127.0.0.1:9", "openai", "http://127.0.0.1:9/v1"),
    ],
)
def test_a_server_by_its_older_name(
    name: str, value: str, upstream: str, base_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.upstream_name, settings.base_url) == (upstream, base_url)
    assert load_settings({"upstream": "vllm"}).upstream_name == "vllm"
    monkeypatch.setenv("QWEN_TOKEN", "t0ken")
    settings = load_settings()
    assert (settings.upstream_name, settings.base_url) == ("qwen-web", None)


def test_a_dotenv_file_is_weaker_than_the_environment(
    bare_surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_surroundings / ".env").write_text(
        "ROOBRIDGE_PORT=5\nROOBRIDGE_WRAP='hold'\nROOBRIDGE_COLOUR=3\nQWEN_TOKEN=t0ken\nOTHER=x\n"
        'ROOBRIDGE_MODEL_MAP={"gpt": "qwen3"}\n'
    )
    settings = load_settings()
    assert (settings.port, settings.wrap, settings.upstream_name) == (5, Wrap.HOLD, "qwen-web")
    assert settings.model_map == {"gpt": "qwen3"}
    assert "ROOBRIDGE_COLOUR" in unknown_variables(Settings.model_fields)
    monkeypatch.setenv("ROOBRIDGE_PORT", "6")
    assert load_settings().port == 6
    (bare_surroundings / ".env").write_text("ROOBRIDGE_MODEL_MAP={\n")
    with pytest.raises(SettingsError, match="'model_map'"):
        load_settings()


def test_named_file_and_structured_values(bare_surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bare_surroundings / "other.toml"
    file.write_text('kind = "roo-xml"\nwrap = "hold"\n[model_map]\ngpt = "qwen3-coder-plus"\n')
    settings = load_settings(config=file)
    assert settings.kind is ClientKind.XML_AGENT
    assert settings.wrap is Wrap.HOLD
    assert settings.model_map == {"gpt": "qwen3-coder-plus"}
    monkeypatch.setenv("ROOBRIDGE_CONFIG", str(file))
    assert load_settings().wrap is Wrap.HOLD


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("port = 70000", ("'port'", "ROOBRIDGE_PORT", "PORT", "roobridge.toml")),
        ('wrap = "folded"', ("'wrap'", "preview", "ROOBRIDGE_WRAP")),
        ("max_same_calls = 1", ("'max_same_calls'", "2 or more", "ROOBRIDGE_MAX_SAME_CALLS")),
        ("max_same_calls = -1", ("'max_same_calls'", "must be 0, or")),
        ("colour = 3", ("no setting 'colour'", "roobridge.toml")),
        ("port = \n", ("roobridge.toml", "line 1")),
    ],
)
def test_bad_settings_name_the_setting_and_the_next_step(
    bare_surroundings: Path, toml: str, words: tuple[str, ...]
) -> None:
    (bare_surroundings / "roobridge.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize("name", ["ROOBRIDGE_KEEPALIVE", "ROOBRIDGE_PACE_MS", "ROOBRIDGE_MODELS_TTL"])
@pytest.mark.parametrize("value", ["inf", "nan"])
def test_times_are_finite(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    "name", ["api_key", "qwen_token", "qwen_cookies", "qwen_bx_ua", "qwen_bx_umidtoken", "qwen_user_agent"]
)
def test_what_goes_into_a_header_can_stand_in_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    variable = f"ROOBRIDGE_{name.upper()}"
    monkeypatch.setenv(variable, " pasted\r\n")
    value = getattr(load_settings(), name)
    assert (value if isinstance(value, str) else value.get_secret_value()) == "pasted"
    for bad in ("two\nlines", "caf\u00e9"):
        monkeypatch.setenv(variable, bad)
        with pytest.raises(SettingsError, match=rf"'{name}' is not usable: it holds .* {variable}") as caught:
            load_settings()
        assert bad not in caught.value.message


def test_variables_that_name_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROOBRIDGE_APIKEY", "ROOBRIDGE_API_KEY", "ROOBRIDGE_CONFIG"):
        monkeypatch.setenv(name, "x")
    assert "ROOBRIDGE_APIKEY" in unknown_variables(Settings.model_fields)
    assert not {"ROOBRIDGE_API_KEY", "ROOBRIDGE_CONFIG"} & set(unknown_variables(Settings.model_fields))


def test_missing_named_file(bare_surroundings: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml"):
        load_settings(config=bare_surroundings / "absent.toml")


def test_bad_json_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOBRIDGE_MODEL_MAP", "a=b")
    with pytest.raises(SettingsError, match=r"'model_map'.* ROOBRIDGE_MODEL_MAP is not JSON"):
        load_settings()


def test_no_secret_is_repeated(bare_surroundings: Path) -> None:
    (bare_surroundings / "roobridge.toml").write_text('api_key = ["sk-very-secret"]')
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "sk-very-secret" not in str(caught.value)
    assert "api_key" in caught.value.message
    assert "sk-other-secret" not in repr(
        load_settings({"api_key": "sk-other-secret"}, config=_empty(bare_surroundings))
    )


def _empty(folder: Path) -> Path:
    file = folder / "empty.toml"
    file.write_text("")
    return file


TABLES = """
api_key = "sk-top"
tools = "prompted"
retry_seconds = 3

[model_map]
mine = "plus"

[upstreams.lmstudio]

[upstreams.cloud]
upstream = "dashscope-intl"
api_key_env = "CLOUD_KEY"
tools = "native"

[upstreams.box]
base_url = "http://127.0.0.1:9/v1"
"""


def test_each_upstream_has_settings_of_its_own(
    bare_surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUD_KEY", "sk-cloud")
    (bare_surroundings / "roobridge.toml").write_text(TABLES)
    settings = load_settings()
    assert settings.upstream_names == ("lmstudio", "cloud", "box")
    home, cloud, box = (settings.at(name) for name in settings.upstream_names)
    assert [each.upstream_name for each in (home, cloud, box)] == ["lmstudio", "dashscope-intl", "openai"]
    assert [each.tools.value for each in (home, cloud, box)] == ["prompted", "native", "prompted"]
    assert all(each.retry_seconds == 3 for each in (home, cloud, box))
    keys = [each.api_key.get_secret_value() if each.api_key else "" for each in (home, cloud, box)]
    assert keys == ["sk-top", "sk-cloud", ""]  # a key is shown to no upstream that it was not given for
    assert (home.model_map, cloud.model_map) == ({"mine": "plus"}, {})
    assert (home.base_url, box.base_url) == (None, "http://127.0.0.1:9/v1")


def test_the_first_upstream_may_be_named(bare_surroundings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_KEY", "sk-cloud")
    (bare_surroundings / "roobridge.toml").write_text(TABLES)
    settings = load_settings({"upstream": "cloud", "base_url": "http://127.0.0.1:8/v1", "api_key": None})
    assert settings.upstream_names == ("cloud", "lmstudio", "box")
    assert settings.at("cloud").base_url == "http://127.0.0.1:8/v1"
    assert load_settings({"upstream": "vllm"}).upstream_names == ("vllm", "lmstudio", "cloud", "box")


def test_tables_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOBRIDGE_UPSTREAMS", '{"box": {"base_url": "http://127.0.0.1:9/v1"}}')
    monkeypatch.setenv("ROOBRIDGE_FALLBACKS", "box, box/plus")
    settings = load_settings({"upstream": "vllm"})
    assert settings.at("box").base_url == "http://127.0.0.1:9/v1"
    assert settings.fallbacks == ("box", "box/plus")
    monkeypatch.setenv("ROOBRIDGE_UPSTREAMS", "box")
    with pytest.raises(SettingsError, match=r"'upstreams'.*ROOBRIDGE_UPSTREAMS is not JSON"):
        load_settings()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("[upstreams.box]\ncolour = 3", ("no setting 'upstreams.box.colour'", "roobridge.toml")),
        ("[upstreams.box]\napi_key_env = 'NO_SUCH'", ("'upstreams.box'", "NO_SUCH")),
        ("[upstreams.box]\napi_key = 'a'\napi_key_env = 'B'", ("'upstreams.box'", "not both")),
        ("[upstreams.'a/b']\n", ("'upstreams.a/b",)),
        ("[upstreams.box]\nretry_seconds = -1", ("'upstreams.box.retry_seconds'",)),
        ("[models.'q*']\nsampling = 'gpt'", ("'models.q*.sampling'", "qwen3-coder")),
        ("[models.'q*']\ndrop = ['seed', 'model']", ("'models.q*.drop'", "`model`")),
        ("[models.'q*'.overrides]\nstream = false", ("'models.q*.overrides'", "`stream`")),
        ("[models.'q*']\ntools = 'maybe'", ("'models.q*.tools'", "native", "roobridge.toml")),
    ],
)
def test_a_wrong_table_is_named(toml: str, words: tuple[str, ...], bare_surroundings: Path) -> None:
    (bare_surroundings / "roobridge.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:6379",
        "http://127.0.0.1",
        "redis:/127.0.0.1",
        "redis://",
        "redis://:made-up/password@127.0.0.1",
        "redis://127.0.0.1:99999",
        "redis://127.0.0.1:0",
        "redis://[::1",
        "unix://",
    ],
)
def test_a_redis_is_named_by_its_url(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ROOBRIDGE_REDIS_URL", url)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert "'redis_url'" in caught.value.message
    assert "redis://HOST:PORT" in caught.value.message
    assert "made-up" not in caught.value.message


@pytest.mark.parametrize("url", ["redis://h", "rediss://u:p@h:1/2?ssl_cert_reqs=none", " unix://:p@/run/s "])
def test_a_url_of_redis_is_kept_as_it_is(url: str) -> None:
    found = load_settings({"redis_url": url}).redis_url
    assert found is not None
    assert found.get_secret_value() == url.strip()
