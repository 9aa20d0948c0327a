"""`roobridge transform`: the machine as a filter, for debugging and for tests."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from roobridge.bridge.plan import ClientKind, Wrap
from roobridge.bridge.wire.sse import ChunkWriter
from roobridge.cli.case import Case, Client, Finish, Input, Run
from roobridge.cli.outcome import Outcome, Problem, failed, problem_of, whole_characters
from roobridge.errors import ClientError, RoobridgeError, SettingsError
from roobridge.events import Fail, Piece
from roobridge.events import Finish as Finished


class Output(Enum):
    TEXT = "text"  # the content
    SSE = "sse"  # the stream as the client reads it
    JSON = "json"  # one object


class Line(msgspec.Struct, frozen=True):
    """One line of `--jsonl`. What is missing or null comes from the command line; fields of other names are
    the caller's own and are left alone."""

    reply: str
    id: Any = None
    input: Input | None = None
    kind: ClientKind | None = None
    client: Client | None = None
    client_version: str | None = None
    tools: msgspec.Raw = msgspec.Raw()
    parallel_tool_calls: bool | None = None
    wrap: Wrap | None = None
    chunk: Annotated[int, msgspec.Meta(ge=0)] | None = None
    chunk_seed: int | None = None
    finish_reason: Finish | None = None


class _Named(msgspec.Struct, frozen=True):
    id: Any = None


_lines = msgspec.json.Decoder(Line)
_names = msgspec.json.Decoder(_Named)
_OPTIONAL = Case.__struct_fields__


def transform_command(  # noqa: PLR0913, PLR0917 - one argument an option
    input: Annotated[Input, typer.Option(help="What stdin holds.")] = Input.TEXT,
    kind: Annotated[ClientKind, typer.Option(help="The kind of request answered.")] = ClientKind.XML_AGENT,
    client: Annotated[Client, typer.Option(help="Whose tools and rules.")] = Client.ROO,
    client_version: Annotated[str, typer.Option(help="Such as 3.29.3; none: the newest rules.")] = "",
    tools: Annotated[Path | None, typer.Option(help="An OpenAI tools array, for the native kinds.")] = None,
    wrap: Annotated[Wrap, typer.Option(help="What happens to undecided text.")] = Wrap.PREVIEW,
    chunk: Annotated[
        int, typer.Option(min=0, help="Characters (bytes of a stream) a feed; 0: all in one.")
    ] = 0,
    chunk_seed: Annotated[int | None, typer.Option(help="Cut at random, reproducibly.")] = None,
    finish_reason: Annotated[Finish | None, typer.Option(help="How the upstream ended.")] = None,
    output: Annotated[Output, typer.Option(help="What is written.")] = Output.TEXT,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read and answer one JSON object a line.")] = False,
) -> None:
    """Read a model's raw reply on stdin and write what the client would get.

    Exit status 1 where the reply cannot be delivered, except with json output, which says so itself.
    """
    case = Case(
        input=input,
        kind=kind,
        client=client,
        client_version=client_version,
        tools=_read_tools(tools),
        wrap=wrap,
        chunk=chunk,
        chunk_seed=chunk_seed,
        finish_reason=finish_reason,
    )
    if jsonl:
        for raw in sys.stdin.buffer:
            if raw.strip():
                _write(_answer(raw, case) + b"\n")
    else:
        raise typer.Exit(_OUTPUTS[output](Run(case, sys.stdin.buffer.read(), streamed=output is Output.SSE)))


def _answer(raw: bytes, case: Case) -> bytes:
    try:
        line = _decoded(raw)
        outcome = Run(_with(case, line), line.reply.encode()).outcome()
    except (msgspec.DecodeError, UnicodeError) as error:
        return _refused(raw, Problem("bad_line", str(error), ClientError.kind))
    except RoobridgeError as error:
        return _refused(raw, problem_of(error))
    except Exception as error:  # noqa: BLE001 - one line that breaks the machine must not take the others
        traceback.print_exception(error)
        return _refused(raw, Problem("internal_error", f"{type(error).__name__}: {error}", "api_error"))
    return _told(line.id, outcome)


def _with(case: Case, line: Line) -> Case:
    given = {name: getattr(line, name) for name in _OPTIONAL}
    tools = given.pop("tools")
    if bytes(tools) not in (b"", b"null"):
        given["tools"] = tools.copy()
    return msgspec.structs.replace(
        case, **{name: value for name, value in given.items() if value is not None}
    )


def _refused(raw: bytes, problem: Problem) -> bytes:
    try:
        id = _names.decode(raw).id
    except (msgspec.DecodeError, UnicodeError):
        id = None
    return _told(id, failed(problem))


def _told(id: Any, outcome: Outcome) -> bytes:
    """One line, with all fields."""
    return msgspec.json.encode({"id": id, **msgspec.structs.asdict(outcome)})


def _decoded(raw: bytes) -> Line:
    """The line; half a UTF-16 pair in an escape counts as U+FFFD. Raises DecodeError."""
    try:
        return _lines.decode(raw)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if b"\\u" not in raw:
            raise
        try:
            whole = whole_characters(json.dumps(json.loads(raw), ensure_ascii=False))
        except (ValueError, RecursionError):
            pass
        else:
            return _lines.decode(whole)
        raise


def _as_json(run: Run) -> int:
    _write(msgspec.json.encode(run.outcome()) + b"\n")
    return 0


def _as_text(run: Run) -> int:
    outcome = run.outcome()
    _write(outcome.content.encode())
    if outcome.error is not None:
        typer.echo(f"roobridge: {outcome.error.message}", err=True)
    return 0 if outcome.error is None else 1


def _as_sse(run: Run) -> int:
    # The same id and time in every run, so that outputs can be compared.
    writer = ChunkWriter("chatcmpl-transform", "transform", 0)
    _write(writer.role())
    failed = False
    for pieces in run:
        for piece in pieces:
            failed = failed or isinstance(piece, Fail)
            _write(b"".join(_frames(writer, piece, run)))
    return 1 if failed else 0


def _frames(writer: ChunkWriter, piece: Piece, run: Run) -> Iterator[bytes]:
    if isinstance(piece, Fail):
        problem = problem_of(run.error or piece)
        yield writer.error(problem.message, kind=problem.type, code=problem.code)
        return
    yield writer.piece(piece)
    if isinstance(piece, Finished):
        yield writer.done()


_OUTPUTS = {Output.TEXT: _as_text, Output.SSE: _as_sse, Output.JSON: _as_json}


def _read_tools(file: Path | None) -> msgspec.Raw:
    if file is None:
        return msgspec.Raw()
    try:
        return msgspec.Raw(file.read_bytes())
    except OSError as error:
        raise SettingsError(f"the tools file {file} cannot be read: {error.strerror}") from error


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
