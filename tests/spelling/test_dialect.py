"""A dialect's spelling of parameters."""

from __future__ import annotations

import pytest

from tests.parser.machine import DIALECTS, TOOLSET


@pytest.mark.parametrize(
    ("name", "openers"),
    [(name, {"<path>": "path", "<parameter=path>": "path"}) for name in ("roo-xml", "wrapped", "bare")],
)
def test_every_parameter_has_its_opener(name: str, openers: dict[str, str]) -> None:
    found = DIALECTS[name].param_openers(TOOLSET.tools["list_files"])
    assert {raw: param for raw, param in found.items() if param == "path"} == openers


@pytest.mark.parametrize("name", ["roo-xml", "wrapped", "bare"])
def test_a_parameter_is_closed_as_it_was_opened(name: str) -> None:
    dialect = DIALECTS[name]
    assert dialect.close_of("<path>", "path") == "</path>"
    assert dialect.close_of("<parameter=path>", "path") == "</parameter>"
    own = dialect.param_close.format("path")
    assert dialect.close_of('<parameter name="path">', "path") == own
