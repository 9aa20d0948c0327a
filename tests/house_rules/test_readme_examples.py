"""The commands that the READMEs show, tried."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from roobridge.cli import main, serve
from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import LEGACY
from roobridge.service.settings.loading import load_settings
from roobridge.service.wiring import build_upstream
from tests.house_rules.readme import ALL, COMMANDS, SERVICE, TOP, word
from tests.house_rules.source import ROOT

# What `source .venv/bin/activate` gives, for whatever environment the tests run in.
ACTIVATED = f'roobridge() {{ {shlex.quote(sys.executable)} -m roobridge "$@"; }}; '


def shown() -> Iterator[tuple[str, str]]:
    """Each command that stands with its output, and that output."""
    for block in (block for readme in ALL for block in readme.blocks("console")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def served() -> Iterator[str]:
    for row in TOP.table("Upstreams", "upstream"):
        yield word(row[1])
    for readme in (TOP, COMMANDS):
        sentences = re.sub(r"^\|.*$", "", readme.text, flags=re.MULTILINE)
        yield from re.findall(r"`(roobridge serve [^`]+)`", sentences)


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working folder, and an environment without settings."""
    for name in list(os.environ):
        if name.startswith("ROOBRIDGE_") or name in LEGACY:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("command", "output"), list(shown()))
def test_a_shown_command_gives_what_is_shown(command: str, output: str) -> None:
    ran = subprocess.run(
        ["bash", "-c", ACTIVATED + command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.stdout.rstrip("\n") == output.rstrip("\n"), ran.stderr


def test_what_the_top_shows_in_a_sentence_stands_with_its_output() -> None:
    named = set(re.findall(r"`(printf [^`]+)`", TOP.text))
    assert named
    assert named <= {command for command, _ in shown()}


@pytest.mark.parametrize("command", list(served()))
async def test_a_command_that_serves_finds_its_upstream(
    command: str, clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (clean / "tapes").mkdir()
    for tape in (ROOT / "fixtures" / "tapes" / "demo").glob("*.tape.jsonl"):
        (clean / "tapes" / tape.name).write_bytes(tape.read_bytes())
    started: list[Settings] = []
    monkeypatch.setattr(serve, "run", started.append)
    words = shlex.split(command)
    begin = words.index("roobridge")
    for setting in words[:begin]:
        monkeypatch.setenv(*setting.split("=", 1))
    with pytest.raises(SystemExit) as ended:
        main(words[begin + 1 :])
    assert ended.value.code == 0
    upstream = build_upstream(started[0])
    await upstream.aclose()
    asked = words[words.index("--upstream") + 1] if "--upstream" in words else "replay"
    assert started[0].upstream_name == asked


def test_the_settings_file_shown_is_read(clean: Path) -> None:
    file = clean / "roobridge.toml"
    file.write_text(SERVICE.blocks("toml")[0], encoding="utf-8")
    settings = load_settings()
    assert settings.upstream == "dashscope-intl"
    assert settings.model_map == {"qwen-as-claude": "qwen3-coder-plus"}


def test_the_variable_shown_is_read(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"`ROOBRIDGE_MODEL_MAP='([^']*)'`", SERVICE.text)
    assert found is not None
    monkeypatch.setenv("ROOBRIDGE_MODEL_MAP", found[1])
    assert load_settings().model_map == {"qwen-as-claude": "qwen3-coder-plus"}
