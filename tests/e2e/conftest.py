"""What the end-to-end tests share. Markers, limits and the matrix: README.md."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clients import NpmError, node_modules
from tests.e2e.engine import EngineError, installed_engine
from tests.e2e.matrix import Row, table
from tests.e2e.programs import Place
from tests.required import unavailable

_MEASURED: list[Row] = []


@pytest.fixture(scope="session")
def modules() -> Path:
    """The folder of the npm clients, installed at the first use."""
    if not shutil.which("node") or not shutil.which("npm"):
        unavailable("e2e", "node and npm are not installed")
    try:
        return node_modules()
    except NpmError as error:
        unavailable("e2e", str(error))


@pytest.fixture(scope="session")
def engine_python() -> Path:
    """The Python that runs the real engine, installed at the first use."""
    try:
        return installed_engine()
    except EngineError as error:
        unavailable("e2e", f"the engine cannot be installed: {error}")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.under(tmp_path)


@pytest.fixture(scope="session")
def measured() -> Callable[[Row], None]:
    """Takes a run's row for the matrix that is printed at the end."""
    return _MEASURED.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _MEASURED:
        terminalreporter.section("clients and upstreams")
        terminalreporter.write_line(table(_MEASURED))
