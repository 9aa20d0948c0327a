"""Token counts for replies whose upstream gives none."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from roobridge.bridge.ports import Usage
from roobridge.bridge.request.chat import ChatRequest, texts_of
from roobridge.events import Length

CHARACTERS_A_TOKEN = 4


def added(one: Usage | None, other: Usage | None) -> Usage | None:
    """The tokens of both; None where neither is known."""
    if one is None or other is None:
        return one or other
    return Usage(
        one.prompt + other.prompt,
        one.completion + other.completion,
        one.cached + other.cached,
        one.reasoning + other.reasoning,
        one.written + other.written,
    )


def estimate(chat: ChatRequest, lengths: Iterable[Length]) -> Usage:
    """An estimate of both sides, in tokens. lengths: of the replies to this request."""
    said = thought = 0
    for length in lengths:
        said += length.said
        thought += length.thought
    reasoning = _tokens(thought)
    return Usage(prompt=_tokens(_prompt(chat)), completion=_tokens(said) + reasoning, reasoning=reasoning)


def _prompt(chat: ChatRequest) -> int:
    texts = sum(len(text) for message in chat.messages for text in texts_of(message))
    calls = [message["tool_calls"] for message in chat.messages if message.get("tool_calls")]
    return texts + sum(len(msgspec.json.encode(part)) for part in (chat.tools, *calls) if part)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_A_TOKEN)
