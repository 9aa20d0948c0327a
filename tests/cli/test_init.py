"""The program: its commands, and how faults are told."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest

from tests.cli.conftest import Run


def test_help_names_every_command(run: Run) -> None:
    status, out, _ = run("--help")
    assert status == 0
    for command in (b"serve", b"transform", b"replay", b"config"):
        assert command in out


@pytest.mark.parametrize("command", ["serve", "transform", "replay", "config"])
def test_every_command_explains_itself(run: Run, command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert f"{command} [OPTIONS]".encode() in out


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["transform", "--dance"],
        ["transform", "--kind", "xml"],
        ["transform", "--chunk", "-1"],
        ["transform", "--output", "yaml"],
        ["replay"],
    ],
)
def test_a_wrong_command_line_is_status_2(run: Run, arguments: list[str]) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, b"")
    assert "Error" in err


def test_the_version_is_told(run: Run) -> None:
    assert run("--version") == (0, f"roobridge {version('roobridge')}\n".encode(), "")


def test_a_fault_is_one_line_and_status_2(run: Run) -> None:
    status, out, err = run("replay", "nowhere")
    assert (status, out, err) == (2, b"", "roobridge: nowhere does not exist\n")


def test_transform_loads_no_web_server(run: Run) -> None:
    before = set(sys.modules)
    run("transform", "--kind", "plain", stdin=b"x")
    assert not {"quart", "hypercorn", "httpx"} & (set(sys.modules) - before)
