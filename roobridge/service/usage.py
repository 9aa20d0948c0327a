"""Token counts for replies whose upstream gives none."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from roobridge.bridge.chat import ChatRequest, texts_of
from roobridge.bridge.ports import Usage
from roobridge.events import Content, Piece, Thought, ToolDelta

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
    )


class Tally:
    """Counts the characters of a reply as they go by."""

    def __init__(self) -> None:
        self._said = 0
        self._thought = 0

    def count(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, Content):
                self._said += len(piece.text)
            elif isinstance(piece, ToolDelta):
                self._said += len(piece.name) + len(piece.arguments)
            elif isinstance(piece, Thought) and not piece.preview:
                self._thought += len(piece.text)

    def estimate(self, chat: ChatRequest) -> Usage:
        """An estimate of both sides, in tokens."""
        reasoning = _tokens(self._thought)
        return Usage(
            prompt=_tokens(_prompt(chat)), completion=_tokens(self._said) + reasoning, reasoning=reasoning
        )


def _prompt(chat: ChatRequest) -> int:
    texts = sum(len(text) for message in chat.messages for text in texts_of(message))
    calls = [message["tool_calls"] for message in chat.messages if message.get("tool_calls")]
    return texts + sum(len(msgspec.json.encode(part)) for part in (chat.tools, *calls) if part)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_A_TOKEN)
