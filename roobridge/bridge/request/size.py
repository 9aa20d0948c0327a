"""How long a request's prompt is, in tokens: bounds that hold whatever the model's tokenizer and template.

At most: tokenizers of Qwen's kind work on bytes, and no token has less than one; the JSON around the texts is
longer than what a chat template puts there.

At least, counted over the UTF-8 of the contents:

- one for every word of Latin, Greek, Cyrillic and the like, where it follows a space or ASCII punctuation.
  Such tokenizers cut a text before they look for tokens, so that none reaches from one word into the next.
  What an apostrophe or an underscore joins counts as one word: "don't" and "<|im_start|>" may be one token.
- one for three digits: Qwen takes every digit for itself, Llama and GLM up to three.
- one for four Chinese, Japanese or Korean characters: few tokens are longer, and texts have one to two.

Spaces count for nothing, since Qwen has one token for 128 of them. Of the 151,643 tokens of Qwen's own
vocabulary (dashscope 2.0.2, qwen.tiktoken) 171 break these rules, all of them Chinese, Japanese or Korean
phrases of more than four characters. Prose, code and Chinese have 1.4 to 2.6 times as many tokens as the
bound, JSON and base64 more.

Tools, calls and images are not in the lower bound: templates write them in ways of their own, or leave them
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from roobridge.bridge.request.chat import Message, texts_of

SCANNED = 2 * 1024 * 1024  # characters that are looked at for the lower bound; what is beyond counts nothing

_THOUGHT_END = "</think>"
_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details")

_BREAK, _WORD, _JOINER, _DIGIT, _CHARACTER = b" wjdc"


def _kind(byte: int) -> int:
    if byte >= 0x80:
        if 0xE3 <= byte <= 0xED:  # leads U+3000 to U+DFFF: one for each character
            return _CHARACTER
        # Below are the leads of U+00C0 to U+1FFF; else punctuation, emoji, and all bytes but the first.
        return _WORD if 0xC3 <= byte <= 0xE1 else _JOINER
    character = chr(byte)
    if character.isalpha():
        return _WORD
    return _DIGIT if character.isdigit() else _JOINER if character in "_'" else _BREAK


_KINDS = bytes(map(_kind, range(256)))


class Size(msgspec.Struct, frozen=True):
    """A request as far as its length goes. most: tokens that it cannot exceed.

    frame: all but the messages, such as the tools; messages: each in JSON, without what no model is told.
    """

    most: int
    frame: bytes
    messages: Sequence[bytes]

    def keys(self) -> list[int]:
        """What recognises the beginnings of the request: of the frame alone, then with one message more each.

        Python's keyed hash, so good for this process only: nothing of the texts is in it, and no client can
        make two alike.
        """
        keys = [hash(self.frame)]
        for message in self.messages:
            keys.append(hash((keys[-1], message)))
        return keys


def size_of(body: Mapping[str, Any]) -> Size:
    """Measure a request's body, in OpenAI's shape."""
    frame = msgspec.json.encode({name: value for name, value in body.items() if name != "messages"})
    messages = [msgspec.json.encode(_unmarked(message)) for message in body.get("messages", ())]
    return Size(len(frame) + sum(map(len, messages)), frame, messages)


def least_tokens(messages: Iterable[Message]) -> int:
    """Tokens that these messages have at least."""
    words = digits = characters = 0
    left = SCANNED
    for text in _lasting(messages):
        kinds = text[:left].encode("utf-8", "replace").translate(_KINDS)
        words += kinds.count(b" w")
        digits += kinds.count(_DIGIT)
        characters += kinds.count(_CHARACTER)
        left -= len(text)
        if left <= 0:
            break
    return words + digits // 3 + characters // 4


def passing_tokens(messages: Iterable[Message]) -> int:
    """Tokens at most, of what a template may leave out of these messages as soon as another follows: thoughts
    (Qwen3's does so with all before the last question).
    """
    passing = 0
    for message in messages:
        if message["role"] == "assistant":
            said = [message[name] for name in _THOUGHTS if message.get(name)]
            said += [text.rpartition(_THOUGHT_END)[0] for text in texts_of(message) if _THOUGHT_END in text]
            passing += sum(len(msgspec.json.encode(thought)) + len(_THOUGHT_END) for thought in said)
    return passing


def _lasting(messages: Iterable[Message]) -> Iterator[str]:
    """The texts that every template writes."""
    for message in messages:
        for text in texts_of(message):
            yield text.rpartition(_THOUGHT_END)[2] if message["role"] == "assistant" else text


def _unmarked(message: Message) -> Message:
    """The message without marks for a cache, which clients move at every turn, and one text as text."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    parts = [{name: value for name, value in part.items() if name != "cache_control"} for part in content]
    alone = len(parts) == 1 and parts[0].keys() == {"type", "text"}
    return {**message, "content": parts[0]["text"] if alone else parts}
