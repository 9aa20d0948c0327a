from __future__ import annotations

import pytest

from tests.required import unavailable


def test_a_part_that_nobody_demands_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOBRIDGE_REQUIRE", "shared")
    with pytest.raises(pytest.skip.Exception, match="no node"):
        unavailable("e2e", "no node")


def test_a_demanded_part_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOBRIDGE_REQUIRE", "shared,e2e")
    with pytest.raises(pytest.fail.Exception, match="no node, but ROOBRIDGE_REQUIRE demands e2e"):
        unavailable("e2e", "no node")
