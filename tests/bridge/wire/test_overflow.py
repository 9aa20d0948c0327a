"""Every wording of a request that is too long, held against what the clients look for."""

from __future__ import annotations

import json

import pytest

from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.bridge.wire.openai_errors import refusal, stream_error
from roobridge.bridge.wire.overflow import CODE
from roobridge.errors import UpstreamError
from tests.oracle.overflow import recognised


def llama(message: str) -> str:
    return json.dumps({"error": {"code": 400, "message": message, "type": "exceed_context_size_error"}})


def openai(message: str, code: str | None = None) -> str:
    return json.dumps(
        {"error": {"message": message, "type": "BadRequestError", "param": None, "code": code or 400}}
    )


# name: status, body as the server sends it, its context, tokens of the request (0 where it does not say)
SAID: dict[str, tuple[int, str, int, int]] = {
    "llama.cpp": (
        400,
        llama("request (12031 tokens) exceeds the available context size (8192 tokens), try increasing it"),
        8192,
        12031,
    ),
    "vLLM": (
        400,
        openai(
            "This model's maximum context length is 4096 tokens. However, your request has 5000 "
            "input tokens. "
            "Please reduce the length of the input messages. (parameter=input_tokens, value=5000)"
        ),
        4096,
        5000,
    ),
    "vLLM, older": (
        400,
        json.dumps(
            {
                "object": "error",
                "message": "This model's maximum context length is 4096 tokens. However, you "
                "requested 5000 tokens "
                "(4000 in the messages, 1000 in the completion). Please reduce the length of the messages.",
                "type": "BadRequestError",
                "code": 400,
            }
        ),
        4096,
        5000,
    ),
    "vLLM, room": (
        400,
        openai(
            "'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum "
            "context length is "
            "4096 tokens and your request has 500 input tokens (4000 > 4096 - 500)"
        ),
        4096,
        0,
    ),
    "SGLang": (
        400,
        openai("The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
        8192,
        9000,
    ),
    "SGLang, count": (
        400,
        openai("Requested token count exceeds the model's maximum context length of 8192 tokens."),
        8192,
        0,
    ),
    "SGLang, length": (
        400,
        openai("Input length (9000 tokens) exceeds the maximum allowed length (8192 tokens)"),
        8192,
        9000,
    ),
    "TabbyAPI": (
        400,
        openai("Prompt length 9000 exceeds the available context size of 8192 tokens", CODE),
        8192,
        9000,
    ),
    "Ollama": (
        400,
        json.dumps(
            {
                "error": "the prompt is longer than the context length currently available to the "
                "model; shorten "
                "the prompt, adjust the context length in settings, or use a model with a longer "
                "context length"
            }
        ),
        0,
        0,
    ),
    "Ollama, 500": (500, '{"error":{"message":"prompt too long; exceeded max context length"}}', 0, 0),
    "LM Studio": (
        400,
        json.dumps(
            {
                "error": "Trying to keep the first 9000 tokens when context the overflows. However, "
                "the model is "
                "loaded with context length of only 4096 tokens, which is not enough. Try to load "
                "the model with a "
                "larger context length, or provide a shorter input"
            }
        ),
        4096,
        9000,
    ),
    "LM Studio, MLX": (400, '{"error":"Context size has been exceeded"}', 0, 0),
    "LM Studio, in the reply": (
        500,
        json.dumps(
            {
                "error": "Reached context length of 4096 tokens with model (arch: qwen3) that does "
                "not currently "
                "support mid-generation context overflow."
            }
        ),
        4096,
        0,
    ),
    "DashScope": (
        400,
        openai(
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 258048]",
            "invalid_parameter_error",
        ),
        258048,
        0,
    ),
}


@pytest.mark.parametrize(("status", "body", "limit", "length"), SAID.values(), ids=list(SAID))
def test_every_client_knows_it(status: int, body: str, limit: int, length: int) -> None:
    error = refusal(status, body, Cleaner(), host="127.0.0.1")
    assert (error.status_hint, error.code, error.kind) == (400, CODE, "invalid_request_error")
    assert all(recognised(400, CODE, error.kind, error.message).values())
    assert (f"maximum context length is {limit} tokens" in error.message) == (limit > 0)
    assert (f"your messages have {length} tokens" in error.message) == (length > 0)


@pytest.mark.parametrize(("status", "body", "limit", "length"), SAID.values(), ids=list(SAID))
def test_it_is_the_same_within_a_stream(status: int, body: str, limit: int, length: int) -> None:
    error = stream_error(json.loads(body), Cleaner())
    assert (error.status_hint, error.code) == (400, CODE)
    assert all(recognised(None, "400", CODE, error.message).values())
    decoder = OpenAIStream(Cleaner())
    assert decoder.feed(f"event: error\ndata: {body}\n\n") == []
    assert isinstance(decoder.error, UpstreamError)
    assert decoder.error.code == CODE


@pytest.mark.parametrize(
    "body",
    [
        '{"error":"the model failed"}',
        openai("max_tokens must be at least 1"),
        openai("unknown field: context"),
    ],
)
def test_other_refusals_are_none(body: str) -> None:
    assert refusal(400, body, Cleaner()).code != CODE
