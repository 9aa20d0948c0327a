"""Whether an agent goes round in a circle: the same calls with the same results, several turns in a row.

An agent sends its whole history with each request; a turn is an assistant message and what came back for it.
What the client adds by itself, and differently each time, is left out: Roo's and Cline's
`<environment_details>` at a text's end (in Roo's R1 format the tool message's), `<system-reminder>` of
qwen-code and OpenCode, and the part of its own in which Cline asks for a todo list
(src/core/task/focus-chain/prompts.ts). Whatever else stands between two calls makes them no row, the user's
words above all; so does a message that cannot be told from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.bridge.request.chat import ChatRequest, Message, is_function, text_of
from roobridge.bridge.request.history import open_tag, strip_preview
from roobridge.bridge.request.question import Choice, Question, ask_user
from roobridge.events import ToolDelta
from roobridge.policy.attempt import show

SHOWN = 120  # characters of a name, and of the arguments, that a question shows

_BLOCKS = (
    ("<environment_details>", "</environment_details>"),
    ("<system-reminder>", "</system-reminder>"),
)
_MOST_BLOCKS = 4  # at the end of one text
_TODO_LIST = ("# task_progress", "# TODO LIST UPDATE REQUIRED")
# The user's words in a result: Roo's and Cline's feedback, resumed task, and answer to a question.
_SPOKEN = ("<feedback>", "<user_message>", "<answer>")
_TAG = re.compile(r"</?\w+>")

_ASKED = "roobridge has stopped the agent here. How should it go on?"
_CHOICES = (
    Choice("Try another way", "reach the goal without making this call again."),
    Choice("Make the call again", "it may give another result by now."),
    Choice("Stop and report", "say what is done, and what is missing."),
)

_Unit = str | bytes  # a text, or the JSON of another part


class StuckCall(msgspec.Struct, frozen=True):
    """A call that is made over and over. tool: its name, and shown: the beginning of its arguments, perhaps
    empty, each on one line. beside: how many other calls each of the turns holds."""

    tool: str
    shown: str = ""
    beside: int = 0


class _Turn(msgspec.Struct, frozen=True):
    """calls: name and arguments. results: which call each is for, -1 for none of them, and its units."""

    calls: tuple[tuple[str, _Unit], ...]
    results: tuple[tuple[int, tuple[_Unit, ...]], ...]


def stuck_question(chat: ChatRequest, plan: Plan, times: int) -> ToolDelta | None:
    """The call that asks the client's user how to go on, where the last `times` turns were one and the same
    and the client has a tool for it. times: 0 for never."""
    if not times or plan.kind is ClientKind.PLAIN:
        return None
    call = stuck_call(chat.messages, plan, times)
    return None if call is None else ask_user(_question(call, times), chat, plan)


def _question(call: StuckCall, times: int) -> Question:
    beside = f" (with {call.beside} more beside it)" if call.beside else ""
    said = f"{call.tool} {call.shown}".rstrip() + beside
    text = f"The same call was made {times} times in a row, each time with the same result: {said}. {_ASKED}"
    return Question("Same call", text, _CHOICES)


def stuck_call(messages: Sequence[Message], plan: Plan, times: int) -> StuckCall | None:
    """The first call of the last `times` turns, where these are one and the same; None where they are not.

    messages: checked by `parse_chat_request`. times: at least 1. Calls side by side in one message are one
    turn, and repeat only together. Arguments are compared as JSON values, in XML to the letter. Read from the
    end, and no further than to the first turn that differs.
    """
    last: _Turn | None = None
    count = 0
    for said, answers in islice(_turns(messages), times):
        try:
            turn = _turn(said, answers, plan)
        except (RecursionError, UnicodeEncodeError):
            return None  # nested too deep, or no text: not to be compared
        if turn is None or (last is not None and turn != last):
            return None
        last = turn
        count += 1
    return _named(last) if last is not None and count == times else None


def _turns(messages: Sequence[Message]) -> Iterator[tuple[Message, list[Message]]]:
    """Assistant messages with what came back for each, from the last one on."""
    answers: list[Message] = []
    for message in reversed(messages):
        if message["role"] == "assistant":
            yield message, answers[::-1]
            answers = []
        else:
            answers.append(message)


def _turn(said: Message, answers: Sequence[Message], plan: Plan) -> _Turn | None:
    if plan.kind is ClientKind.XML_AGENT:
        return _xml_turn(said, answers, plan)
    return _native_turn(said, answers)


def _xml_turn(said: Message, answers: Sequence[Message], plan: Plan) -> _Turn | None:
    names = plan.toolset.read_tools | frozenset(plan.toolset.tools)
    text = strip_preview(text_of(said))
    # By the client's own rule: the first literal tag of a tool begins the call, wherever it stands.
    tag = open_tag(names).search(text)
    units = tuple(unit for message in answers for unit in _units(message))
    if tag is None or not units or _spoken(units):
        return None
    return _Turn(((tag[1], text[tag.end() :].strip()),), ((0, units),))


def _native_turn(said: Message, answers: Sequence[Message]) -> _Turn | None:
    calls = said.get("tool_calls") or ()
    if not calls or not all(is_function(call) for call in calls):
        return None
    numbers = {call.get("id"): number for number, call in enumerate(calls)}
    results: list[tuple[int, tuple[_Unit, ...]]] = []
    for message in answers:
        units = tuple(_units(message))
        if message["role"] == "tool":
            number = numbers.get(message.get("tool_call_id"), -1)
        elif any(isinstance(unit, str) for unit in units):
            return None
        else:
            number = -1  # a picture that belongs to a result, or nothing but the client's own
        if units or number >= 0:
            results.append((number, units))
    answered = {number for number, _ in results}
    if not answered.issuperset(range(len(calls))) or any(_spoken(units) for _, units in results):
        return None
    # Calls that ran side by side may come back in any order.
    results.sort(key=lambda result: result[0])
    return _Turn(tuple(_call(call["function"]) for call in calls), tuple(results))


def _units(message: Message) -> Iterator[_Unit]:
    """The parts of a message without what the client adds."""
    result = message["role"] == "tool"
    content = message.get("content") or ()
    parts: list[Any] = [{"text": content}] if isinstance(content, str) else list(content)
    for part in parts:
        text = part.get("text")
        if not isinstance(text, str):
            # Roo marks the last parts of a history for the cache.
            yield msgspec.json.encode({key: part[key] for key in part if key != "cache_control"})
            continue
        text = _without_blocks(text)
        words = text.lstrip()
        if result or (words and not words.startswith(_TODO_LIST)):
            yield text


def _without_blocks(text: str) -> str:
    """A text without the blocks of the client's own at its end."""
    for _ in range(_MOST_BLOCKS):
        words = text.rstrip()
        opening = next((opening for opening, close in _BLOCKS if words.endswith(close)), "")
        start = words.rfind(opening) if opening else -1
        if start < 0:
            break
        text = words[:start]
    return text


def _spoken(units: Sequence[_Unit]) -> bool:
    return any(isinstance(unit, str) and mark in unit for unit in units for mark in _SPOKEN)


def _call(function: dict[str, Any]) -> tuple[str, _Unit]:
    """A call's name, and its arguments with their keys in order; what is no JSON stays as it is written."""
    arguments: Any = function.get("arguments") or ""
    if isinstance(arguments, str):
        try:
            arguments = msgspec.json.decode(arguments)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            return function["name"], arguments
    return function["name"], msgspec.json.encode(arguments, order="sorted")


def _named(turn: _Turn) -> StuckCall:
    tool, arguments = turn.calls[0]
    head = arguments[: SHOWN * 4]
    if isinstance(head, bytes):
        words = "" if head == b"{}" else head.decode(errors="ignore")
    else:
        words = _TAG.sub(" ", head)
    return StuckCall(show(tool, SHOWN), show(words, SHOWN), len(turn.calls) - 1)
