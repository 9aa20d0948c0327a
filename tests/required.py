"""Parts of the tests that need something beside the checkout: skipped without it, or demanded."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(part: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where ROOBRIDGE_REQUIRE, a list with commas, names the part."""
    if part in os.environ.get("ROOBRIDGE_REQUIRE", "").split(","):
        pytest.fail(f"{reason}, but ROOBRIDGE_REQUIRE demands {part}")
    pytest.skip(reason)
