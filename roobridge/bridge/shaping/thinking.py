"""The reasoning of earlier turns in a request's messages. Nothing here changes a message in place.

Qwen's templates from 3.6 on, and DashScope with `preserve_thinking`, read `reasoning_content` on the messages
of the assistant; clients send back the text and the calls alone. Which turns' reasoning the model sees is
the template's to say, so it goes back with every turn it is known of; that also keeps the beginning of the
prompt the same from request to request, and a server's cache warm. Other servers refuse the field
(DeepSeek's API: 400), so that it is sent back only where a profile says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from hashlib import blake2b

from roobridge.bridge.request.chat import Message
from roobridge.bridge.request.identity import digest_messages

FIELD = "reasoning_content"

_FIELDS = frozenset({FIELD, "reasoning"})  # DashScope, llama.cpp, SGLang; vLLM, Ollama

# Messages before a turn by which it is known. More would lose the turns of a whole task where a client
# rewrites something far back (Cline shortens the files it has read twice, Roo condenses); fewer would take
# two turns that both follow "Done." for one.
_BEFORE = 4


class Reasoning(Enum):
    """What becomes of the history's reasoning. PASS: as the client sent it; BACK: added where it is known."""

    PASS = "pass"  # noqa: S105 - a word of the settings, no secret
    DROP = "drop"
    BACK = "back"


def without_reasoning(messages: Sequence[Message]) -> list[Message]:
    """The messages without the assistant's reasoning; one that has none is the same object."""
    return [
        {field: value for field, value in message.items() if field not in _FIELDS}
        if message["role"] == "assistant" and _FIELDS & message.keys()
        else message
        for message in messages
    ]


def with_reasoning(messages: Sequence[Message], lookup: Callable[[int, Message], str]) -> list[Message]:
    """The messages with the reasoning that `lookup` knows of the assistant's turns.

    lookup: takes a turn's index and message; gives nothing where it knows nothing. A message with reasoning
    of its own is the same object, and so is one that is to be gone on with (`partial`).
    """
    new = list(messages)
    for index, message in enumerate(messages):
        if message["role"] != "assistant" or message.get("partial") or _thought(message):
            continue
        if reasoning := lookup(index, message):
            new[index] = {**message, FIELD: reasoning}
    return new


def places(messages: Sequence[Message]) -> list[bytes]:
    """For each message, and for the reply after the last one, a digest of what stands just before it.

    The system prompt does not count, since a client writes it anew for each mode, nor do reasoning and
    `environment_details`.
    """
    found: list[bytes] = []
    before: list[bytes] = []
    for message in messages:
        found.append(_digest(before))
        if message["role"] not in ("system", "developer"):
            before = [*before[1 - _BEFORE :], _digest(digest_messages([message]))]
    return [*found, _digest(before)]


def _digest(parts: Sequence[bytes]) -> bytes:
    return blake2b(b"".join(parts), digest_size=16).digest()


def _thought(message: Message) -> bool:
    return any(message.get(field) for field in _FIELDS)
