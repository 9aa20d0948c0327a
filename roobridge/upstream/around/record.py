"""Recording: what an upstream said, written as tapes that `replay` plays."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from roobridge.bridge.ports import Delta, Upstream, UpstreamRequest
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.tape.format import SUFFIX, Frame, Tape, Wire, write_tape
from roobridge.bridge.tape.match import match_of
from roobridge.bridge.wire.sse import ChunkWriter
from roobridge.errors import SettingsError, UpstreamError
from roobridge.events import ToolDelta
from roobridge.upstream.around.base import Around

MODEL_LIMIT = 100  # characters of a model's name, which becomes part of a file's

log = logging.getLogger(__name__)


class RecordUpstream(Around):
    """Any upstream, with every reply written down.

    The port hands on deltas, not bytes, so a tape holds OpenAI chunks with the deltas and their arrival
    times, whatever the wire format of `inner` was. A refusal is a tape of one error frame. Each tape is
    written in one go when its reply ends or is broken off, by either side; what it keeps, its request too, is
    cleaned of secrets.

    folder: made if missing. clean: knows the operator's secrets. Raises SettingsError where the folder cannot
    be written.
    """

    def __init__(self, inner: Upstream, folder: Path, clean: Cleaner) -> None:
        super().__init__(inner)
        self._folder = folder
        self._clean = clean
        self._running: dict[int, _Recording] = {}
        self._saving: set[asyncio.Task[None]] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"Tapes cannot be recorded in {folder}: {error.strerror}. Give another folder with --record."
            ) from error
        if not os.access(folder, os.W_OK):
            raise SettingsError(
                f"Tapes cannot be recorded in {folder}: no right to write there. Give another with --record."
            )

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        recording = _Recording(request, self._clean.knowing((request.key,)))
        self._running[id(request)] = recording
        try:
            async with aclosing(self._inner.stream(request)) as batches:
                async for batch in batches:
                    recording.heard(batch)
                    yield batch
        except UpstreamError as error:
            recording.error = error
            raise
        finally:
            del self._running[id(request)]
            recording.ended = recording.now()
            # In a thread, since a long conversation takes long to clean; and to its end, whoever is gone.
            saving = asyncio.create_task(asyncio.to_thread(self._save, recording))
            self._saving.add(saving)
            saving.add_done_callback(self._saving.discard)
            await asyncio.shield(saving)

    async def written(self) -> None:
        """Wait until the tapes of all replies that have ended are on the disk."""
        while self._saving:
            await asyncio.wait(self._saving)

    async def aclose(self) -> None:
        await self.written()
        await super().aclose()

    def repaired(self, request: UpstreamRequest, repairs: Sequence[str]) -> None:
        """Name the repairs of the reply to `request`; to be called before its stream is closed."""
        recording = self._running.get(id(request))
        if recording is not None:
            recording.repairs = tuple(repairs)

    def _save(self, recording: _Recording) -> None:
        content = write_tape(recording.tape())
        slug = re.sub(r"[^\w.-]+", "-", recording.model).strip("-.") or "model"
        short_hash = hashlib.sha256(content).hexdigest()[:8]
        file = self._folder / f"{slug}-{recording.begun:%Y%m%dT%H%M%SZ}-{short_hash}{SUFFIX}"
        try:
            _write_whole(file, content)
        except OSError as error:
            # The reply itself is good; a full disk must not take it from the client.
            log.warning("tape %s was not written: %s", file.name, error.strerror)


class _Recording:
    def __init__(self, request: UpstreamRequest, clean: Cleaner) -> None:
        self.request = request
        self.clean = clean
        self.model = clean.head(str(request.body.get("model") or ""), MODEL_LIMIT)
        self.begun = datetime.now(UTC)
        self.repairs: tuple[str, ...] = ()
        self.error: UpstreamError | None = None
        self.ended = 0.0
        self._start = time.monotonic()
        self._batches: list[tuple[float, Sequence[Delta]]] = []

    def heard(self, batch: Sequence[Delta]) -> None:
        self._batches.append((self.now(), batch))

    def now(self) -> float:
        """Seconds since the request."""
        return time.monotonic() - self._start

    def tape(self) -> Tape:
        clean = self.clean
        writer = ChunkWriter("chatcmpl-tape", self.model, int(self.begun.timestamp()))
        frames = [
            Frame(at, b"".join(_encode(writer, delta) for delta in batch))
            for at, batch in _without_secrets(self._batches, clean)
        ]
        if self.error is not None:
            frames.append(Frame(self.ended, _encode_error(writer, self.error, clean)))
        return Tape(
            Wire.OPENAI,
            self.model or "unnamed",
            tuple(frames),
            match=match_of(self.request),
            request=clean.value(self.request.body),
            repairs=self.repairs,
            ended=self.ended,
        )


def _encode(writer: ChunkWriter, delta: Delta) -> bytes:
    parts: list[bytes] = []
    if delta.reasoning:
        parts.append(writer.reasoning(delta.reasoning))
    if delta.content:
        parts.append(writer.content(delta.content))
    parts += [writer.tool(call) for call in delta.tool_calls]
    ended = delta.finish not in ("", "cut")  # a cut reply is one whose stream ends without a finish
    if ended:
        parts.append(writer.finish(delta.finish))
    if delta.usage is not None:
        parts.append(writer.usage(delta.usage))
    if ended:
        parts.append(writer.done())
    return b"".join(parts)


def _encode_error(writer: ChunkWriter, error: UpstreamError, clean: Cleaner) -> bytes:
    return writer.error(
        clean.text(error.message),
        kind=clean.text(error.kind),
        code=clean.text(error.code),
        param=clean.text(error.param) if error.param else None,
    )


def _without_secrets(
    batches: list[tuple[float, Sequence[Delta]]], clean: Cleaner
) -> list[tuple[float, Sequence[Delta]]]:
    """The batches as they came; or all in one where a secret, which may be cut anywhere, stood in them."""
    whole = _join([delta for _, batch in batches for delta in batch])
    cleaned = msgspec.convert(clean.value(msgspec.to_builtins(whole)), Delta)
    return batches if cleaned == whole else [(batches[-1][0], (cleaned,))]


def _join(deltas: Sequence[Delta]) -> Delta:
    calls: dict[int, ToolDelta] = {}
    for call in (call for delta in deltas for call in delta.tool_calls):
        old = calls.get(call.index, ToolDelta(call.index))
        calls[call.index] = ToolDelta(
            call.index, old.id or call.id, old.name or call.name, old.arguments + call.arguments
        )
    return Delta(
        reasoning="".join(delta.reasoning for delta in deltas),
        content="".join(delta.content for delta in deltas),
        tool_calls=tuple(calls.values()),
        usage=next((delta.usage for delta in reversed(deltas) if delta.usage), None),
        finish=next((delta.finish for delta in reversed(deltas) if delta.finish), ""),
    )


def _write_whole(file: Path, content: bytes) -> None:
    """Readable by its owner alone, since it holds the user's work; seen only once it is complete."""
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).replace(file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
