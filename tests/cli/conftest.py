"""The command line, run in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from roobridge.cli import main


class Ran(NamedTuple):
    status: int | str | None
    out: bytes
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Call it with arguments and the bytes of stdin; it gives the exit status and what was written."""

    def run_main(*arguments: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ran(ended.value.code, out, err.decode())

    return run_main
