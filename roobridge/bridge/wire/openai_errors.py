"""What an OpenAI-compatible upstream says when it refuses, and whose fault that is.

Shapes: `{"error": {message, type, code, param}}` (OpenAI, DashScope's compatible mode), `{"error": "text"}`
(Ollama, LM Studio), `{code, message, request_id}` (DashScope's native form), `{object: "error", message,
type, code}` (vLLM), `{"detail": ...}` (FastAPI), or any other body.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from roobridge.bridge.secrets.cleaner import HEAD, Cleaner
from roobridge.bridge.wire.overflow import is_overflow, overflow
from roobridge.errors import UpstreamError

TEXT_LIMIT = 500  # characters of an upstream's own words that are passed on
WORD_LIMIT = 120  # of a code, a type or a field's name
HEARD = 8 * 1024  # characters of a message that are read at all

_MARKUP = re.compile(r"<[^<>]*+>")
_THROTTLED = re.compile(r"throttling|limit_requests|limit_burst|rate.?limit|too many requests", re.IGNORECASE)
_QUOTA = re.compile(r"quota", re.IGNORECASE)
# DashScope says insufficient_quota for its one-minute token limit too; only these words mean hours or money.
_HARD_QUOTA = re.compile(r"\bfree\b|hour|\bplan\b|billing|balance|\bpaid\b", re.IGNORECASE)
_REFUSED_KEY = re.compile(r"api[-_ ]?key|access token|unauthorized|authentication", re.IGNORECASE)
_NO_MODEL = re.compile(
    r"model.{0,80}(not (been )?found|not exist)|model_?not_?found", re.IGNORECASE | re.DOTALL
)
# Ollama, vLLM, llama.cpp, and what others make of it.
_TAKES_NO_TOOLS = re.compile(
    r"not support (?:tools|tool|function)|enable-auto-tool-choice|requires --jinja"
    r"|tools?(?: use| calling| calls)? (?:is|are) not supported",
    re.IGNORECASE,
)
NO_TOOLS = "tools_unsupported"  # the code of a model that takes no tools
_OVERLOADED = re.compile(r"overloaded|unavailable|busy|serviceunavailable", re.IGNORECASE)


class Said(msgspec.Struct, frozen=True):
    """What an error body says, whatever its shape, without secrets and of bounded length; every field may be
    empty.
    """

    message: str = ""
    kind: str = ""
    code: str = ""
    param: str | None = None

    @property
    def words(self) -> str:
        return f"{self.code} {self.kind} {self.message}"


def said_in(body: object, clean: Cleaner) -> Said:
    """Read a decoded error body, or the value of its `error` field."""
    if isinstance(body, str):
        return Said(message=clean.head(body, HEARD))
    if not isinstance(body, dict):
        return Said()
    inner = body.get("error")
    if isinstance(inner, dict):
        return said_in(inner, clean)
    if isinstance(inner, str) and inner:
        return Said(message=clean.head(inner, HEARD), code=clean.head(_word(body.get("code")), WORD_LIMIT))
    message = _word(body.get("message")) or _word(body.get("detail")) or _word(body.get("details"))
    return Said(
        message=clean.head(message, HEARD),
        kind=clean.head(_word(body.get("type")), WORD_LIMIT),
        code=clean.head(_word(body.get("code")), WORD_LIMIT),
        param=clean.head(_word(body.get("param")), WORD_LIMIT) or None,
    )


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return "" if value is None or isinstance(value, bool) else str(value)


def said_in_text(body: str, clean: Cleaner) -> Said:
    """Read an error body as it came: JSON, else its text without markup."""
    try:
        return said_in(msgspec.json.decode(body), clean)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        text = clean.head(body, HEAD)
        return Said(message=" ".join(_MARKUP.sub(" ", text).split())[:HEARD])


def refusal(
    status: int, body: str, clean: Cleaner, retry_after: float | None = None, host: str = ""
) -> UpstreamError:
    """The error for an HTTP status other than 200.

    body: as it came. retry_after: seconds, of the response's own header. host: whose failure it is; told
    where the status says that a server failed, for the client gets the same one and would suspect the bridge.
    """
    said = said_in_text(body, clean)
    return _error(status, said, retry_after, f" (HTTP {status})", host if status >= 500 else "")


def stream_error(body: object, clean: Cleaner) -> UpstreamError:
    """The error for an error object, or its text, inside a stream that began with 200."""
    said = said_in(body, clean)
    return _error(_status_of(said), said, None, "")


def _status_of(said: Said) -> int:
    """The status that the words of an error would have had before the stream began."""
    if re.fullmatch(r"[45]\d\d", said.code, re.ASCII):
        return int(said.code)
    words = said.words
    if _THROTTLED.search(words) or _QUOTA.search(words):
        return 429
    if said.kind == "authentication_error" or re.search(r"invalid.?api.?key", words, re.IGNORECASE):
        return 401
    if _NO_MODEL.search(words):
        return 404
    if (
        is_overflow(said.code, said.kind, words)
        or _TAKES_NO_TOOLS.search(words)
        or said.kind == "invalid_request_error"
        or re.search("invalid.?param", words, re.I)
    ):
        return 400
    return 503 if _OVERLOADED.search(words) else 502


def _error(status: int, said: Said, retry_after: float | None, tail: str, host: str = "") -> UpstreamError:
    # Ollama and LM Studio say it with 500, too.
    if status in (400, 413, 422, 500) and is_overflow(said.code, said.kind, said.message):
        return overflow(_told(said.message), where=tail, retry_after=retry_after)
    kind, code, hint_status, lead = _judge(status, said)
    if host:
        lead = lead.replace("The upstream", f"The upstream {host}", 1)
    text = _told(said.message)
    return UpstreamError(
        f"{lead}: {text}{tail}" if text else f"{lead}{tail}.",
        kind=kind,
        code=code,
        param=said.param,
        status_hint=hint_status,
        retry_after=retry_after,
        answered=status,
    )


def _told(message: str) -> str:
    """What of the upstream's own words is passed on."""
    return message[:TEXT_LIMIT].strip()


def _judge(status: int, said: Said) -> tuple[str, str, int, str]:
    """(type, code, status for the client, first words of the message) of a refusal."""
    # llama.cpp refuses tools with 500 in some builds.
    if status in (400, 413, 422) or (status == 500 and _TAKES_NO_TOOLS.search(said.message)):
        return _bad_request(status, said)
    if status == 401:
        code = said.code or "invalid_api_key"
        return (
            "authentication_error",
            code,
            401,
            "The upstream refused the API key; check the key and its plan's URL",
        )
    if status == 402:
        return _no_credit(said)
    if status == 403:
        return _forbidden(said)
    if status == 404:
        if _NO_MODEL.search(said.words):
            return "invalid_request_error", "model_not_found", 404, "The upstream does not have this model"
        return (
            "invalid_request_error",
            said.code or "not_found",
            404,
            "The upstream has no such address; check base_url",
        )
    if status == 429:
        return _throttled(said)
    if status == 408:
        return "api_error", said.code or "upstream_timeout", 504, "The upstream gave up waiting"
    if status >= 500:
        hint = {500: 500, 503: 503, 529: 503, 504: 504}.get(status, 502)
        return "api_error", said.code or "upstream_error", hint, "The upstream failed"
    if 400 <= status < 500:
        return (
            "api_error",
            said.code or "upstream_error",
            502,
            "The upstream refused the request",
        )
    return "api_error", said.code or "upstream_error", 502, "The upstream sent no reply; check base_url"


def _bad_request(status: int, said: Said) -> tuple[str, str, int, str]:
    if _TAKES_NO_TOOLS.search(said.message):
        return "invalid_request_error", NO_TOOLS, 400, "The upstream's model takes no tools"
    if "arrearage" in said.words.lower():
        return _no_credit(said)
    if _NO_MODEL.search(said.words):
        return "invalid_request_error", "model_not_found", 404, "The upstream does not have this model"
    hint = 413 if status == 413 else 400
    return "invalid_request_error", said.code or "invalid_request", hint, "The upstream refused the request"


def _no_credit(said: Said) -> tuple[str, str, int, str]:
    return "insufficient_quota", said.code or "insufficient_quota", 429, "The upstream account has no credit"


def _forbidden(said: Said) -> tuple[str, str, int, str]:
    if "arrearage" in said.words.lower() or _HARD_QUOTA.search(said.words):
        return (
            "insufficient_quota",
            said.code or "insufficient_quota",
            429,
            "The upstream account's quota is used up",
        )
    if _REFUSED_KEY.search(said.message):
        lead = "The upstream refused the API key; check that the key belongs to this URL's plan and region"
        return "authentication_error", said.code or "invalid_api_key", 403, lead
    return "permission_error", said.code or "access_denied", 403, "The upstream denied access"


def _throttled(said: Said) -> tuple[str, str, int, str]:
    if _HARD_QUOTA.search(said.message):
        return (
            "insufficient_quota",
            said.code or "insufficient_quota",
            429,
            "The upstream account's quota is used up",
        )
    return (
        "rate_limit_error",
        said.code or "rate_limit_exceeded",
        429,
        "The upstream limits the rate of requests",
    )
