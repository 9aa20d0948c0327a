"""A chat request as a client sent it: checked once, then passed on as it stands.

Only what the bridge reads is checked; every other field, known to OpenAI's API or not, is the upstream's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from roobridge.errors import ClientError

Message = dict[str, Any]

ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})

# Roles whose content OpenAI's API lets be null: the call beside it, or the missing result, says all.
_MAY_BE_SILENT = frozenset({"assistant", "tool", "function"})


class ChatRequest(msgspec.Struct, frozen=True):
    """The checked view of a body; `body`, `messages` and `tools` are the client's own objects, not copies.

    tools: empty where the client sent none. tool_choice: "none", "auto", "required", or "named" for the
    one tool in `named_tool`. parallel_tool_calls: None where the request does not say.
    """

    body: dict[str, Any]
    model: str
    messages: list[Message]
    tools: list[dict[str, Any]]
    tool_choice: str
    named_tool: str
    stream: bool
    include_usage: bool
    parallel_tool_calls: bool | None

    @property
    def first_text(self) -> str:
        """The text of the first message, whatever its role: where agents put their system prompt."""
        return text_of(self.messages[0])

    @property
    def callable_tools(self) -> list[dict[str, Any]]:
        """The tools that the reply may call."""
        return [] if self.tool_choice == "none" else self.tools


def texts_of(message: Message) -> Iterator[str]:
    """The texts of a message's content, string or parts, in order."""
    content = message.get("content")
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            if part.get("type") == "text":
                yield part["text"]


def text_of(message: Message) -> str:
    """The whole text of a message; its parts are joined as Roo joins them, one newline between."""
    content = message.get("content")
    return content if isinstance(content, str) else "\n".join(texts_of(message))


def parse_chat_request(body: object) -> ChatRequest:
    """Check a decoded JSON body.

    Raises ClientError, whose `param` names the field in dotted form (`messages[3].content[0].type`).
    """
    if not isinstance(body, dict):
        raise ClientError(f"The request body must be a JSON object, not {_word(body)}.")
    messages = _messages(body)
    tools = _tools(body)
    choice, named_tool = read_tool_choice(body.get("tool_choice"))
    if named_tool and named_tool not in function_names(tools):
        _refuse("tool_choice.function.name", f"names {_quote(named_tool)}, which is not among the tools")
    options = _optional(body, "stream_options", dict)
    if body.get("n") not in (None, 1):
        _refuse("n", "must be 1: a reply through the bridge has one choice")
    return ChatRequest(
        body=body,
        model=_optional(body, "model", str) or "",
        messages=messages,
        tools=tools,
        tool_choice=choice,
        named_tool=named_tool,
        stream=bool(_optional(body, "stream", bool)),
        include_usage=bool(options and options.get("include_usage")),
        parallel_tool_calls=_optional(body, "parallel_tool_calls", bool),
    )


def _messages(body: dict[str, Any]) -> list[Message]:
    messages = body.get("messages")
    if messages is None:
        _refuse("messages", "is missing: a chat request needs a list of messages")
    if not isinstance(messages, list):
        _refuse("messages", f"must be an array, not {_word(messages)}")
    if not messages:
        _refuse("messages", "is empty: send at least one message")
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]")
    return messages


def _check_message(message: object, field: str) -> None:
    if not isinstance(message, dict):
        _refuse(field, f"must be an object, not {_word(message)}")
    role = message.get("role")
    if not isinstance(role, str):
        _refuse(f"{field}.role", f"must be a string, not {_word(role)}")
    if role not in ROLES:
        _refuse(f"{field}.role", f"is {_quote(role)}, but must be one of {', '.join(sorted(ROLES))}")
    content = message.get("content")
    if isinstance(content, list):
        for index, part in enumerate(content):
            _check_part(part, f"{field}.content[{index}]")
    elif content is None:
        if role not in _MAY_BE_SILENT:
            _refuse(f"{field}.content", f"is missing: a {role} message needs a string or an array of parts")
    elif not isinstance(content, str):
        _refuse(f"{field}.content", f"must be a string or an array of parts, not {_word(content)}")
    if message.get("tool_calls") is not None:
        _check_calls(message["tool_calls"], f"{field}.tool_calls")
    _optional(message, "tool_call_id", str, field)


def _check_part(part: object, field: str) -> None:
    if not isinstance(part, dict):
        _refuse(field, f"must be an object, not {_word(part)}")
    kind = part.get("type")
    if not isinstance(kind, str):
        _refuse(f"{field}.type", f"must be a string such as text or image_url, not {_word(kind)}")
    if kind == "text" and not isinstance(part.get("text"), str):
        _refuse(f"{field}.text", f"must be a string, not {_word(part.get('text'))}")
    if kind == "image_url" and not isinstance(part.get("image_url"), (dict, str)):
        _refuse(f"{field}.image_url", f"must be an object with a url, not {_word(part.get('image_url'))}")


def _check_calls(calls: object, field: str) -> None:
    if not isinstance(calls, list):
        _refuse(field, f"must be an array, not {_word(calls)}")
    for index, call in enumerate(calls):
        where = f"{field}[{index}]"
        if not isinstance(call, dict):
            _refuse(where, f"must be an object, not {_word(call)}")
        _optional(call, "id", str, where)
        if not is_function(call):
            continue
        function = call.get("function")
        if not isinstance(function, dict):
            _refuse(f"{where}.function", f"must be an object, not {_word(function)}")
        if not isinstance(function.get("name"), str):
            _refuse(f"{where}.function.name", f"must be a string, not {_word(function.get('name'))}")
        if not isinstance(function.get("arguments"), (str, dict, type(None))):
            _refuse(f"{where}.function.arguments", "must be a string that holds a JSON object")


def _tools(body: dict[str, Any]) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = _optional(body, "tools", list) or []
    for index, tool in enumerate(tools):
        field = f"tools[{index}]"
        if not isinstance(tool, dict):
            _refuse(field, f"must be an object, not {_word(tool)}")
        _optional(tool, "type", str, field)
        if not is_function(tool):
            continue  # a tool of the upstream's own, such as a web search
        function = tool.get("function")
        if not isinstance(function, dict):
            _refuse(f"{field}.function", f"must be an object, not {_word(function)}")
        name = function.get("name")
        if not isinstance(name, str) or not name:
            _refuse(f"{field}.function.name", "must be a string with at least one character")
        _optional(function, "description", str, f"{field}.function")
        _optional(function, "parameters", dict, f"{field}.function")
    return tools


def read_tool_choice(choice: object) -> tuple[str, str]:
    """What `tool_choice` asks for: "none", "auto", "required" or "named", and the tool's name for the last.

    Raises ClientError.
    """
    if choice is None:
        return "auto", ""
    if isinstance(choice, str):
        if choice not in ("none", "auto", "required"):
            _refuse("tool_choice", f"is {_quote(choice)}, but must be none, auto, required or an object")
        return choice, ""
    if not isinstance(choice, dict):
        _refuse("tool_choice", f"must be a string or an object, not {_word(choice)}")
    if (choice.get("type") or "function") != "function":
        return "auto", ""  # "allowed_tools" and the like: the upstream's to read
    function = choice.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or not name:
        _refuse("tool_choice.function.name", "must name one of the tools")
    return "named", name


def is_function(tool: Mapping[str, Any]) -> bool:
    """Whether an entry of `tools` or `tool_calls` is a function; a missing type stands for one."""
    return (tool.get("type") or "function") == "function"


def function_names(tools: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of the functions in a checked `tools` array, in its order."""
    return [tool["function"]["name"] for tool in tools if is_function(tool)]


def _optional(fields: dict[str, Any], name: str, kind: type, parent: str = "") -> Any:
    value = fields.get(name)
    if value is not None and not isinstance(value, kind):
        _refuse(f"{parent}.{name}" if parent else name, f"must be {_WORDS[kind]}, not {_word(value)}")
    return value


_WORDS: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
    type(None): "null or missing",
}


def _word(value: object) -> str:
    return _WORDS.get(type(value), type(value).__name__)


def _quote(value: str) -> str:
    shown = value if len(value) <= 40 else value[:40] + "…"
    return f'"{shown}"'


def _refuse(field: str, what: str) -> NoReturn:
    raise ClientError(f"`{field}` {what}.", param=field)
