from __future__ import annotations

from pathlib import Path

import pytest

from tests.house_rules.marked import Marked


def test_the_part_is_written_between_the_markers(tmp_path: Path) -> None:
    place = Marked(tmp_path / "README.md", "mark")
    place.file.write_text("before\n\n<!-- mark -->\nold\n<!-- /mark -->\n\nafter\n", encoding="utf-8")
    place.write("| a |\n|---|")
    assert place.shown() == "| a |\n|---|"
    assert place.file.read_text(encoding="utf-8") == (
        "before\n\n<!-- mark -->\n| a |\n|---|\n<!-- /mark -->\n\nafter\n"
    )


@pytest.mark.parametrize("text", ["no place for it\n", "<!-- mark -->\n", "<!-- /mark -->\n"])
def test_without_markers_nothing_is_written(text: str, tmp_path: Path) -> None:
    place = Marked(tmp_path / "README.md", "mark")
    place.file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit, match="needs the lines"):
        place.write("part")
    assert place.file.read_text(encoding="utf-8") == text


def test_without_a_file_none_is_made(tmp_path: Path) -> None:
    place = Marked(tmp_path / "README.md", "mark")
    assert place.shown() is None
    with pytest.raises(SystemExit, match="needs the lines"):
        place.write("part")
    assert not place.file.exists()
