"""What the log says of a turn: what was recognised and done, and why; never what anyone wrote.

A record's `told` has the same words for a log that is read by programs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence

from roobridge.events import CallStart
from roobridge.service.turns.turn import Turn

log = logging.getLogger("roobridge.turns")

_EVENTS = {"turn": "turn %s %s", "turn_begins": "turn %s begins: %s", "turn_over": "turn %s was over: %s"}
_CALLS = 20  # that are named; a reply may hold any number
_NAME = 64  # characters of a tool's name: OpenAI's limit


def log_begin(turn: Turn) -> None:
    """For those who look closer: what was made of the request."""
    if log.isEnabledFor(logging.DEBUG):
        _tell(logging.DEBUG, "turn_begins", turn, _of_request(turn))


def log_end(turn: Turn) -> None:
    """One line for every turn, and for those who look closer another one."""
    if log.isEnabledFor(logging.INFO):
        _tell(logging.INFO, "turn", turn, _of_turn(turn))
    if log.isEnabledFor(logging.DEBUG):
        _tell(logging.DEBUG, "turn_over", turn, _of_exchanges(turn))


def _tell(level: int, event: str, turn: Turn, words: Mapping[str, object]) -> None:
    said = " ".join(f"{name}={'-' if word is None else word}" for name, word in words.items())
    told = {"event": event, "turn": turn.id, **words}
    log.log(level, _EVENTS[event], turn.id, said, extra={"told": told})


def _of_request(turn: Turn) -> dict[str, object]:
    plan, chat = turn.ask.plan, turn.ask.chat
    return {
        "kind": plan.kind.value,
        "client": plan.sender,
        "tools": len(plan.toolset.tools),
        "wrap": plan.wrap.value if plan.agent else None,
        "single_call": plan.single_call,
        "stream": chat.stream,
        "buffered": turn.ask.buffered,
        "upstream": turn.way.name,
        "why": turn.way.why,
    }


def _of_turn(turn: Turn) -> dict[str, object]:
    return {
        "request": turn.way.request.headers.get("x-request-id"),
        "client": turn.ask.plan.sender,
        "kind": turn.ask.plan.kind.value,
        "upstream": turn.way.name,
        "model": turn.ask.chat.model,
        "pieces": turn.pieces,
        "calls": _calls(turn.reply.calls if turn.reply is not None else ()),
        "wrapped": _wrapped(turn),
        "repairs": _words(turn.repairs),
        "tries": _words(map(str, turn.way.request.tries)),
        "outcome": turn.error.code if turn.error is not None else "ok",
        "ms": _milliseconds(turn.began, time.monotonic()),
    }


def _of_exchanges(turn: Turn) -> dict[str, object]:
    asking = turn.asking
    return {
        "upstream": turn.way.name,
        "why": turn.way.why,
        "exchanges": len(asking.exchanges),
        "continuations": asking.continuations,
        "ends": _words(exchange.finish or "done" for exchange in asking.exchanges),
        "deltas": asking.deltas,
        "first_ms": _milliseconds(turn.began, turn.sent),
        "held_ms": _milliseconds(asking.spoke, turn.answered),
    }


def _wrapped(turn: Turn) -> str:
    """Whether text was made a completion: `yes`, or `no:` and why not."""
    if turn.reply is not None and turn.reply.wrapped:
        return "yes"
    if not turn.ask.plan.agent:
        return "no:client"  # it needs no call
    return "no:error" if turn.error is not None else "no:call"


def _calls(calls: Sequence[CallStart]) -> str | None:
    """`read_file(roo-xml),list_files(hermes)`, and how many more there are."""
    told = [f"{call.name[:_NAME]}({call.dialect})" for call in calls[:_CALLS]]
    return _words(told + ([f"+{len(calls) - _CALLS}"] if len(calls) > _CALLS else []))


def _words(words: Iterable[str]) -> str | None:
    return ",".join(words) or None


def _milliseconds(start: float, end: float) -> int | None:
    return int(max(end - start, 0.0) * 1000) if start and end else None
