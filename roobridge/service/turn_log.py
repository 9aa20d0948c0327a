"""What the log says of a turn: what was recognised and done, and why; never what anyone wrote."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence

from roobridge.events import CallStart
from roobridge.service.turns import Turn

log = logging.getLogger("roobridge.turns")

_CALLS = 20  # that are named; a reply may hold any number
_NAME = 64  # characters of a tool's name: OpenAI's limit


def log_begin(turn: Turn) -> None:
    """For those who look closer: what was made of the request."""
    plan, chat = turn.ask.plan, turn.ask.chat
    log.debug(
        "turn %s begins: kind=%s client=%s tools=%d wrap=%s single_call=%s stream=%s "
        "buffered=%s upstream=%s why=%s",
        turn.id,
        plan.kind.value,
        plan.sender,
        len(plan.toolset.tools),
        plan.wrap.value if plan.agent else "-",
        plan.single_call,
        chat.stream,
        turn.ask.buffered,
        turn.way.name,
        turn.way.why,
    )


def log_end(turn: Turn) -> None:
    """One line for every turn, and for those who look closer another one."""
    asking = turn.asking
    log.info(
        "turn %s request=%s client=%s kind=%s upstream=%s model=%s pieces=%d calls=%s wrapped=%s "
        "repairs=%s tries=%s outcome=%s ms=%d",
        turn.id,
        turn.way.request.headers.get("x-request-id", "-"),
        turn.ask.plan.sender,
        turn.ask.plan.kind.value,
        turn.way.name,
        turn.ask.chat.model,
        turn.pieces,
        _calls(turn.reply.calls if turn.reply is not None else ()),
        wrapped(turn),
        _words(turn.repairs),
        _words(map(str, turn.way.request.tries)),
        turn.error.code if turn.error else "ok",
        (time.monotonic() - turn.began) * 1000,
    )
    log.debug(
        "turn %s was over: upstream=%s why=%s exchanges=%d continuations=%d ends=%s deltas=%d "
        "first_ms=%s held_ms=%s",
        turn.id,
        turn.way.name,
        turn.way.why,
        len(asking.exchanges),
        asking.continuations,
        _words(exchange.finish or "done" for exchange in asking.exchanges),
        asking.deltas,
        _milliseconds(turn.began, turn.sent),
        _milliseconds(asking.spoke, turn.answered),
    )


def wrapped(turn: Turn) -> str:
    """Whether text was made a completion: `yes`, or `no:` and why not."""
    if turn.reply is not None and turn.reply.wrapped:
        return "yes"
    if not turn.ask.plan.agent:
        return "no:client"  # it needs no call
    return "no:error" if turn.error is not None else "no:call"


def _calls(calls: Sequence[CallStart]) -> str:
    """`read_file(roo-xml),list_files(hermes)`, and how many more there are."""
    told = [f"{call.name[:_NAME]}({call.dialect})" for call in calls[:_CALLS]]
    return _words(told + ([f"+{len(calls) - _CALLS}"] if len(calls) > _CALLS else []))


def _words(words: Iterable[str]) -> str:
    return ",".join(words) or "-"


def _milliseconds(start: float, end: float) -> str:
    return f"{max(end - start, 0.0) * 1000:.0f}" if start and end else "-"
