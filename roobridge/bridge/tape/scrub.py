"""Secrets out of what is written down: recordings, records of replies, messages.

A value is a secret by the name it stands under (`authorization`, `cookie`, anything with `token` or
`secret`, chat.qwen.ai's `bx-*`) or by its own form (bearer tokens, API keys, JSON web tokens, and the WAF's
`x5sec` URLs, which bear the session).
"""

from __future__ import annotations

import re
from typing import Any

REDACTED = "<redacted>"

_NAME = re.compile(
    r"(?i)^(?:(?:proxy-)?authorization|(?:set-)?cookies?|(?:x-)?api[-_]?key|password|bx[-_].*"
    r"|(?:.*[-_])?(?:token|secret|credentials?))$"
)
_FORMS = (
    re.compile(r"(?i)https?://[^\s\"'<>]*x5sec[^\s\"'<>]*"),
    re.compile(r"(?i)\bx5sec\w*=[^\s\"'&<>]+"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"(?<![\w-])sk-[\w-]{16,}"),
)
# The words before the secret stay, so that a reader sees what was taken out.
_LED = (
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/-]{8,}=*"),
    re.compile(
        r"(?i)(\b(?:(?:proxy-)?authorization|(?:set-)?cookie|bx-[\w-]+)\s*:\s*+)(?!<redacted>|bearer\s)[^\r\n\"'\\]+"
    ),
    re.compile(
        r"(?i)((?:^|[;\s])(?:refresh_token|access_token|token|ssxmod_itna2?|acw_tc|tfstk)=)[^\s;\"'&]{8,}"
    ),
)


def scrub_text(text: str, known: str = "") -> str:
    """The text with every secret replaced by `<redacted>`: those known by their form, and `known` itself."""
    if len(known) >= 8:  # a shorter key is a placeholder that may stand anywhere
        text = text.replace(known, REDACTED)
    for form in _FORMS:
        text = form.sub(REDACTED, text)
    for led in _LED:
        text = led.sub(rf"\1{REDACTED}", text)
    return text


def scrub(value: Any, known: str = "") -> Any:
    """A copy of a JSON value without secrets: those under a secret's name, and in texts as `scrub_text`.

    Numbers, booleans, null and objects under a secret's name stay: `{"token": {"type": "string"}}` is the
    schema of a tool.
    """
    if isinstance(value, str):
        return scrub_text(value, known)
    if isinstance(value, dict):
        return {name: _scrub_field(name, item, known) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(item, known) for item in value]
    return value


def _scrub_field(name: str, value: Any, known: str) -> Any:
    if _NAME.match(name) and isinstance(value, str | list | tuple):
        return REDACTED
    return scrub(value, known)
