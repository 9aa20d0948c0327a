from __future__ import annotations

import pytest

from roobridge.upstream.address import checked_base_url
from roobridge.upstream.presets import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_base_urls_can_be_asked(name: str) -> None:
    assert checked_base_url(PRESETS[name].base_url) == PRESETS[name].base_url


def test_partial_mode_is_dashscopes_alone() -> None:
    assert {name for name, known in PRESETS.items() if known.partial} == {
        "dashscope",
        "dashscope-intl",
        "dashscope-us",
        "coding-plan",
        "coding-plan-intl",
    }
