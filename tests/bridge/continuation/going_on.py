"""A reply that broke off, and goes on with a continuation."""

from __future__ import annotations

from collections.abc import Iterable

from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.continuation.stitch import Stitch
from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.agent import AgentReply
from roobridge.events import Piece
from tests.oracle.expected import agree, delivered
from tests.oracle.outcome import Outcome, join
from tests.oracle.plans import Client
from tests.oracle.replies import Call


def broken(
    client: Client, deltas: Iterable[Delta], wrap: Wrap = Wrap.PREVIEW
) -> tuple[AgentReply, list[Piece]]:
    reply = AgentReply(client.plan(wrap))
    return reply, [piece for delta in deltas for piece in reply.feed(delta)]


def go_on(
    reply: AgentReply, sent: list[Piece], continuation: Iterable[Delta], finish: str, *, exact: bool
) -> Outcome:
    """What the client has in hand in the end; the reply ended by `finish`, its continuation by "stop"."""
    resumption = reply.resumption(finish)
    pieces = list(sent)
    if resumption is not None:
        stitch = Stitch(resumption, exact=exact)
        try:
            for delta in continuation:
                pieces += [] if reply.done else stitch.feed(delta)
            pieces += [] if reply.done else stitch.close()
            finish = "stop" if stitch.added else finish
        except MisfitError as misfit:
            pieces += resumption.give_up(str(misfit))
    if not reply.done:
        pieces += reply.close(finish)
    return join(pieces, reply.repairs)


def assert_whole_or_failed(client: Client, call: Call, outcome: Outcome) -> None:
    if not outcome.fail:
        (got,) = delivered(client, outcome)
        assert agree(client, call, got), f"{got}"
