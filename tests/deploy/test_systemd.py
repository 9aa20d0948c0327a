"""The unit as systemd reads it, and its times against the service's own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from roobridge.cli.serve import LAST_RESORT
from roobridge.service.settings.config import Settings
from roobridge.web.descriptors import OF_A_TURN, OF_THE_PROCESS
from tests.e2e.balanced import DEPLOY
from tests.house_rules.options import options_of
from tests.required import unavailable

UNIT = (DEPLOY / "systemd" / "roobridge.service").read_text(encoding="utf-8")
_PROGRAM = "/opt/roobridge/bin/roobridge"


def said(key: str) -> str:
    """The value of a key that stands once."""
    (value,) = re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)
    return str(value)


def verified(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        unavailable("systemd", "there is no systemd-analyze")
    file = folder / "roobridge.service"
    file.write_text(text.replace(_PROGRAM, f"{sys.executable} -m roobridge"))
    return subprocess.run([analyze, "verify", str(file)], capture_output=True, text=True, check=False)


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    ran = verified(tmp_path, UNIT)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_what_systemd_does_not_know_it_tells_of(tmp_path: Path) -> None:
    """The test above rests on that."""
    assert "'Restarts'" in verified(tmp_path, UNIT.replace("Restart=", "Restarts=")).stderr


def test_it_runs_a_command_that_there_is() -> None:
    program, command, *options = said("ExecStart").split()
    assert program == _PROGRAM
    assert command == "serve"
    assert set(options) <= set(options_of("serve"))


def test_the_end_has_the_time_it_takes() -> None:
    assert float(said("TimeoutStopSec")) > LAST_RESORT
    # A second signal would meet a worker that is ending (cli/workers.py).
    assert (said("KillSignal"), said("KillMode")) == ("SIGTERM", "mixed")
    assert "ExecReload=" not in UNIT  # SIGHUP means nothing to the service


def test_a_service_that_fails_is_started_again_until_it_is_hopeless() -> None:
    assert said("Restart") == "on-failure"
    assert said("RestartPreventExitStatus") == "2"  # cli/__init__.py: a setting is at fault
    # All starts fit into the interval, else the limit is never reached.
    assert int(said("StartLimitBurst")) * int(said("RestartSec")) < int(said("StartLimitIntervalSec"))


def test_the_files_that_may_be_open_are_enough_for_all_connections() -> None:
    assert int(said("LimitNOFILE")) >= Settings().max_connections * OF_A_TURN + OF_THE_PROCESS
