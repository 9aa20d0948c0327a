"""Tools for upstreams that take none: prompted as text, in the form the model was trained on.

How a call, a tool and a result are written is the dialect's (`Writing`). The tools stand at the end of the
system message, and results in a user turn, as in the models' published chat templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from roobridge.bridge.request.chat import Message, is_function, read_tool_choice, text_of
from roobridge.spelling.dialect import Writing

_OPTIONAL = "If no function fits, answer in plain words and do not mention the functions."
_ONE_CALL = "Call at most one function in a reply."


def prompt_tools(body: dict[str, Any], writing: Writing, *, offer: bool = True) -> dict[str, Any]:
    """A body without tool fields that asks the same in words.

    body: checked by `parse_chat_request`. offer: False leaves the tools out of the prompt; calls and results
    in the history become text all the same, since the upstream knows neither. `tool_choice` none leaves them
    out too; required and a named tool are asked for in words, and so is `parallel_tool_calls: false`.
    """
    messages = fold_calls(body["messages"], writing)
    tools = [tool for tool in body.get("tools") or () if is_function(tool)]
    choice, named = read_tool_choice(body.get("tool_choice"))
    if offer and tools and choice != "none":
        single = body.get("parallel_tool_calls") is False
        messages = _with_system(messages, tools_prompt(tools, writing, choice, named, single))
    left_out = ("tools", "tool_choice", "parallel_tool_calls")
    return {**{k: v for k, v in body.items() if k not in left_out}, "messages": messages}


def tools_prompt(
    tools: Sequence[dict[str, Any]],
    writing: Writing,
    choice: str = "auto",
    named: str = "",
    single: bool = False,
) -> str:
    """The prompt's section on tools. choice: "auto", "required", or "named" for the one called `named`."""
    listing = "\n".join(writing.listed(tool) for tool in tools)
    wish = {
        "required": "Your reply must call one of the functions.",
        "named": f"Your reply must call the function {named}.",
    }.get(choice, _OPTIONAL)
    instructions = [writing.taught, wish] + ([_ONE_CALL] if single else [])
    return f"# Tools\n\nThese functions can be called:\n\n<tools>\n{listing}\n</tools>\n\n" + "\n\n".join(
        instructions
    )


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


def fold_calls(messages: Sequence[Message], writing: Writing) -> list[Message]:
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
            folded.append(_results_turn(results, order, writing))
            results = []
        calls = message.get("tool_calls")
        if calls:
            order = [call.get("id") or "" for call in calls]
        folded.append(_with_calls(message, writing) if calls else message)
    if results:
        folded.append(_results_turn(results, order, writing))
    return folded


def _with_calls(message: Message, writing: Writing) -> Message:
    text = text_of(message).strip()
    calls = [
        writing.call(call["function"]["name"], _arguments(call))
        for call in message["tool_calls"]
        if is_function(call)
    ]
    rest = {key: value for key, value in message.items() if key != "tool_calls"}
    return {**rest, "content": "\n".join([text, *calls] if text else calls)}


def _arguments(call: dict[str, Any]) -> dict[str, Any]:
    arguments = call["function"].get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments)
        except msgspec.DecodeError:
            arguments = None  # a call that history cleaning answers with "{}" as well
    return arguments if isinstance(arguments, dict) else {}


def _results_turn(results: Sequence[Message], order: Sequence[str], writing: Writing) -> Message:
    places = {call: place for place, call in enumerate(order)}
    ordered = sorted(results, key=lambda result: places.get(result.get("tool_call_id") or "", len(order)))
    text = "\n".join(writing.result(text_of(result)) for result in ordered)
    others = [
        part
        for result in ordered
        if isinstance(result.get("content"), list)
        for part in result["content"]
        if part.get("type") != "text"
    ]
    return {"role": "user", "content": [{"type": "text", "text": text}, *others] if others else text}
