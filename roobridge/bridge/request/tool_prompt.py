"""Tools for upstreams that take none: prompted as text, in the form the model was trained on.

Two forms, each with its own way of writing a call: Qwen3-Coder's (also Qwen 3.5 and later), whose calls are
tags and whose values are raw text; and Hermes' (Qwen 2.5, Qwen 3), whose calls are JSON. In both the tools
stand at the end of the system message, and results in a user turn, one `<tool_response>` each. The layout
follows the models' published chat templates; the instructions are worded here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from roobridge.bridge.request.chat import Message, is_function, read_tool_choice, text_of

Dialect = Literal["qwen3-coder", "hermes"]

_TAGGED_CALLS = re.compile(r"qwen-?3\.[5-9]|^(?!.*qwen-?[12]).*coder", re.IGNORECASE)

_FORMAT: dict[Dialect, str] = {
    "qwen3-coder": """\
To call a function, write the call in exactly this form, as the last thing in your reply:

<tool_call>
<function=name_of_the_function>
<parameter=name_of_the_first_parameter>
value
</parameter>
<parameter=name_of_the_second_parameter>
a value
that may span
several lines
</parameter>
</function>
</tool_call>

Rules for calls:
- The <function=...> block stands inside <tool_call></tool_call>, and each value between its own \
<parameter=...> and </parameter>.
- Values are written as they are, without quotes or escapes; arrays and objects as JSON.
- Every required parameter is given.
- You may reason in plain words before a call; nothing follows it.""",
    "hermes": """\
To call a function, write one JSON object with its name and arguments inside <tool_call></tool_call> tags, \
as the last thing in your reply:
<tool_call>
{"name": "name_of_the_function", "arguments": {"name_of_a_parameter": "value"}}
</tool_call>""",
}

# What the tagged layout says by itself, or what says nothing to a model.
_LAYOUT_KEYS = frozenset({"type", "properties", "$schema"})

_OPTIONAL = "If no function fits, answer in plain words and do not mention the functions."
_ONE_CALL = "Call at most one function in a reply."


def dialect_of(model: str) -> Dialect:
    """The form a model was trained on, by its name: tags for the Coder models of Qwen 3 and for Qwen 3.5 and
    later, Hermes for all others.
    """
    return "qwen3-coder" if _TAGGED_CALLS.search(model) else "hermes"


def prompt_tools(body: dict[str, Any], dialect: Dialect, *, offer: bool = True) -> dict[str, Any]:
    """A body without tool fields that asks the same in words.

    body: checked by `parse_chat_request`. offer: False leaves the tools out of the prompt; calls and results
    in the history become text all the same, since the upstream knows neither. `tool_choice` none leaves them
    out too; required and a named tool are asked for in words, and so is `parallel_tool_calls: false`.
    """
    messages = fold_calls(body["messages"], dialect)
    tools = [tool for tool in body.get("tools") or () if is_function(tool)]
    choice, named = read_tool_choice(body.get("tool_choice"))
    if offer and tools and choice != "none":
        single = body.get("parallel_tool_calls") is False
        messages = _with_system(messages, tools_prompt(tools, dialect, choice, named, single))
    left_out = ("tools", "tool_choice", "parallel_tool_calls")
    return {**{k: v for k, v in body.items() if k not in left_out}, "messages": messages}


def tools_prompt(
    tools: Sequence[dict[str, Any]],
    dialect: Dialect,
    choice: str = "auto",
    named: str = "",
    single: bool = False,
) -> str:
    """The prompt's section on tools. choice: "auto", "required", or "named" for the one called `named`."""
    render = _tagged_tool if dialect == "qwen3-coder" else _json_tool
    listing = "\n".join(render(tool) for tool in tools)
    wish = {
        "required": "Your reply must call one of the functions.",
        "named": f"Your reply must call the function {named}.",
    }.get(choice, _OPTIONAL)
    instructions = [_FORMAT[dialect], wish] + ([_ONE_CALL] if single else [])
    return f"# Tools\n\nThese functions can be called:\n\n<tools>\n{listing}\n</tools>\n\n" + "\n\n".join(
        instructions
    )


def _json_tool(tool: dict[str, Any]) -> str:
    return _json({"type": "function", "function": tool["function"]})


def _tagged_tool(tool: dict[str, Any]) -> str:
    function = tool["function"]
    schema = function.get("parameters") or {}
    lines = ["<function>", *_tags({"name": function["name"], "description": function.get("description")})]
    lines.append("<parameters>")
    properties = schema.get("properties")
    for name, described in (properties if isinstance(properties, dict) else {}).items():
        lines += ["<parameter>", *_tags({"name": name, **(described if isinstance(described, dict) else {})})]
        lines.append("</parameter>")
    lines += _tags({key: value for key, value in schema.items() if key not in _LAYOUT_KEYS})
    return "\n".join([*lines, "</parameters>", "</function>"])


def _tags(fields: dict[str, Any]) -> Iterator[str]:
    for key, value in fields.items():
        if value is not None:
            yield f"<{key}>{value if isinstance(value, str) else _json(value)}</{key}>"


def _with_system(messages: list[Message], section: str) -> list[Message]:
    first = messages[0]
    if first["role"] not in ("system", "developer"):
        return [{"role": "system", "content": section}, *messages]
    content = first.get("content")
    if isinstance(content, list):
        prompted: Message = {**first, "content": [*content, {"type": "text", "text": "\n\n" + section}]}
    else:
        prompted = {**first, "content": f"{content}\n\n{section}" if content else section}
    return [prompted, *messages[1:]]


def fold_calls(messages: Sequence[Message], dialect: Dialect) -> list[Message]:
    """The messages with calls and results as text: calls after their message's content, the results that
    follow in one user turn, in the order of the calls.
    """
    folded: list[Message] = []
    results: list[Message] = []
    order: list[str] = []
    for message in messages:
        if message["role"] in ("tool", "function"):
            results.append(message)
            continue
        if results:
            folded.append(_results_turn(results, order))
            results = []
        calls = message.get("tool_calls")
        if calls:
            order = [call.get("id") or "" for call in calls]
        folded.append(_with_calls(message, dialect) if calls else message)
    if results:
        folded.append(_results_turn(results, order))
    return folded


def _with_calls(message: Message, dialect: Dialect) -> Message:
    text = text_of(message).strip()
    calls = [
        call_text(call["function"]["name"], _arguments(call), dialect)
        for call in message["tool_calls"]
        if is_function(call)
    ]
    rest = {key: value for key, value in message.items() if key != "tool_calls"}
    return {**rest, "content": "\n".join([text, *calls] if text else calls)}


def call_text(name: str, arguments: dict[str, Any], dialect: Dialect) -> str:
    """One call, written as the model was trained to write it."""
    if dialect == "hermes":
        return f"<tool_call>\n{_json({'name': name, 'arguments': arguments})}\n</tool_call>"
    params = "".join(
        f"<parameter={key}>\n{value if isinstance(value, str) else _json(value)}\n</parameter>\n"
        for key, value in arguments.items()
    )
    return f"<tool_call>\n<function={name}>\n{params}</function>\n</tool_call>"


def _arguments(call: dict[str, Any]) -> dict[str, Any]:
    arguments = call["function"].get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments)
        except msgspec.DecodeError:
            arguments = None  # a call that history cleaning answers with "{}" as well
    return arguments if isinstance(arguments, dict) else {}


def _results_turn(results: Sequence[Message], order: Sequence[str]) -> Message:
    places = {call: place for place, call in enumerate(order)}
    ordered = sorted(results, key=lambda result: places.get(result.get("tool_call_id") or "", len(order)))
    text = "\n".join(f"<tool_response>\n{text_of(result)}\n</tool_response>" for result in ordered)
    others = [
        part
        for result in ordered
        if isinstance(result.get("content"), list)
        for part in result["content"]
        if part.get("type") != "text"
    ]
    return {"role": "user", "content": [{"type": "text", "text": text}, *others] if others else text}


def _json(value: object) -> str:
    """JSON on one line with a space after each comma and colon, as the templates write it."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()
