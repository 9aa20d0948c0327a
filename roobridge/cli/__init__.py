"""The command line: `roobridge serve`, `transform`, `replay` and `config`.

Exit status: 0 when all went well, 1 when a reply or a comparison failed, 2 when the command line, a setting
or a file is at fault.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from roobridge.errors import ClientError, RoobridgeError, SettingsError

# Command to its function: the module is loaded when the command is asked for, so that `transform` does not
# wait for a web server's modules.
_COMMANDS = {
    "serve": ("roobridge.cli.serve", "serve_command"),
    "transform": ("roobridge.cli.transform", "transform_command"),
    "replay": ("roobridge.cli.replay", "replay_command"),
    "config": ("roobridge.cli.config", "config_command"),
}


class _Commands(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _COMMANDS:
            return None
        module, function = _COMMANDS[cmd_name]
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(getattr(import_module(module), function))
        return typer.main.get_command(alone)


app = typer.Typer(
    name="roobridge",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"roobridge {version('roobridge')}")
        raise typer.Exit


@app.callback()
def roobridge(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """An OpenAI-compatible service between Roo Code and Qwen models."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command line (the process's own where none is given). Always raises SystemExit."""
    try:
        app(args=arguments)
    except RoobridgeError as error:
        # Whatever a command could not handle itself: one line for a person, never a traceback.
        typer.echo(f"roobridge: {error.message}", err=True)
        sys.exit(2 if isinstance(error, SettingsError | ClientError) else 1)
