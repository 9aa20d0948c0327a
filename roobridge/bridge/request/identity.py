"""What makes two requests the same, or one the continuation of the other.

`environment_details` is left out throughout: Roo writes it anew (time, cost, open files) each time it sends
the same turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

import msgspec

from roobridge.bridge.request.chat import Message

_ENVIRONMENT, _ENVIRONMENT_END = "<environment_details>", "</environment_details>"


def digest_messages(messages: Sequence[Message]) -> tuple[bytes, ...]:
    """A digest for each part of each message, in order; blank parts have none.

    Parts and not messages, because Roo, going on after a cancel, appends to the last user message.
    """
    return tuple(blake2b(unit, digest_size=16).digest() for message in messages for unit in _units(message))


def is_extension(old: Sequence[bytes], new: Sequence[bytes]) -> bool:
    """Whether the request of digests `new` goes on where `old` ended; an equal one does not."""
    return len(new) > len(old) and tuple(new[: len(old)]) == tuple(old)


def request_fingerprint(key: str, model: str, digests: Sequence[bytes]) -> bytes:
    """What recognises a request asked again: the client's key, the model, and the messages' digests."""
    whole = blake2b(msgspec.json.encode((_bytes(key), _bytes(model))), digest_size=16)
    for digest in digests:
        whole.update(digest)
    return whole.digest()


def owner_of(key: str) -> bytes:
    """Whose a conversation is, by the client's key, without the key."""
    return blake2b(_bytes(key), digest_size=16).digest()


def without_environment(text: str) -> str:
    """The text without its `<environment_details>` blocks; one without an end is a mention."""
    pieces: list[str] = []
    position = 0
    while (start := text.find(_ENVIRONMENT, position)) >= 0:
        end = text.find(_ENVIRONMENT_END, start)
        if end < 0:
            break
        pieces.append(text[position:start])
        position = end + len(_ENVIRONMENT_END)
    return "".join([*pieces, text[position:]]) if pieces else text


def _units(message: Message) -> Iterator[bytes]:
    role = message["role"].encode()
    content = message.get("content")
    for part in [content] if isinstance(content, str) else content or ():
        words = part if isinstance(part, str) else part.get("text")
        if not isinstance(words, str):
            yield role + b"\0" + msgspec.json.encode(part)
        elif kept := without_environment(words).strip():
            yield role + b"\1" + _bytes(kept)
    for field in ("tool_calls", "tool_call_id"):
        if message.get(field):
            yield role + b"\2" + msgspec.json.encode(message[field])


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
