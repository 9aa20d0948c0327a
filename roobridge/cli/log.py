"""The log: one line a record, which nobody else's words can forge, and which holds no secret.

As text for people, or as JSON objects for programs (`log_format`).
"""

from __future__ import annotations

import copy
import json
import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.service.settings.config import Settings
from roobridge.service.settings.secrets import CLIENT_KEY, secrets_in_force

LINE_LIMIT = 4_000  # characters of a line; the names in it are as long as others made them
TRACE_LIMIT = 32_000  # of a traceback
WORD_LIMIT = 1_000  # of each of the words that a record tells by name

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


class CleanObjects(CleanLines):
    """Formats each record as one JSON object of ASCII, so that nothing in it can end its line.

    A record's `told`, a mapping, has its members beside the others; without it there is a `message`.
    """

    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        told = getattr(record, "told", None)
        if told is None:
            said["message"] = self._cleaned(record.getMessage(), LINE_LIMIT)
        else:
            said |= {name: self._word(word) for name, word in told.items()}
        if record.exc_info:
            said["exception"] = self._cleaned(
                logging.Formatter.formatException(self, record.exc_info), TRACE_LIMIT
            )
        if record.stack_info:
            said["stack"] = self._cleaned(record.stack_info, TRACE_LIMIT)
        return json.dumps(said)

    def _word(self, word: object) -> object:
        return self._cleaned(word, WORD_LIMIT) if isinstance(word, str) else word


FORMATS = {"text": CleanLines, "json": CleanObjects}


def log_to_stderr(settings: Settings) -> None:
    """Set the log of this process up."""
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATS[settings.log_format](secrets_in_force(settings)))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler])
    if settings.log_level != "debug":
        logging.getLogger("httpx").setLevel(logging.WARNING)  # its lines name every address asked


def _visible(text: str) -> str:
    """The text with control characters as Python writes them: `\\n`, `\\x1b`, `\\u2028`."""
    return _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
