"""The table of the settings against the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from roobridge.service.settings.config import Settings
from roobridge.service.settings.environment import LEGACY
from roobridge.service.settings.loading import load_settings
from roobridge.service.settings.tables import ModelTable, UpstreamTable
from tests.house_rules import settings_table
from tests.house_rules.marked import Marked
from tests.house_rules.options import options_of
from tests.house_rules.readme import SERVICE, word
from tests.house_rules.settings_table import variable_of

ROWS = {word(row[0]): row for row in SERVICE.table("Settings", "setting")}


@pytest.mark.parametrize("mark", settings_table.expected_tables())
def test_the_readme_shows_the_settings_of_the_code(mark: str) -> None:
    shown = Marked(settings_table.README, mark).shown()
    assert shown == settings_table.expected_tables()[mark], "run python -m tests.house_rules.settings_table"


def test_a_key_without_words_of_its_own_is_a_setting() -> None:
    for table in (UpstreamTable, ModelTable):
        silent = {name for name, field in table.model_fields.items() if not field.description}
        assert silent <= Settings.model_fields.keys()


def test_every_setting_has_its_row_and_its_meaning() -> None:
    assert list(ROWS) == list(Settings.model_fields)
    assert all(row[4] for row in ROWS.values())
    assert all(f"`{older}`" in SERVICE.section("Settings") for older in LEGACY)


def test_every_option_of_serve_has_its_row() -> None:
    assert {word(row[1]) for row in ROWS.values()} - {""} == options_of("serve").keys() - {"--config"}
    assert "`--config`" in SERVICE.section("Settings")


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if word(row[3])])
def test_a_shown_variable_with_its_shown_default_changes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for known in Settings.model_fields:
        monkeypatch.delenv(variable_of(known), raising=False)
    for older in LEGACY:
        monkeypatch.delenv(older, raising=False)
    plain = load_settings()
    monkeypatch.setenv(word(ROWS[name][2]), word(ROWS[name][3]))
    assert load_settings() == plain


def test_the_tables_are_written_into_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = settings_table.expected_tables()
    readme = tmp_path / "README.md"
    readme.write_text("".join(f"<!-- {mark} -->\nold\n<!-- /{mark} -->\n" for mark in tables))
    monkeypatch.setattr(settings_table, "README", readme)
    settings_table.main()
    assert {mark: Marked(readme, mark).shown() for mark in tables} == tables
