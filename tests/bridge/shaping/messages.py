"""Requests as clients send them, drawn: every kind of message and part that shaping looks at."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

IMAGES: list[dict[str, Any]] = [
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    {"type": "image_url", "image_url": "https://example.org/a.png"},
    {"type": "input_image", "image_url": "https://example.org/a.png"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}},
]

texts = st.text(st.sampled_from('a é\n<>`{}"\\😀\u200b'), max_size=12)
text_parts = st.builds(lambda text: {"type": "text", "text": text}, texts)
image_parts = st.sampled_from(IMAGES)
results = st.builds(
    lambda content: {"type": "tool_result", "tool_use_id": "t", "content": content},
    texts | st.lists(text_parts | image_parts, max_size=3),
)
contents = texts | st.lists(text_parts | image_parts | results, max_size=4)
calls = st.lists(
    st.builds(
        lambda number, text: {
            "id": f"c{number}",
            "function": {"name": "run", "arguments": {"command": text}},
        },
        st.integers(0, 3),
        texts,
    ),
    max_size=2,
)


def _message(role: str, content: Any, called: list[Any], thought: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": role, "content": content}
    if role == "assistant":
        message |= {"tool_calls": called} if called else {}
        message |= {"reasoning_content": thought} if thought else {}
    return message


roles = st.sampled_from(["system", "developer", "user", "assistant", "tool"])
messages = st.lists(st.builds(_message, roles, contents, calls, texts), min_size=1, max_size=8)


def said(content: object, *called: dict[str, Any], **fields: object) -> dict[str, Any]:
    """A message of the assistant."""
    more: dict[str, Any] = {"tool_calls": list(called)} if called else {}
    return {"role": "assistant", "content": content, **more, **fields}


def user(content: object) -> dict[str, Any]:
    return {"role": "user", "content": content}


def call(arguments: str, name: str = "run", ident: str = "call_1") -> dict[str, Any]:
    return {"id": ident, "type": "function", "function": {"name": name, "arguments": arguments}}
