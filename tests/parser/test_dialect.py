"""A dialect's spelling of parameters."""

from __future__ import annotations

import pytest

from tests.parser.machine import DIALECTS, TOOLSET


@pytest.mark.parametrize(
    ("name", "openers"),
    [
        ("roo-xml", {"<path>": "path", "<recursive>": "recursive"}),
        ("wrapped", {"<parameter=path>": "path", "<parameter=recursive>": "recursive"}),
        ("bare", {"<parameter=path>": "path", "<parameter=recursive>": "recursive"}),
    ],
)
def test_every_parameter_has_its_opener(name: str, openers: dict[str, str]) -> None:
    assert DIALECTS[name].param_openers(TOOLSET.tools["list_files"]) == openers
