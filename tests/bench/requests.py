"""What a turn costs before the upstream is asked: a Roo conversation of 300 KB is read and planned."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from roobridge.bridge.reply.reply import new_reply
from roobridge.bridge.request.chat import parse_chat_request
from roobridge.bridge.request.classify import classify
from roobridge.bridge.request.history import clean_history
from roobridge.bridge.request.identity import digest_messages, request_fingerprint
from roobridge.service.conversations.open_turns import OpenTurns
from roobridge.web.body import decode_body
from tests.bench.shapes import SHAPES, request_body
from tests.bench.tables import spread, table
from tests.oracle.plans import grammar

_FILE = "".join(f"{line} | def made_up_{line}(x): return x < {line} and 'words'\n" for line in range(60))
_HEADERS = {"user-agent": "RooCode/3.36.0"}


class _Nobody:
    def cancel(self, reason: Exception) -> None:
        """A turn that is never superseded."""


def history(shape: str, size: int) -> bytes:
    """A request's body with so many characters of messages, tools called and their results in between."""
    body = msgspec.json.decode(request_body(shape, "made-up"))
    body["messages"] += _turns(size) if not SHAPES[shape].tools else _native_turns(size)
    return msgspec.json.encode(body)


def _turns(size: int) -> list[dict[str, object]]:
    call = "I read it.\n\n<read_file>\n<path>src/made_up.py</path>\n</read_file>"
    result = (
        f"[read_file for 'src/made_up.py'] Result:\n{_FILE}\n<environment_details>now</environment_details>"
    )
    turn: list[dict[str, object]] = [
        {"role": "assistant", "content": call},
        {"role": "user", "content": [{"type": "text", "text": result}]},
    ]
    return turn * (size // (len(call) + len(result)) + 1)


def _native_turns(size: int) -> list[dict[str, object]]:
    turns: list[dict[str, object]] = []
    for index in range(size // len(_FILE) + 1):
        call = {"name": "write_to_file", "arguments": '{"path":"src/made_up.py","content":"x"}'}
        calls = [{"id": f"call_{index}", "type": "function", "function": call}]
        turns.append({"role": "assistant", "content": "I write it.", "tool_calls": calls})
        turns.append({"role": "tool", "tool_call_id": f"call_{index}", "content": _FILE})
    return turns


def _steps(body: bytes) -> dict[str, Callable[[], object]]:
    known = grammar()
    chat = parse_chat_request(decode_body(body))
    plan = classify(_HEADERS, chat, known)
    digests = digest_messages(chat.messages)
    turns = OpenTurns()

    def register() -> None:
        nobody = _Nobody()
        turns.supersede(b"key", digests)
        turns.add(b"key", digests, nobody)
        turns.remove(b"key", nobody)

    return {
        "body to messages": lambda: parse_chat_request(decode_body(body)),
        "kind, version, tools": lambda: classify(_HEADERS, chat, known),
        "messages' digests": lambda: digest_messages(chat.messages),
        "fingerprint": lambda: request_fingerprint("key", chat.model, digests),
        "open turns": register,
        "history cleaned": lambda: clean_history(chat.messages, plan),
        "machine made": lambda: new_reply(plan),
        "body for the upstream": lambda: msgspec.json.encode(chat.body),
    }


def requests_benchmark(*, rounds: int, size: int = 300_000) -> None:
    """Print what each step costs, in microseconds."""
    taken: dict[tuple[str, str], list[float]] = {}
    shapes = ("xml", "native")
    for shape in shapes:
        for _ in range(rounds):
            for name, step in _steps(history(shape, size)).items():
                taken.setdefault((name, shape), []).append(_timed(step))
    names = [name for name, shape in taken if shape == "xml"]
    lines = [[name, *(spread(taken[name, shape], 0) for shape in shapes)] for name in names]
    totals = [str(round(sum(sorted(taken[name, shape])[rounds // 2] for name in names))) for shape in shapes]
    print(f"**A turn's start with {size // 1000} KB of history, µs**\n")  # noqa: T201
    print(table(["", *shapes], [*lines, ["together", *totals]]))  # noqa: T201


def _timed(step: Callable[[], object], repeats: int = 30) -> float:
    """The cost of one call, in microseconds."""
    start = time.process_time()
    for _ in range(repeats):
        step()
    return (time.process_time() - start) / repeats * 1e6
