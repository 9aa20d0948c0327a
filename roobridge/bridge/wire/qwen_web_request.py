"""Requests to chat.qwen.ai, as bodies: pure functions, with ids and times given from outside.

The web API takes exactly one user message, has no system role, ignores `tools`, and refuses large bodies.
So each request opens a new chat and carries the system prompt and the whole history folded into one message
(what the public clients of 2026 do; it also stands up to a client that condenses or edits its history).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from roobridge.dialects.hermes import WRITING, call_of_json
from roobridge.errors import ClientError

# The site's firewall refused bodies of 129 KB and let 117 KB pass (2026); public clients stay below 90 KiB.
BODY_LIMIT = 92160

_CHAT_TYPE = "t2t"
_LABELS = {
    "system": "System",
    "developer": "System",
    "user": "User",
    "assistant": "Assistant",
    "tool": "Tool result",
    "function": "Tool result",
}
_INTRODUCTION = (
    "# Conversation so far\n\n"
    "Each message begins with its writer in square brackets on a line of its own. "
    "Write the assistant's next message, without such a line."
)


def new_chat_body(model: str, now_ms: int) -> dict[str, Any]:
    """Body of POST /api/v2/chats/new. now_ms: milliseconds since 1970."""
    return {
        "title": "New Chat",
        "models": [model],
        "chat_mode": "normal",
        "chat_type": _CHAT_TYPE,
        "timestamp": now_ms,
        "project_id": "",
    }


def completion_body(
    content: str,
    *,
    model: str,
    chat_id: str,
    message_id: str,
    child_id: str,
    now: int,
    thinking: bool = False,
) -> dict[str, Any]:
    """Body of POST /api/v2/chat/completions for the first turn of a chat.

    content: the one user message. message_id, child_id: fresh UUIDs. now: seconds since 1970. The fields
    are the union of what the site's own page sent in 2025 and 2026; nothing of it sets `max_tokens`,
    `temperature` or tools, which the site does not read.
    """
    message = {
        "id": None,
        "fid": message_id,
        "parentId": None,
        "parent_id": None,
        "childrenIds": [child_id],
        "role": "user",
        "content": content,
        "user_action": "chat",
        "files": [],
        "timestamp": now,
        "models": [model],
        "model": "",
        "chat_type": _CHAT_TYPE,
        "sub_chat_type": _CHAT_TYPE,
        "feature_config": _features(thinking),
        "extra": {"meta": {"subChatType": _CHAT_TYPE}},
    }
    return {
        "stream": True,
        "version": "2.1",
        "incremental_output": True,
        "chat_id": chat_id,
        "chatId": chat_id,
        "chat_mode": "normal",
        "model": model,
        "parent_id": None,
        "parentId": "",
        "messages": [message],
        "timestamp": now,
    }


def _features(thinking: bool) -> dict[str, Any]:
    """Without `output_schema: phase` the frames carry no phase; the site's own search would answer in place
    of the agent's tools.
    """
    return {
        "thinking_enabled": thinking,
        "output_schema": "phase",
        "research_mode": "normal",
        "auto_thinking": False,
        "thinking_mode": "Thinking" if thinking else "Fast",
        "thinking_format": "summary",
        "auto_search": False,
    }


def encode_body(body: Mapping[str, Any], limit: int = BODY_LIMIT) -> bytes:
    """The body as JSON. limit: bytes. Raises ClientError (context_length_exceeded) where it is larger, so
    that the client condenses its history.
    """
    encoded = msgspec.json.encode(body)
    if len(encoded) > limit:
        raise ClientError(
            f"The conversation is too long for chat.qwen.ai: the request has {len(encoded)} bytes, and its "
            f"maximum context length is {limit} bytes. Condense it, or use an API-key upstream.",
            code="context_length_exceeded",
            param="messages",
        )
    return encoded


def fold_messages(messages: Sequence[Mapping[str, Any]]) -> str:
    """The system prompt and the history as the text of one user message.

    A system prompt at the beginning stands first, as it is; a single user message follows it as it is. Of a
    longer history each message stands below a line that names its writer, tool calls as `<tool_call>` and
    results as `<tool_response>`, the forms Qwen was trained on. Raises ClientError where a message holds
    something other than text.
    """
    lead = 0
    while lead < len(messages) and messages[lead].get("role") in ("system", "developer"):
        lead += 1
    blocks = [_content(message, i) for i, message in enumerate(messages[:lead])]
    rest = messages[lead:]
    if len(rest) == 1 and rest[0].get("role") == "user":
        blocks.append(_content(rest[0], lead))
    elif rest:
        blocks.append(_INTRODUCTION)
        blocks += [_turn(message, i) for i, message in enumerate(rest, lead)]
    return "\n\n".join(block for block in blocks if block)


def _turn(message: Mapping[str, Any], position: int) -> str:
    role = str(message.get("role"))
    label = _LABELS.get(role)
    if label is None:
        raise ClientError(f"Unknown role {role!r}.", param=f"messages[{position}].role")
    content = _content(message, position)
    if label == "Tool result":
        content = WRITING.result(content)
    parts = [content, *(_call(call) for call in message.get("tool_calls") or ())]
    return f"[{label}]\n" + "\n".join(part for part in parts if part)


def _call(call: Mapping[str, Any]) -> str:
    """arguments are JSON text already and go in as they are."""
    function = call.get("function") or {}
    arguments = function.get("arguments") or "{}"
    if not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments).decode()
    return call_of_json(str(function.get("name") or ""), arguments)


def _content(message: Mapping[str, Any], position: int) -> str:
    content = message.get("content")
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ClientError("content must be text or a list of parts.", param=f"messages[{position}].content")
    texts: list[str] = []
    for at, part in enumerate(content):
        text = part.get("text") if isinstance(part, dict) else None
        if not isinstance(text, str):
            raise _not_text(part, f"messages[{position}].content[{at}]")
        texts.append(text)
    return "\n".join(texts)


def _not_text(part: object, param: str) -> ClientError:
    kind = part.get("type") if isinstance(part, dict) else type(part).__name__
    what = "Images" if kind in ("image_url", "image", "input_image") else f"Parts of type {kind!r}"
    return ClientError(
        f"{what} cannot be sent to chat.qwen.ai yet: send text only, or use an upstream with vision.",
        code="unsupported_content",
        param=param,
    )
