"""The task that every agent gets: write a file, edit it, run a command, and end with words alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path

import msgspec

from tests.e2e.model import Call, Said
from tests.e2e.upstream import Wire
from tests.oracle.dialect_writer import Value, hermes, qwen, qwen_bare, roo_xml

# No entities and no blanks at the end: Roo decodes the former, Cline trims the latter, with any server.
WRITTEN = """\
# Notes \u2014 \u7b14\u8bb0 \U0001f9ed
def tag(name):\t# two blanks follow  \n
    return f"<{name}>" + '\\n' + "</parameter> is no end, nor is </result>" if name & 1 else None
{"tool": "<read_file>", "path": "C:\\\\temp"}
last line
"""
OLD, NEW = '{"tool": "<read_file>", "path": "C:\\\\temp"}', "TOOLS = ['caf\u00e9']  # was JSON"
EDITED = WRITTEN.replace(OLD, NEW)
COMMAND = "wc -c < notes.txt > count.txt"
CLOSING = "notes.txt is written and edited; count.txt holds its size."

Step = tuple[str, Mapping[str, Value]]


class Dialect(Enum):
    """How an upstream writes calls; the value is its name in the matrix."""

    WEB = "chat.qwen.ai, as prompted"
    DASHSCOPE = "DashScope, as asked"
    QWEN_TEXT = "local, Qwen3-Coder text"
    HERMES_TEXT = "local, Hermes text"

    @property
    def wire(self) -> Wire:
        return Wire.QWEN_WEB if self is Dialect.WEB else Wire.OPENAI


def spoken(steps: Sequence[Step], dialect: Dialect, *, native: bool) -> list[Said]:
    """The steps as replies. native: the client sends `tools`; else it asks for XML tags in the text."""
    return [_say(name, params, at, dialect, native=native) for at, (name, params) in enumerate(steps)]


def _say(name: str, params: Mapping[str, Value], at: int, dialect: Dialect, *, native: bool) -> Said:
    words = f"Step {at + 1} is next: I call `{name}` now."
    if dialect is Dialect.HERMES_TEXT:
        return Said(f"{words}\n\n{hermes(name, params)}")
    if dialect is Dialect.QWEN_TEXT:
        # Servers leak the call with its opener or without.
        return Said(f"{words}\n\n{(qwen_bare if at % 2 else qwen)(name, params)}")
    reasoning = "The user wants a file. One step at a time."
    if not native:
        return Said(f"{words}\n\n{roo_xml(name, params)}", reasoning)
    if dialect is Dialect.DASHSCOPE:
        return Said(words, reasoning, (Call(name, params),))
    return Said(f"{words}\n\n{qwen(name, params)}", reasoning)


class Disk(msgspec.Struct, frozen=True):
    """What a run left in its workspace."""

    written: bool
    edited: bool
    ran: bool


def inspect(workspace: Path, *, trims_end: bool = False) -> Disk:
    """Compare bytes. A step is known to have been taken from the state of the next.

    trims_end: the client cuts blanks off the end of what it writes, with any server.
    """
    written, edited = (text.rstrip() if trims_end else text for text in (WRITTEN, EDITED))
    notes = _read(workspace / "notes.txt")
    is_edited = notes == edited.encode()
    count = _read(workspace / "count.txt")
    ran = re.fullmatch(rb"\s*\d+\n", count) is not None and int(count) == len(notes)
    return Disk(is_edited or notes == written.encode(), is_edited, ran)


def _read(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""
