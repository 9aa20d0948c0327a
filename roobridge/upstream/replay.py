"""An upstream that plays tapes: the embedded default, and a stand-in for any recorded one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from roobridge.bridge.ports import Capabilities, Delta, Health, Model, UpstreamRequest
from roobridge.bridge.tape.format import SUFFIX, Ending, Tape, parse_tape
from roobridge.bridge.tape.match import choose, situation_of
from roobridge.bridge.tape.reader import WireReader, last_words
from roobridge.errors import SettingsError, UpstreamError
from roobridge.grammar.load import load_grammar


class ReplayUpstream:
    """Plays the tapes of a folder.

    A request is answered by a tape of its model (the tape's model, or its file's name without the suffix)
    whose `match` fits; see `tape_match`. speed: how many times faster than recorded; 0 and infinity leave
    out all waiting. Raises SettingsError where the folder holds no tape, or one that cannot be read.
    """

    name = "replay"
    capabilities = Capabilities(closed_list=True)

    def __init__(self, folder: Path, speed: float = 1.0) -> None:
        if speed < 0 or math.isnan(speed):
            raise SettingsError(f"the speed of a replay must not be negative, but is {speed}")
        self._tapes = load_tapes(folder)
        self._grammar = load_grammar()
        self._pace = 0.0 if speed == 0 else 1 / speed

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        tape = self._choose(request)
        reader = WireReader(tape.wire, tape.model)
        clock = _Clock(self._pace)
        accepted = False
        for frame in tape.frames:
            await clock.reach(frame.at)
            deltas = reader.feed(frame.data)
            if deltas or reader.accepted > accepted:
                accepted = True
                yield deltas
            if reader.error is not None:
                raise reader.error
            if reader.ended:
                return
        await clock.reach(tape.ended)
        if tape.ending is Ending.SILENCE and not reader.finish:
            await asyncio.Event().wait()  # until the caller's patience ends
        words = last_words(tape, reader)
        if words:
            yield words
        if reader.error is not None:
            raise reader.error

    async def models(self) -> Sequence[Model]:
        return [Model(id) for id in self._models()]

    async def health(self) -> Health:
        return Health(ok=True, detail=f"playing {len(self._tapes)} tapes")

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _models(self) -> list[str]:
        return sorted({tape.model for tape in self._tapes.values()})

    def _choose(self, request: UpstreamRequest) -> Tape:
        model = str(request.body.get("model") or "")
        if model not in self._tapes and model not in self._models():
            raise UpstreamError(
                f"There is no tape of the model {model!r}; there are tapes of {', '.join(self._models())}.",
                kind="invalid_request_error",
                code="model_not_found",
                param="model",
                status_hint=404,
            )
        tape = choose(self._tapes, model, situation_of(request, self._grammar))
        if tape is None:
            raise UpstreamError(
                f"No tape of the model {model!r} matches this request; one without `match` would answer all.",
                kind="invalid_request_error",
                code="no_matching_tape",
                status_hint=404,
            )
        return tape


def load_tapes(folder: Path) -> dict[str, Tape]:
    """Every tape of a folder, by the name of its file without the suffix. Raises SettingsError."""
    try:
        files = sorted(file for file in folder.iterdir() if file.name.endswith(SUFFIX))
        tapes = {file.name.removesuffix(SUFFIX): parse_tape(file.read_bytes(), str(file)) for file in files}
    except OSError as error:
        raise SettingsError(
            f"Tapes cannot be read from {folder}: {error.strerror}. Give another folder with --tapes."
        ) from error
    if not tapes:
        raise SettingsError(f"There is no tape (*{SUFFIX}) in {folder}: give another folder with --tapes.")
    return tapes


class _Clock:
    """Waits for the moments of a tape. pace: seconds to wait for one recorded second."""

    def __init__(self, pace: float) -> None:
        self._pace = pace
        self._now = asyncio.get_running_loop().time
        self._start = self._now()

    async def reach(self, at: float) -> None:
        """Return at that time of the tape; always lets others run."""
        await asyncio.sleep(max(0.0, self._start + at * self._pace - self._now()))
