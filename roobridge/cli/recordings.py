"""Recorded replies on disk, and what the client got of them when they were last looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.tape.format import SUFFIX, Frame, Match, Tape, parse_tape
from roobridge.bridge.tape.reader import sniff
from roobridge.errors import SettingsError

RAW_SUFFIX = ".sse"
EXPECTED_SUFFIX = ".expected.json"
# The kinds that a recording is looked at as where nothing says which.
KINDS = (ClientKind.XML_AGENT, ClientKind.NATIVE_AGENT, ClientKind.PLAIN)


class Recording(msgspec.Struct, frozen=True):
    """A recorded reply. expected: the outcomes stored beside it, by kind; None where there are none."""

    file: Path
    tape: Tape
    expected: dict[ClientKind, dict[str, Any]] | None

    @property
    def expected_file(self) -> Path:
        suffix = SUFFIX if self.file.name.endswith(SUFFIX) else RAW_SUFFIX
        return self.file.with_name(self.file.name.removesuffix(suffix) + EXPECTED_SUFFIX)

    @property
    def kinds(self) -> tuple[ClientKind, ...]:
        """As which kinds of reply it is looked at: those stored, else its own, else all agents and plain."""
        if self.expected is not None:
            return tuple(self.expected)
        return (self.tape.match.kind,) if self.tape.match.kind else KINDS


def recordings(path: Path) -> Iterator[Recording]:
    """The recordings under a folder, or the one that a file holds. Raises SettingsError."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if _is_recording(file))
    if not path.exists():
        raise SettingsError(f"{path} does not exist")
    if not files:
        raise SettingsError(f"there is no tape (*{SUFFIX}) and no recorded stream (*{RAW_SUFFIX}) in {path}")
    for file in files:
        recording = Recording(file, _tape(file), None)
        yield msgspec.structs.replace(recording, expected=_expected(recording.expected_file))


def write_expected(recording: Recording, outcomes: dict[ClientKind, dict[str, Any]]) -> None:
    """Store what the client gets of a recording today."""
    text = msgspec.json.format(msgspec.json.encode(outcomes), indent=2)
    recording.expected_file.write_bytes(text + b"\n")


def _is_recording(file: Path) -> bool:
    return file.is_file() and file.name.endswith((SUFFIX, RAW_SUFFIX))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error


def _tape(file: Path) -> Tape:
    raw = _read(file)
    if file.name.endswith(SUFFIX):
        return parse_tape(raw, str(file))
    return Tape(sniff(raw), file.name.removesuffix(RAW_SUFFIX), (Frame(0.0, raw),), Match())


def _expected(file: Path) -> dict[ClientKind, dict[str, Any]] | None:
    if not file.exists():
        return None
    try:
        return msgspec.json.decode(_read(file), type=dict[ClientKind, dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} holds no stored outcomes: {error}; --update writes it anew") from error
