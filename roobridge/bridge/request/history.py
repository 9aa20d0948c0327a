"""The messages on their way to the upstream, freed of what the bridge itself put into earlier replies.

Nothing here changes a message in place: an untouched message is passed on as the same object, a touched one
is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.request.chat import Message, is_function
from roobridge.grammar.model import Tool, Toolset
from roobridge.render.guard import ZERO_WIDTH

_THINK, _THINK_END = "<think>", "</think>"
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_STRING = msgspec.json.Decoder(str)


def clean_history(messages: Sequence[Message], plan: Plan) -> list[Message]:
    """The messages as the upstream is to read them.

    Agents' assistant texts lose a returned preview and, where the bridge writes them, the zero-width spaces
    before tags; call arguments that are not a JSON object become "{}", for which servers would refuse the
    whole request; and `developer` becomes `system`, since no Qwen template knows it.
    """
    marks_tags = plan.kind is ClientKind.XML_AGENT or plan.guard_text

    def words(text: str) -> str:
        return unmark_tags(strip_preview(text), plan.toolset) if marks_tags else strip_preview(text)

    return [_clean(message, words if plan.agent else None) for message in messages]


def _clean(message: Message, words: Callable[[str], str] | None) -> Message:
    role = message["role"]
    if role == "developer":
        return {**message, "role": "system"}
    if role != "assistant":
        return message
    if words is not None:
        message = _map_text(message, words)
    return mend_calls(message) if message.get("tool_calls") else message


def _map_text(message: Message, words: Callable[[str], str]) -> Message:
    content = message.get("content")
    if isinstance(content, str):
        text = words(content)
        return message if text == content else {**message, "content": text}
    if isinstance(content, list):
        parts = [_map_part(part, words) for part in content]
        if any(new is not old for new, old in zip(parts, content, strict=True)):
            return {**message, "content": parts}
    return message


def _map_part(part: dict[str, Any], words: Callable[[str], str]) -> dict[str, Any]:
    if part.get("type") != "text":
        return part
    text = words(part["text"])
    return part if text == part["text"] else {**part, "text": text}


def strip_preview(text: str) -> str:
    """An assistant text without the reasoning that a client glued before it as `<think>…</think>`.

    Roo 3.31 does so where a model's settings say `preserveReasoning`; what it returns is the preview, which
    the content repeats.
    """
    if not text.startswith(_THINK):
        return text
    end = text.find(_THINK_END)
    return text if end < 0 else text[end + len(_THINK_END) :].lstrip("\r\n")


def unmark_tags(text: str, toolset: Toolset) -> str:
    """An assistant text without the zero-width spaces that made mentioned tags harmless.

    They go where the bridge puts them: after the `<` of a tag that the client's reader knows, in text and in
    values that are prose. Every other value of a call is left to the letter, file content above all.
    """
    if ZERO_WIDTH not in text:
        return text
    marked = _marked_tag(_names(toolset))
    pieces: list[str] = []
    position = 0
    for start, end in _exact_values(text, toolset):
        pieces += marked.sub("<", text[position:start]), text[start:end]
        position = end
    pieces.append(marked.sub("<", text[position:]))
    return "".join(pieces)


def _names(toolset: Toolset) -> frozenset[str]:
    params = (name for tool in toolset.tools.values() for name in tool.params)
    return toolset.read_tools | toolset.read_params | frozenset(toolset.tools) | frozenset(params)


@lru_cache(maxsize=8)
def _marked_tag(names: frozenset[str]) -> re.Pattern[str]:
    """`<` and a zero-width space, where one of the names' tags follows; matches both characters."""
    alternatives = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return re.compile(f"<{ZERO_WIDTH}(?=/?(?:{alternatives})>)")


def _exact_values(text: str, toolset: Toolset) -> Iterator[tuple[int, int]]:
    """Where in a text the values stand that hold no mark of the bridge's, by Roo's reading rules."""
    opening = open_tag(frozenset(toolset.tools))
    barren: set[str] = set()  # tools of which no parameter and no close comes any more
    position = 0
    while (tag := opening.search(text, position)) is not None:
        tool = toolset.tools[tag[1]]
        position = tag.end()
        boundary = open_tag(frozenset(tool.params), close=tool.name)
        while tool.name not in barren:
            found = boundary.search(text, position)
            if found is None:
                barren.add(tool.name)
                break
            position = found.end()
            if found[1] is None:
                break
            end = _value_end(text, position, tool, found[1])
            if not tool.params[found[1]].prose:
                yield position, end
            position = end


def _value_end(text: str, start: int, tool: Tool, param: str) -> int:
    close = f"</{param}>"
    end = text.rfind(close, start) if tool.last_close == param else text.find(close, start)
    return len(text) if end < 0 else end


@lru_cache(maxsize=64)
def open_tag(names: frozenset[str], close: str = "") -> re.Pattern[str]:
    """Finds the opening tag of one of the names (group 1), or the close of `close`."""
    opening = f"<({'|'.join(sorted(map(re.escape, names)))})>" if names else "(?!)()"
    return re.compile(f"{opening}|</{re.escape(close)}>" if close else opening)


def mend_calls(message: Message) -> Message:
    """An assistant message whose calls all have a JSON object for arguments, and whose content is a string.

    Servers answer 400 to anything else and so end the task at every later turn; templates fail on null.
    """
    calls = [_mend_call(call) for call in message["tool_calls"]]
    silent = message.get("content") is None
    if not silent and all(new is old for new, old in zip(calls, message["tool_calls"], strict=True)):
        return message
    return {**message, "content": "" if silent else message["content"], "tool_calls": calls}


def _mend_call(call: dict[str, Any]) -> dict[str, Any]:
    if not is_function(call):
        return call
    function = call["function"]
    arguments = function.get("arguments")
    mended = _object_text(arguments)
    return call if mended is arguments else {**call, "function": {**function, "arguments": mended}}


def _object_text(arguments: object) -> str:
    """JSON text of an object: the arguments themselves where they are one, also one encoded twice."""
    if isinstance(arguments, dict):
        return msgspec.json.encode(arguments).decode()
    if not isinstance(arguments, str):
        return "{}"
    if _holds_object(arguments):
        return arguments
    try:
        inner = _STRING.decode(arguments)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return "{}"
    return inner if _holds_object(inner) else "{}"


def _holds_object(text: str) -> bool:
    try:
        _OBJECT.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        return False
    return True
