from __future__ import annotations

import json

import pytest

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai_errors import TEXT_LIMIT, refusal, stream_error


def said(message: str, code: str | None = None, kind: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}, "id": "x"})


# name, status, body, kind, code, status for the client; the words are those the upstreams are known to use
ROWS: list[tuple[str, int, str, str, str, int]] = [
    (
        "DashScope, too long",
        400,
        said("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 258048]", "x"),
        "invalid_request_error",
        "context_length_exceeded",
        400,
    ),
    (
        "vLLM, too long",
        400,
        '{"object":"error","message":"This model\'s maximum context length is 32768 tokens.",'
        '"type":"BadRequestError","param":null,"code":400}',
        "invalid_request_error",
        "context_length_exceeded",
        400,
    ),
    (
        "llama.cpp, too long",
        400,
        said("the request exceeds the available context size", None, "exceed_context_size_error"),
        "invalid_request_error",
        "context_length_exceeded",
        400,
    ),
    (
        "DashScope, pairing",
        400,
        said(
            'An assistant message with "tool_calls" must be followed by tool messages',
            "invalid_parameter_error",
        ),
        "invalid_request_error",
        "invalid_parameter_error",
        400,
    ),
    (
        "inspection",
        400,
        said("Input data may contain inappropriate content.", "data_inspection_failed"),
        "invalid_request_error",
        "data_inspection_failed",
        400,
    ),
    ("arrears", 400, said("Access denied", "Arrearage"), "insufficient_quota", "Arrearage", 429),
    ("payment", 402, "", "insufficient_quota", "insufficient_quota", 429),
    (
        "bad key",
        401,
        said("Incorrect API key", "invalid_api_key"),
        "authentication_error",
        "invalid_api_key",
        401,
    ),
    ("bad key, no body", 401, "", "authentication_error", "invalid_api_key", 401),
    (
        "plan key on the general URL",
        403,
        '{"code":"InvalidApiKey","message":"invalid api-key","request_id":"x"}',
        "authentication_error",
        "InvalidApiKey",
        403,
    ),
    ("denied", 403, said("Model access denied.", "access_denied"), "permission_error", "access_denied", 403),
    (
        "free quota",
        403,
        said("The free tier of the model has been exhausted.", "AllocationQuota.FreeTierOnly"),
        "insufficient_quota",
        "AllocationQuota.FreeTierOnly",
        429,
    ),
    (
        "no model",
        404,
        said("The model `q` does not exist or you do not have access to it.", "model_not_found"),
        "invalid_request_error",
        "model_not_found",
        404,
    ),
    (
        "Ollama, no model",
        404,
        '{"error":"model \\"q\\" not found"}',
        "invalid_request_error",
        "model_not_found",
        404,
    ),
    (
        "no model, as a bad request",
        400,
        said("The model q does not exist."),
        "invalid_request_error",
        "model_not_found",
        404,
    ),
    ("no route", 404, '{"detail":"Not Found"}', "invalid_request_error", "not_found", 404),
    (
        "requests per minute",
        429,
        said("You exceeded your current requests list.", "limit_requests"),
        "rate_limit_error",
        "limit_requests",
        429,
    ),
    (
        "tokens per minute",
        429,
        said("You exceeded your current quota, please check.", "insufficient_quota"),
        "rate_limit_error",
        "insufficient_quota",
        429,
    ),
    (
        "free quota used up",
        429,
        said("Free allocated quota exceeded.", "Throttling.AllocationQuota"),
        "insufficient_quota",
        "Throttling.AllocationQuota",
        429,
    ),
    (
        "plan used up",
        429,
        said("hour allocated quota exceeded.", "insufficient_quota"),
        "insufficient_quota",
        "insufficient_quota",
        429,
    ),
    ("no body", 429, "", "rate_limit_error", "rate_limit_exceeded", 429),
    ("too large", 413, "", "invalid_request_error", "invalid_request", 413),
    ("gave up", 408, "", "api_error", "upstream_timeout", 504),
    (
        "validation",
        422,
        '{"detail":[{"loc":["body"],"msg":"bad"}]}',
        "invalid_request_error",
        "invalid_request",
        400,
    ),
    ("broken", 500, said("Internal", "InternalError"), "api_error", "InternalError", 500),
    ("overloaded", 503, said("busy", "ServiceUnavailable"), "api_error", "ServiceUnavailable", 503),
    ("gateway", 504, "<html><h1>504 Gateway</h1></html>", "api_error", "upstream_error", 504),
    ("no object", 500, "[]", "api_error", "upstream_error", 500),
    ("redirected", 302, "", "api_error", "upstream_error", 502),
    ("other", 405, "", "api_error", "upstream_error", 502),
]


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "hint"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_refusals(status: int, body: str, kind: str, code: str, hint: int) -> None:
    error = refusal(status, body, Cleaner(), 7.0)
    assert (error.kind, error.code, error.status_hint) == (kind, code, hint)
    assert error.retry_after == 7.0
    assert f"(HTTP {status})" in error.message


def test_a_server_that_failed_is_named() -> None:
    assert (
        refusal(500, "", Cleaner(), host="models.lan").message == "The upstream models.lan failed (HTTP 500)."
    )
    assert "models.lan" not in refusal(429, "", Cleaner(), host="models.lan").message


def test_the_upstreams_own_words_are_kept_without_markup_and_at_most_so_long() -> None:
    assert "504 Gateway" in refusal(504, "<html><h1>504 Gateway</h1></html>", Cleaner()).message
    assert "<h1>" not in refusal(504, "<html><h1>504 Gateway</h1></html>", Cleaner()).message
    assert len(refusal(500, "x" * 10_000, Cleaner()).message) < TEXT_LIMIT + 100


def test_keys_are_masked() -> None:
    message = refusal(401, said("Incorrect API key provided: sk-sp-abcdef123456."), Cleaner()).message
    assert "abcdef" not in message
    assert "provided: [redacted]." in message


def test_param_is_passed_on() -> None:
    body = json.dumps({"error": {"message": "no", "param": "temperature", "code": "invalid_value"}})
    assert refusal(400, body, Cleaner()).param == "temperature"


@pytest.mark.parametrize("code", ["²", "9" * 5000, "1000", "200"])
def test_a_code_that_is_no_status(code: str) -> None:
    assert stream_error({"error": {"message": "no", "code": code}}, Cleaner()).status_hint == 502


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "no", "type": "authentication_error"}, 401),
        ({"message": "no", "code": "invalid_api_key"}, 401),
        ({"message": "model 'q' not found"}, 404),
        ({"message": "no", "code": "model_not_found"}, 404),
        ({"message": "no"}, 502),
    ],
)
def test_an_error_inside_a_stream_has_the_status_that_its_words_mean(
    error: dict[str, str], status: int
) -> None:
    assert stream_error(error, Cleaner()).status_hint == status
