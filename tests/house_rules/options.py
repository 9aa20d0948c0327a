"""The options of the command line, as its own help has them."""

from __future__ import annotations

from typing import Any

import typer

from roobridge.cli import app


def options_of(command: str) -> dict[str, str]:
    """The options of a command, without --help, and what its help says of each."""
    group: Any = typer.main.get_command(app)
    parameters = group.get_command(None, command).params
    return {p.opts[0]: p.help or "" for p in parameters if p.param_type_name == "option"}
