from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from roobridge.service.settings.config import Settings
from tests.cli.conftest import Run

FILE = """
api_key = "sk-top"
service_keys = ["sk-of-a-client"]
fallbacks = ["cloud/plus"]

[upstreams.home]
upstream = "llamacpp"

[upstreams.cloud]
upstream = "dashscope"
api_key = "sk-of-the-cloud"

[models."qwen*"]
tools = "prompted"
overrides = { user = "sk-of-a-user-12345678", stop = ["a", "b"], more = { top_k = 20, top_p = inf } }

[model_map]
"mine.too" = "qwen"
"""


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roobridge.toml").write_text(FILE)
    (tmp_path / ".env").write_text("ROOBRIDGE_PORT=5\n")
    monkeypatch.setenv("ROOBRIDGE_WRAP", "hold")
    monkeypatch.setenv("NO_PROXY", "*")


def test_each_setting_with_its_origin_and_no_secret(run: Run) -> None:
    status, out, _ = run("config")
    text = out.decode()
    assert status == 0
    assert 'wrap = "hold"  # the environment' in text
    assert "port = 5  # .env" in text
    assert 'host = "127.0.0.1"  # default' in text
    assert 'api_key = "set"  # roobridge.toml' in text
    assert 'service_keys = ["set"]' in text
    assert "sk-" not in text
    written = tomllib.loads(text)
    assert written["upstreams"]["home"]["base_url"] == "http://127.0.0.1:8080/v1"
    assert written["upstreams"]["cloud"]["api_key"] == "set"
    overrides = {"user": "[redacted]", "stop": ["a", "b"], "more": {"top_k": 20, "top_p": float("inf")}}
    assert written["models"] == {"qwen*": {"tools": "prompted", "overrides": overrides}}
    assert written["model_map"] == {"mine.too": "qwen"}
    assert "# base_url is not set" in text
    assert all(name in written or f"# {name} is not set" in text for name in Settings.model_fields)


def test_what_becomes_of_a_model_s_requests(run: Run) -> None:
    _, out, _ = run("config", "--model", "cloud/qwen-max", "--json")
    assert json.loads(out)["routes"] == [
        {"upstream": "cloud", "model": "qwen-max", "profile": "qwen*"},
        {"upstream": "cloud", "model": "plus", "profile": ""},
    ]
    _, out, _ = run("config", "--model", "other")
    assert out.decode().splitlines()[-3:] == [
        "A request goes to home as other (no profile).",
        "",
        "then to cloud as plus (no profile).",
    ]


def test_a_wrong_setting_is_said_as_ever(run: Run, tmp_path: Path) -> None:
    (tmp_path / "roobridge.toml").write_text("colour = 3")
    status, out, err = run("config")
    assert (status, out) == (2, b"")
    assert "no setting 'colour'" in err
