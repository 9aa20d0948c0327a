"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.required import unavailable

# small: the same examples every time. fresh: new ones, from the seed that pytest-xdist's workers share
# (--hypothesis-seed; .ci/run prints it); what it finds becomes a named case. thorough: long runs.
_SLOW_TO_DRAW = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile(
    "small",
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=_SLOW_TO_DRAW,
)
settings.register_profile(
    "fresh",
    max_examples=60,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=_SLOW_TO_DRAW,
)
settings.register_profile(
    "thorough", max_examples=1500, deadline=None, database=None, suppress_health_check=_SLOW_TO_DRAW
)
settings.load_profile("small")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded payloads beside a checkout; see `unavailable` for where there is none."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        unavailable("shared", "there is no ../shared beside this checkout")
    return folder
