"""The dashboard and the alert rules against the metrics that there are."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from roobridge.service.metrics.causes import CODES
from roobridge.service.metrics.meters import Meters
from tests.house_rules.readme import SERVICE, word
from tests.house_rules.source import ROOT
from tests.required import unavailable

FOLDER = ROOT / "deploy" / "prometheus"
RULES, DASHBOARD = FOLDER / "alerts.yaml", FOLDER / "dashboard.json"
_ENDS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def series() -> set[str]:
    families = text_string_to_metric_families(Meters().text().decode())
    return {family.name + end for family in families for end in _ENDS[family.type]}


def labels() -> set[str]:
    rows = SERVICE.table("Seen from outside", "metric")
    return {label for row in rows for label in re.findall(r"`(\w+)`", row[1])} | {"instance", "le", "job"}


def named(file: Path) -> set[str]:
    return set(re.findall(r"\broobridge_\w+", file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", [RULES, DASHBOARD], ids=lambda file: file.name)
def test_every_metric_and_every_label_exists(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert named(file)
    assert named(file) <= series()
    grouped = {label for group in re.findall(r"\bby \(([\w, ]+)\)", text) for label in group.split(", ")}
    matched = set(re.findall(r"[{,](\w+)(?:=~|!~|=|!=)\\?\"", text))
    shown = set(re.findall(r"\{\{ ?(?:\$labels\.)?(\w+) ?\}\}", text))
    assert grouped | matched | shown <= labels()


def test_the_dashboard_shows_every_metric() -> None:
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in named(DASHBOARD)}
    assert shown == {word(row[0]) for row in SERVICE.table("Seen from outside", "metric")}


def test_the_panels_stand_beside_one_another() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}
    assert len(places) == len(panels) == len({panel["id"] for panel in panels})


def test_what_an_alert_leaves_out_are_outcomes() -> None:
    (left_out,) = re.findall(r'outcome!~"([\w|]+)"', RULES.read_text(encoding="utf-8"))
    assert set(left_out.split("|")) <= CODES | {"ok"}


def test_promtool_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        unavailable("promtool", "there is no promtool (Debian: apt install prometheus)")
    checked = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
