from __future__ import annotations

import json
from pathlib import Path

import pytest

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.qwen_web_errors import refusal


def v2(code: str, details: str, **more: object) -> str:
    return json.dumps(
        {"success": False, "request_id": "x", "data": {"code": code, "details": details, **more}}
    )


CAPTCHA = '{"ret":["FAIL_SYS_USER_VALIDATE"],"data":{"url":"https://x/_____tmd_____/p?x5secdata=S3CR&action=captcha"}}'
BUSY = (
    '{"ret":["FAIL_SYS_USER_VALIDATE","RGV587_ERROR::SM::busy"],"data":{"url":"https://x/?x5secdata=S3CR"}}'
)
API = "api_error"

# name, status, body, kind, code, status for the client, seconds to wait
ROWS: list[tuple[str, int, str, str, str, int, float | None]] = [
    ("busy", 200, BUSY, API, "waf_busy", 503, 30),
    ("captcha", 200, CAPTCHA, API, "waf_captcha", 503, 30),
    ("after data:", 200, f"data: {BUSY}", API, "waf_busy", 503, 30),
    ("page", 200, "<html><script src=aliyun_waf.js></html>", API, "waf_captcha", 503, 30),
    ("405 page", 405, "<!doctype html><div id=slider>", API, "waf_captcha", 503, 30),
    ("another page", 200, "<html>Welcome</html>", API, "not_a_reply", 502, None),
    ("forbidden", 403, "", API, "waf_busy", 503, 30),
    (
        "quota",
        200,
        v2("RateLimited", "upper limit", num=3),
        "insufficient_quota",
        "insufficient_quota",
        429,
        10800,
    ),
    ("quota, no hours", 200, v2("quota_limit", "no"), "insufficient_quota", "insufficient_quota", 429, None),
    (
        "quota, hours without end",
        200,
        v2("RateLimited", "upper limit", num=1e308),
        "insufficient_quota",
        "insufficient_quota",
        429,
        None,
    ),
    (
        "flat quota",
        429,
        '{"code":"RateLimited","detail":"upper limit","num":4}',
        "insufficient_quota",
        "insufficient_quota",
        429,
        14400,
    ),
    (
        "parent",
        200,
        v2("Bad_Request", "Invalid input chat parent_id x is not exist."),
        API,
        "bad_parent",
        502,
        None,
    ),
    ("in progress", 200, v2("Bad_Request", "The chat is in progress!"), API, "chat_busy", 503, 2),
    ("chat gone", 404, v2("Not_Found", "Chat not found"), API, "chat_not_found", 502, None),
    ("CHAT_NOT_FOUND", 200, v2("CHAT_NOT_FOUND", ""), API, "chat_not_found", 502, None),
    (
        "no model",
        200,
        v2("Bad_Request", "Model not found"),
        "invalid_request_error",
        "model_not_found",
        404,
        None,
    ),
    (
        "validation",
        200,
        v2("RequestValidationError", "Field 'chat_id'"),
        API,
        "RequestValidationError",
        502,
        None,
    ),
    ("internal", 200, v2("Bad_Request", "internal error"), API, "Bad_Request", 502, None),
    (
        "expired",
        200,
        v2("Unauthorized", "Token has expired"),
        "authentication_error",
        "token_expired",
        401,
        None,
    ),
    ("401 alone", 401, "", "authentication_error", "token_expired", 401, None),
    ("error text", 200, '{"error":"Internal error!"}', API, "upstream_error", 502, None),
    (
        "error object",
        200,
        '{"error":{"code":"invalid_input","details":"x"}}',
        API,
        "invalid_input",
        502,
        None,
    ),
    ("no JSON", 502, "bad gateway", API, "upstream_error", 502, None),
    ("a list", 200, "[]", API, "upstream_error", 502, None),
]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "hint", "wait"),
    [row[1:] for row in ROWS],
    ids=[row[0] for row in ROWS],
)
def test_refusals(status: int, body: str, kind: str, code: str, hint: int, wait: float | None) -> None:
    error = refusal(status, body, Cleaner())
    assert (error.kind, error.code, error.status_hint, error.retry_after) == (kind, code, hint, wait)
    assert "S3CR" not in error.message
    assert "://" not in error.message


# What each quoted body is, by its name in the collection.
QUOTED = {
    "waf_busy": "waf_captcha",
    "waf_slider": "waf_captcha",
    "daily_quota_v2": "insufficient_quota",
    "daily_quota_v1_flat": "insufficient_quota",
    "bad_parent": "bad_parent",
    "chat_in_progress": "chat_busy",
    "in_stream_error_string": "upstream_error",
    "in_stream_error_object": "invalid_input",
    "not_found_200": "chat_not_found",
}


@pytest.mark.shared
def test_quoted_bodies(shared: Path) -> None:
    entries = json.loads((shared / "payloads/qwen_web_errors_quoted.json").read_text())
    codes = {entry["name"]: refusal(200, json.dumps(entry["body"]), Cleaner()).code for entry in entries}
    assert {name: codes[name] for name in QUOTED} == QUOTED
