"""The log: one line a record, which nobody else's words can forge, and which holds no secret."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterable
from typing import Any

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.service.secrets import CLIENT_KEY

LINE_LIMIT = 4_000  # characters of a line; the names in it are as long as others made them
TRACE_LIMIT = 32_000  # of a traceback

# Control characters, among them those that terminals obey; other ends of lines; marks that turn the reading
# direction; halves of characters.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class CleanLines(logging.Formatter):
    """Formats records for a terminal or a file.

    secrets: those of the operator; a client's is known while its request is served. Control characters of a
    message come out escaped, and the lines of a traceback indented.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self._clean = Cleaner(secrets)

    def format(self, record: logging.LogRecord) -> str:
        own = copy.copy(record)
        own.exc_text = None  # another handler's, which may hold anything
        return super().format(own)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- logging's name
        return _visible(self._cleaned(super().formatMessage(record), LINE_LIMIT))

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- logging's name
        return self._indented(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 -- logging's name
        return self._indented(super().formatStack(stack_info))

    def _indented(self, text: str) -> str:
        lines = self._cleaned(text, TRACE_LIMIT).split("\n")
        return "\n".join("  " + _visible(line) for line in lines)

    def _cleaned(self, text: str, limit: int) -> str:
        key = CLIENT_KEY.get()
        return (self._clean.knowing((key,)) if key else self._clean).head(text, limit)


def log_to_stderr(level: str, secrets: Iterable[str]) -> None:
    """Set the log of this process up. level: as in the settings."""
    handler = logging.StreamHandler()
    handler.setFormatter(CleanLines(secrets))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if level != "debug":
        logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines name every address asked


def _visible(text: str) -> str:
    """The text with control characters as Python writes them: `\\n`, `\\x1b`, `\\u2028`."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
