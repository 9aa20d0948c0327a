from __future__ import annotations

from pathlib import Path

import pytest

from roobridge.errors import SettingsError
from roobridge.service.settings.loading import load_settings


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("max_concurent = 1", ("'max_concurent'", "'max_concurrent'")),
        ("[upstream-s.box]", ("'upstream-s'", "'upstreams'")),
        ("[upstreams.box]\nbase-url = 'http://a'", ("'upstreams.box.base-url'", "'upstreams.box.base_url'")),
        ("[models.'q*']\nimage = 'strip'", ("'models.q*.image'", "'models.q*.images'")),
        ("[models.qwen3.5-plus]\nimages = 'strip'", ("'models.qwen3.5-plus'", "[models.'qwen3.5-plus']")),
        ("zzz = 1", ("'zzz'", "remove it")),
    ],
)
def test_an_unknown_name_is_told_with_what_may_be_meant(
    toml: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load_settings(config=file)
    for word in (*words, str(file)):
        assert word in caught.value.message


def test_a_value_in_a_table_is_corrected_where_it_can_stand(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("[models.'q*']\nmax_concurrent = -1")
    with pytest.raises(SettingsError) as caught:
        load_settings(config=file)
    assert f"Correct ROOBRIDGE_MODELS or models.q*.max_concurrent in {file}." in caught.value.message
