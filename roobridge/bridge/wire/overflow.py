"""A request that is longer than the model's context: how servers say so, and how clients must be told.

Clients condense a conversation only where they know the refusal for one of these. Roo (3.52,
context-error-handling.ts) wants status 400 and "context length" or "context window" in the message, within
a stream the code "400"; Cline (4.1, error-classification.ts) the code or the type `context_length_exceeded`,
and no word of a rate; Kilo (OpenCode, provider/error.ts) the code, "maximum context length is N tokens" or
"exceeds the context window". Few servers' own words do for all of them.
"""

from __future__ import annotations

import re

from roobridge.errors import UpstreamError

CODE = "context_length_exceeded"
IN_STREAM = "400"  # the code that Roo looks for once the stream has begun; the type says the rest

_CODES = frozenset({CODE, "exceed_context_size_error"})
_WORDS = re.compile(
    r"range of input length"  # DashScope
    r"|context[ _](?:length|window|size)|maximum context|exceed_context"  # OpenAI, vLLM, llama.cpp, TabbyAPI
    r"|longer than the model|requested token count exceeds|exceeds the maximum allowed length"  # SGLang
    r"|(?:prompt|input) is too long|prompt too long|prompt is longer than"  # Ollama and others
    r"|too many (?:input )?tokens|context the overflows|context overflow"  # LM Studio
    r"|reduce the length of the (?:input )?messages",
    re.IGNORECASE,
)
_NUMBER = r"[ (]{0,2}(\d[\d,]{0,15})"
_LIMIT = re.compile(
    rf"(?:context (?:length|size)(?: is| of)?(?: only)?|allowed length|length should be \[1, ){_NUMBER}",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    r"(?:requested|request \(|request has|resulted in|at least|input \(|input length \(|prompt length|first)"
    r" ?(\d[\d,]{0,15})",
    re.IGNORECASE,
)


def is_overflow(code: str, kind: str, message: str) -> bool:
    """Whether a server's error says that the request is too long. code, kind: of its error object."""
    return code in _CODES or kind in _CODES or _WORDS.search(message) is not None


def overflow(
    said: str, *, where: str = "", retry_after: float | None = None, limit: int = 0, length: int = 0
) -> UpstreamError:
    """The error that clients understand.

    said: the server's own words, which go out behind ours, and then `where` they came from. retry_after: as
    UpstreamError's. limit, length: tokens, where they are known better than from these words.
    """
    limit = limit or _found(_LIMIT, said)
    length = length or _found(_LENGTH, said)
    if limit:
        count = f"{length} tokens" if length > limit else "more"
        lead = f"This model's maximum context length is {limit} tokens. However, your messages have {count}"
    else:
        lead = "The request exceeds the context window: it is longer than this model's maximum context length"
    return UpstreamError(
        f"{lead}. Condense the conversation, or load the model with a larger context. "
        f"The upstream: {said}{where}",
        kind="invalid_request_error",
        code=CODE,
        status_hint=400,
        retry_after=retry_after,
    )


def _found(pattern: re.Pattern[str], said: str) -> int:
    number = pattern.search(said)
    return int(number[1].replace(",", "")) if number is not None else 0
