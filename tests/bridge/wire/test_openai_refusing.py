"""Errors in the stream of an OpenAI-compatible upstream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.ports import Delta
from tests.bridge.wire.cut_alike import assert_cut_alike
from tests.bridge.wire.test_openai import DONE, A, decode, delta, frame

# name, body, deltas before the error, its code, kind, status
ERRORS: list[tuple[str, str, list[Delta], str, str, int]] = [
    ("text", frame({"error": "Internal error!"}), [], "upstream_error", "api_error", 502),
    (
        "object after content",
        A
        + frame({"error": {"message": "Allocated quota exceeded", "code": "insufficient_quota"}, "id": "x"})
        + A
        + DONE,
        [Delta(content="a")],
        "insufficient_quota",
        "rate_limit_error",
        429,
    ),
    (
        "with null choices",
        frame({"choices": None, "error": {"message": "x", "code": 503}}),
        [],
        "503",
        "api_error",
        503,
    ),
    (
        "error_finish",
        A + frame(delta("error_finish", content="Throttling: too many requests")),
        [Delta(content="a")],
        "rate_limit_exceeded",
        "rate_limit_error",
        429,
    ),
    (
        "error event, native form",
        'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling.RateQuota","message":"slow down"}\n\n',
        [],
        "Throttling.RateQuota",
        "rate_limit_error",
        429,
    ),
    (
        "a detail in mid-stream",
        A + frame({"detail": "x"}),
        [Delta(content="a")],
        "upstream_error",
        "api_error",
        502,
    ),
    (
        "an error in a choice",
        A + frame({"choices": [{"index": 0, "delta": {}, "error": {"code": 429, "message": "Slow down"}}]}),
        [Delta(content="a")],
        "429",
        "rate_limit_error",
        429,
    ),
    ("error event, no JSON", "event: error\ndata: boom\n\n", [], "upstream_error", "api_error", 502),
    ("native form without event", frame({"code": "X", "message": "y"}), [], "X", "api_error", 502),
    ("no chunk", A + "data: {nonsense}\n\n" + A, [Delta(content="a")], "bad_frame", "api_error", 502),
    ("half a frame after an error", frame({"error": "no"}) + A[:-2], [], "upstream_error", "api_error", 502),
    ("wrong types", frame({"choices": "none"}), [], "bad_frame", "api_error", 502),
    ("empty", "", [], "empty_stream", "api_error", 502),
    ("comments only", ": hello\n\n: hello\n\n", [], "empty_stream", "api_error", 502),
    ("a page", "<html><body>Bad gateway</body></html>", [], "upstream_error", "api_error", 502),
    (
        "a bare error",
        '{"error": {"message": "no", "type": "invalid_request_error"}}',
        [],
        "invalid_request",
        "invalid_request_error",
        400,
    ),
]


@pytest.mark.parametrize(
    ("text", "before", "code", "kind", "status"),
    [case[1:] for case in ERRORS],
    ids=[case[0] for case in ERRORS],
)
def test_errors(text: str, before: list[Delta], code: str, kind: str, status: int) -> None:
    for pieces in ([text], list(text)):
        deltas, error = decode(*pieces)
        assert deltas == before
        assert error is not None
        assert (error.code, error.kind, error.status_hint) == (code, kind, status)


def test_half_an_error_says_what_it_is() -> None:
    _, error = decode(A + 'event: error\ndata: {"message": "bro')
    assert error is not None
    assert "bro" in error.message


@given(st.data())
def test_any_cut_gives_the_same(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([case[1] for case in ERRORS]))
    assert_cut_alike(decode, text, data)
