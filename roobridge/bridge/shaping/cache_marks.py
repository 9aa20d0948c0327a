"""Marks that have DashScope keep the stable beginning of a request: its explicit context cache.

A mark is `"cache_control": {"type": "ephemeral"}` on a content part, in a message of any role; what precedes
it, the tools too, is kept for 5 minutes from the last hit, if it is 1,024 tokens or more. From each mark the
server looks back over 20 content parts for a beginning that it has; of more than four marks the last four
count. Keeping costs 125 % of the input's price, a hit 10 %. Models: qwen3-max, qwen-plus, qwen3.5-plus,
qwen-flash, qwen3.5-flash, qwen3-coder-plus, qwen3-coder-flash and later ones, no snapshots
(Model Studio, "Context cache").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from roobridge.bridge.request.chat import Message

MARK = {"type": "ephemeral"}

_FIELD = "cache_control"


def mark_prefix(body: Mapping[str, Any]) -> list[Message]:
    """The messages of a body with at most three marks; the same ones where the client set marks itself.

    Marked are: the last of the leading system messages, which tasks share; the message before the last turn
    of the assistant, where the request before this one ended; and the last message, where the next request
    finds it, and one that is sent again.
    """
    messages: list[Message] = list(body["messages"])
    if _FIELD in body or _marked(messages) or _marked(body.get("tools") or ()):
        return messages
    for place in _places(messages):
        messages[place] = _with_mark(messages[place])
    return messages


def _places(messages: Sequence[Message]) -> set[int]:
    system = 0
    while system < len(messages) and messages[system]["role"] in ("system", "developer"):
        system += 1
    turns = [index for index, message in enumerate(messages) if message["role"] == "assistant"]
    before = turns[-1] - 1 if turns else -1
    places = {place for place in (system - 1, before, len(messages) - 1) if place >= 0}
    # An assistant's text that is to be gone on with stays a string.
    return {place for place in places if messages[place]["role"] != "assistant"}


def _with_mark(message: Message) -> Message:
    """The message with a mark on its last text that is not blank, which servers may refuse; else as it is."""
    content = message.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    for index in range(len(parts) - 1, -1, -1):
        part = parts[index]
        if part.get("type") == "text" and part["text"].strip():
            return {**message, "content": [*parts[:index], {**part, _FIELD: MARK}, *parts[index + 1 :]]}
    return message


def _marked(holders: Sequence[Mapping[str, Any]]) -> bool:
    return any(_FIELD in holder for each in holders for holder in _with_parts(each))


def _with_parts(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield holder
    content = holder.get("content")
    if isinstance(content, list):
        yield from content
    if isinstance(function := holder.get("function"), dict):
        yield function
