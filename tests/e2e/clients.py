"""The npm clients: their installation, and one run of each."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.programs import Ended, Place, run
from tests.e2e.upstream import KEY, MODEL
from tests.house_rules.test_clients_readme import shown

_PINS = Path(__file__).parent
# Optional, since it is for one platform; npm says nothing where it leaves an optional package out.
_KILO = "@kilocode/cli-linux-x64"
_KILO_RUNS_HERE = (sys.platform, platform.machine()) == ("linux", "x86_64")
WITH_KILO = pytest.mark.skipif(not _KILO_RUNS_HERE, reason=f"{_KILO} runs on Linux on x86-64 alone")
_INSTALL_LIMIT = 300  # seconds; about 20 on two cores
_RUN_LIMIT = 120  # seconds; Cline takes 12 for a task, four of them per file as a fixed wait
PROMPT = "Write notes.txt, edit it, count its bytes."


class NpmError(Exception):
    """The clients could not be installed; the message is npm's."""


def node_modules() -> Path:
    """The installed clients, of exactly the versions in package-lock.json.

    They are kept in the user's cache folder, one for each lock file. Raises NpmError.
    """
    lock = (_PINS / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "roobridge-e2e"
    installed = cache / hashlib.sha256(lock).hexdigest()[:16]
    if not installed.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _install(cache, installed)
    return installed / "node_modules"


def _install(cache: Path, installed: Path) -> None:
    """Into a folder of its own first, so that no half installation is ever found."""
    with tempfile.TemporaryDirectory(dir=cache) as begun:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_PINS / name, begun)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        try:
            done = subprocess.run(
                command, cwd=begun, capture_output=True, text=True, timeout=_INSTALL_LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            raise NpmError(f"npm ci took more than {_INSTALL_LIMIT} s") from None
        if done.returncode != 0:
            raise NpmError(f"npm ci failed: {done.stderr[-500:]}")
        if _KILO_RUNS_HERE and not (Path(begun) / "node_modules" / _KILO).is_dir():
            raise NpmError(f"npm ci left out {_KILO}")
        if not installed.is_dir():
            Path(begun).rename(installed)
            Path(begun).mkdir()  # for the context manager to remove


class Agent(msgspec.Struct, frozen=True):
    """What a client said in a run. completion: its last words to the user, empty where it reached none."""

    completion: str
    ended: Ended


async def cline(modules: Path, place: Place, base_url: str, until: asyncio.Event) -> Agent:
    """Cline in its command-line form, everything approved. until: stops it."""
    data = place.home / ".cline" / "data"
    data.mkdir(parents=True)
    modes = {
        f"{mode}Mode{name}": value
        for mode in ("act", "plan")
        for name, value in (("ApiProvider", "openai"), ("OpenAiModelId", MODEL))
    }
    state = {**modes, "openAiBaseUrl": base_url, "welcomeViewCompleted": True, "telemetrySetting": "disabled"}
    (data / "globalState.json").write_text(json.dumps(state))
    (data / "secrets.json").write_text(json.dumps({"openAiApiKey": KEY}))
    program = str(modules / ".bin" / "cline")
    command = [program, "-y", "--json", "-m", MODEL, "-c", str(place.workspace), PROMPT]
    ended = await run(command, place, limit=_RUN_LIMIT, until=until)
    said = [event for event in _json_lines(ended.output) if event.get("say") == "completion_result"]
    return Agent(said[-1].get("text", "") if said else "", ended)


async def qwen_code(modules: Path, place: Place, base_url: str, until: asyncio.Event) -> Agent:
    """qwen-code without a screen, everything approved. until: stops it."""
    folder = place.home / ".qwen"
    folder.mkdir()
    settings = {
        "general": {"enableAutoUpdate": False, "disableAutoUpdate": True},
        "memory": {"enableManagedAutoMemory": False, "enableManagedAutoDream": False},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    program = str(modules / ".bin" / "qwen")
    command = [program, "--auth-type", "openai", "--approval-mode", "yolo", "-o", "json", PROMPT]
    more = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": base_url, "OPENAI_MODEL": MODEL}
    ended = await run(command, place, limit=_RUN_LIMIT, more=more, until=until)
    events = [event for line in _json_lines(ended.output) for event in line]
    results = [event for event in events if event.get("type") == "result" and not event.get("is_error")]
    return Agent(results[-1].get("result", "") if results else "", ended)


def kilo_settings(base_url: str) -> Any:
    """Kilo's file as deploy/clients shows it, for this address and the scripted model."""
    (block,) = shown("Kilo")
    file = json.loads(block)
    provider = file["provider"]["roobridge"]
    provider["options"].update(baseURL=base_url, apiKey=KEY)
    (model,) = provider["models"].values()
    return {
        **file,
        "provider": {"roobridge": {**provider, "models": {MODEL: model}}},
        "model": f"roobridge/{MODEL}",
    }


async def kilo(
    modules: Path, place: Place, base_url: str, until: asyncio.Event, settings: Any = None, *options: str
) -> Agent:
    """Kilo without a screen, everything approved. until: stops it. settings: None for `kilo_settings`."""
    folder = place.home / ".config" / "kilo"
    folder.mkdir(parents=True)
    (folder / "kilo.json").write_text(json.dumps(settings or kilo_settings(base_url)))
    # Without a title it asks the model for one, in a request more that may come after the task's last.
    fixed = ["run", "--auto", "--pure", "--format", "json", "--title", "notes"]
    program = str(modules / _KILO / "bin" / "kilo")
    ended = await run([program, *fixed, PROMPT, *options], place, limit=_RUN_LIMIT, until=until)
    parts = [event["part"] for event in _json_lines(ended.output) if "part" in event]
    said = [part["text"] for part in parts if part["type"] == "text"]
    finished = bool(parts) and parts[-1].get("reason") == "stop"
    return Agent(said[-1] if said and finished else "", ended)


def _json_lines(output: str) -> list[Any]:
    return [json.loads(line) for line in output.splitlines() if line.startswith(("{", "["))]
