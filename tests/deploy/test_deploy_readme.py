"""What deploy/README.md shows, against the files beside it."""

from __future__ import annotations

import re
import subprocess

import pytest

from roobridge.service.settings.config import Settings
from tests.e2e.balanced import DEPLOY
from tests.house_rules.readme import DEPLOYING, word
from tests.house_rules.source import ROOT

_ROWS = DEPLOYING.table("", "what")
_SECTIONS = [found[1] for row in _ROWS if (found := re.match(r"\[(.*?)\]\(#", row[0]))]


def lines(section: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```$", DEPLOYING.section(section), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_file_has_its_row() -> None:
    named = {word(row[1]) for row in _ROWS}
    assert [name for name in named if not (ROOT / name).is_file()] == []
    assert {name.split("/")[1] for name in named} == {each.name for each in DEPLOY.iterdir() if each.is_dir()}


@pytest.mark.parametrize("section", _SECTIONS)
def test_every_way_has_its_five_lines(section: str) -> None:
    shown = lines(section)
    assert len(shown) == 5
    for line in shown:
        subprocess.run(["bash", "-n", "-c", line], check=True)
    files = re.findall(r"\bdeploy/[\w./-]+", "\n".join(shown))
    kept = [name for name in files if not name.endswith("/roobridge.env")]  # that one is the reader's
    assert [name for name in kept if not (ROOT / name).exists()] == []
    assert {word(row[1]) for row in _ROWS if row[0].startswith(f"[{section}]")} <= set(kept)


def test_every_variable_it_names_is_a_setting() -> None:
    named = set(re.findall(r"ROOBRIDGE_(\w+)", DEPLOYING.text))
    assert {name.lower() for name in named} <= set(Settings.model_fields)
