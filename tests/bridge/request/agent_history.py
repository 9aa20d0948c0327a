"""Histories of agents as their clients send them back, in words of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import msgspec

Message = dict[str, Any]

TODO = "\n# task_progress\n\nYou've made {} API requests without a task_progress parameter.\n"
_clock = count()


Turn = Callable[..., list[Message]]

LIST = "<list_files>\n<path>src</path>\n</list_files>"
FIRST: list[Message] = [{"role": "system", "content": "You are Roo."}, {"role": "user", "content": "Go."}]


def environment() -> str:
    """No two are alike: the clock moves."""
    return f"<environment_details>\n# Current Time\n{next(_clock)}\n</environment_details>"


def parts(*texts: str) -> list[Message]:
    return [{"type": "text", "text": text} for text in texts]


def xml_turn(call: str, result: str, *beside: str, words: str = "") -> list[Message]:
    """Roo up to 3.36 and Cline. beside: further parts, such as Cline's todo list."""
    head = "[the call] Result:"
    return [
        {"role": "assistant", "content": words + call},
        {"role": "user", "content": parts(head, result, *beside, environment())},
    ]


def native_turn(
    arguments: str | dict[str, Any], result: str, name: str = "list_files", *, env: bool = True
) -> list[Message]:
    """Roo since 3.37, whose environment follows in a user message; without `env` other clients."""
    return side_by_side([(name, arguments, result)], env=env)


def side_by_side(
    calls: list[tuple[str, str | dict[str, Any], str]], *, env: bool = True, turned: bool = False
) -> list[Message]:
    """Several calls in one message. turned: their results come in the other order."""
    ids = [f"call_{next(_clock)}" for _ in calls]
    made = [
        {"id": id_, "type": "function", "function": {"name": name, "arguments": _json(arguments)}}
        for id_, (name, arguments, _) in zip(ids, calls, strict=True)
    ]
    results = [
        {"role": "tool", "tool_call_id": id_, "content": result}
        for id_, (_, _, result) in zip(ids, calls, strict=True)
    ]
    after = [{"role": "user", "content": parts(environment())}] if env else []
    return [
        {"role": "assistant", "content": "", "tool_calls": made},
        *(results[::-1] if turned else results),
        *after,
    ]


def _json(arguments: str | dict[str, Any]) -> str:
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()


def xml(result: str = "a.py", call: str = LIST, **more: Any) -> list[Message]:
    return xml_turn(call, result, **more)


def native(result: str = "a.py", path: str = "src", **more: Any) -> list[Message]:
    return native_turn({"path": path, "recursive": False}, result, **more)


def joined(turns: Iterable[list[Message]]) -> list[Message]:
    return [message for turn in turns for message in turn]


def row(times: int, turn: Turn, *args: Any, **more: Any) -> list[Message]:
    """So many turns, made one by one."""
    return [message for _ in range(times) for message in turn(*args, **more)]
