"""`roobridge replay`: recordings through today's machine, compared with what came out of them before."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.request.sender import sender_by_prompt
from roobridge.bridge.tape.format import Tape
from roobridge.cli.case import NATIVE, TOOLS_KNOWN, Case, Client, Run
from roobridge.cli.recordings import Recording, recordings, write_expected
from roobridge.errors import ClientError


def replay_command(
    path: Annotated[Path, typer.Argument(help="A tape, a recorded .sse stream, or a folder of them.")],
    update: Annotated[
        bool, typer.Option("--update", help="Store today's outcomes instead of comparing.")
    ] = False,
) -> None:
    """Run recordings through today's machine and compare with `<stem>.expected.json` beside them."""
    files = differing = 0
    for recording in recordings(path):
        files += 1
        outcomes = {kind: _outcome(recording, kind) for kind in recording.kinds}
        if update:
            write_expected(recording, outcomes)
        elif lines := list(_differences(recording, outcomes)):
            differing += 1
            typer.echo("\n".join(lines))
    if update:
        typer.echo(f"{files} recordings: outcomes stored")
        return
    typer.echo(f"{files} recordings: {files - differing} as expected, {differing} different")
    raise typer.Exit(1 if differing else 0)


def _outcome(recording: Recording, kind: ClientKind) -> dict[str, Any]:
    request = recording.tape.request or {}
    tools = msgspec.json.encode(request["tools"]) if request.get("tools") else b""
    client = _client(recording.tape)
    if kind in NATIVE and not tools and client not in TOOLS_KNOWN:
        client = Client.ROO
    case = Case(kind=kind, client=client, tools=msgspec.Raw(tools))
    outcome: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(Run(case, recording.tape).outcome()))
    return outcome


def _client(tape: Tape) -> Client:
    """Whose reply it was: as its match says, else as the prompt of its request does, else Roo's."""
    said = tape.match.client
    if said is None and tape.request is not None:
        with suppress(ClientError):  # a request that is none says nothing
            said = sender_by_prompt(parse_chat_request(tape.request).first_text).client
    return next((client for client in Client if client.value == said), Client.ROO)


def _differences(recording: Recording, outcomes: dict[ClientKind, dict[str, Any]]) -> Iterator[str]:
    if recording.expected is None:
        yield f"{recording.file}: nothing is stored to compare with; --update stores today's outcomes"
        return
    for kind, outcome in outcomes.items():
        yield from difflib.unified_diff(
            list(_readable(recording.expected[kind])),
            list(_readable(outcome)),
            f"{recording.expected_file} {kind.value}",
            f"{recording.file} today",
            lineterm="",
        )


def _readable(value: object, name: str = "") -> Iterator[str]:
    """A JSON value as lines, one a line of text, so that a diff shows what changed and nothing beside it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _readable(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _readable(item, f"{name}[{index}]")
    elif isinstance(value, str) and "\n" in value:
        yield f"{name}:"
        yield from (f"    {line}" for line in value.split("\n"))
    else:
        yield f"{name}: {msgspec.json.encode(value).decode()}"
