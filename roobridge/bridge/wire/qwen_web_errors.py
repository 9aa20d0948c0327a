"""What chat.qwen.ai says when it refuses. Nearly all of it comes with HTTP 200.

Shapes: `{"ret": [...], "data": {"url": ...}}` and HTML pages (its firewall), `{"success": false, "data":
{code, details, num}}`, the older flat `{code, detail, num}`, `{"error": "text"}` and `{"error": {code,
details}}`. Any of them may stand after `data: `. A firewall body's URL carries the session: it is read here
to know the case, and never repeated.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from roobridge.bridge.secrets.cleaner import HEAD, Cleaner
from roobridge.bridge.wire.openai_errors import HEARD, TEXT_LIMIT, WORD_LIMIT
from roobridge.errors import UpstreamError

LONGEST_WAIT = 24 * 366  # hours; what is told beyond it is no time to wait
WAF_WAIT = 30.0  # seconds; the firewall answers a client that hurries with more of the same

_WAF = re.compile(
    r"FAIL_SYS_USER_VALIDATE|RGV587|_____tmd_____|aliyun_waf|x5secdata|slider|captcha", re.IGNORECASE
)
_CAPTCHA = re.compile(r"action=captcha|slider|<html|<!doctype", re.IGNORECASE)
_BUSY = re.compile(r"chat is in progress", re.IGNORECASE)
_NO_MODEL = re.compile(r"model.{0,80}not (found|exist)", re.IGNORECASE | re.DOTALL)
_NO_CHAT = re.compile(r"not_?found|not exist", re.IGNORECASE)
_LOGIN = re.compile(
    r"unauthori[sz]ed|token (?:has )?expired|token revoked|log ?in again|invalid token", re.IGNORECASE
)
_QUOTA_CODES = frozenset({"RateLimited", "quota_limit"})


def refusal(status: int, body: str, clean: Cleaner) -> UpstreamError:
    """The error for a body that is no reply.

    status: of the header `x-actual-status-code` where there is one, else HTTP's own. body: as it came.
    """
    text = body.strip().removeprefix("data:").strip()
    if text.startswith("<"):
        return _firewall(text[:HEAD])
    try:
        return stream_error(msgspec.json.decode(text), clean, status)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return _of_words("", clean.head(text, HEARD), None, status)


def stream_error(body: object, clean: Cleaner, status: int = 200) -> UpstreamError:
    """The error for a decoded error object, bare or in a frame."""
    if not isinstance(body, dict):
        return _of_words("", "", None, status)
    if "ret" in body:
        return _firewall(str(body)[:HEAD])
    error = body.get("error")
    if isinstance(error, str):
        return _of_words(clean.head(_word(body, "code"), WORD_LIMIT), clean.head(error, HEARD), None, status)
    said = error if isinstance(error, dict) else body.get("data")
    if not isinstance(said, dict):
        said = body
    details = _word(said, "details") or _word(said, "detail") or _word(said, "message")
    code = clean.head(_word(said, "code"), WORD_LIMIT)
    return _of_words(code, clean.head(details, HEARD), said.get("num"), status)


def _word(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _firewall(text: str) -> UpstreamError:
    if not _WAF.search(text) and text.startswith("<"):
        message = "The site answered with a web page instead of a reply; check base_url."
        return UpstreamError(message, code="not_a_reply")
    captcha = _CAPTCHA.search(text) is not None
    message = (
        "chat.qwen.ai asks for a check that only a browser can pass. Open the site, then capture cookies, "
        "bx-ua and bx-umidtoken anew; or use an API-key upstream."
        if captcha
        else "chat.qwen.ai's firewall refused the request as too busy. Wait, then capture cookies, bx-ua and "
        "bx-umidtoken anew if it stays; or use an API-key upstream."
    )
    return UpstreamError(
        message, code="waf_captcha" if captcha else "waf_busy", status_hint=503, retry_after=WAF_WAIT
    )


def _of_words(code: str, details: str, num: object, status: int) -> UpstreamError:
    words = f"{code} {details}"
    if code in _QUOTA_CODES or "upper limit" in details or status == 429:
        return _quota(details, num)
    if status == 401 or _LOGIN.search(words):
        message = "chat.qwen.ai refused the login, or it has expired: capture token and cookies anew."
        return UpstreamError(message, kind="authentication_error", code="token_expired", status_hint=401)
    if _WAF.search(words) or status == 403:
        return _firewall(words)
    said = f": {details[:TEXT_LIMIT]}" if details else "."
    if "not exist" in details.lower().partition("parent_id")[2]:
        return UpstreamError(f"chat.qwen.ai does not know the turn to go on from{said}", code="bad_parent")
    if _BUSY.search(details):
        message = f"chat.qwen.ai is still answering in this chat{said}"
        return UpstreamError(message, code="chat_busy", status_hint=503, retry_after=2.0)
    if _NO_MODEL.search(details):
        message = f"chat.qwen.ai does not have this model{said}"
        return UpstreamError(message, kind="invalid_request_error", code="model_not_found", status_hint=404)
    if _NO_CHAT.search(words):
        return UpstreamError(f"chat.qwen.ai does not know the chat{said}", code="chat_not_found")
    return UpstreamError(f"chat.qwen.ai refused the request{said}", code=code or "upstream_error")


def _quota(details: str, num: object) -> UpstreamError:
    """num: hours to wait; the site does not always say."""
    hours = num if isinstance(num, int | float) and not isinstance(num, bool) else 0
    return UpstreamError(
        f"The account's quota at chat.qwen.ai is used up: {details[:TEXT_LIMIT] or 'it gave no details.'}",
        kind="insufficient_quota",
        code="insufficient_quota",
        status_hint=429,
        retry_after=hours * 3600.0 if 0 < hours <= LONGEST_WAIT else None,
    )


def empty_reply() -> UpstreamError:
    return UpstreamError("chat.qwen.ai sent an empty reply.", code="empty_stream")
