"""A reply that is no answer, asked for once more: before a text without a call is wrapped, and before a
client is told of a call that cannot be delivered."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from roobridge.bridge.continuation.ask import correction, reminder
from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import UpstreamRequest, is_normal
from roobridge.errors import UpstreamError
from roobridge.events import Fail, Piece, Thought
from roobridge.service.turns.exchange import Exchange

# What asking again can mend: an attempt at a call, and a call that this client would misread.
_MENDABLE = frozenset({"unreadable_call", "misread_call"})
# The same, where the model itself stopped within the call. At `length` it would stop there again, and an end
# by error, silence or a lost connection is the upstream's: the client asks again better.
_MENDABLE_WHEN_STOPPED = frozenset({"unfinished_call"})


def second_request(
    first: Exchange, request: UpstreamRequest, plan: Plan, *, remind: bool
) -> UpstreamRequest | None:
    """What a model is asked once more after a reply that its upstream has ended; None where nothing is.

    remind: a text that is to be wrapped is answered with the client's own reminder.
    """
    reply = first.reply
    text = reply.lone_text(first.finish) if remind and not first.over else ""
    failure = first.close()
    if failure is None:
        return reminder(request, text, plan) if text else None
    stopped = failure.code in _MENDABLE_WHEN_STOPPED and is_normal(first.finish)
    if not plan.agent or not (stopped or failure.code in _MENDABLE):
        return None
    return correction(request, reply.said, failure.message, reply.tried, plan)


def thoughts(pieces: list[Piece]) -> list[Piece]:
    """What still goes out of a reply that failed with these pieces, where the client has nothing of it yet.

    An agent stops at an error that comes first, keeps no half file, and the model can be asked once more.
    """
    return [piece for piece in pieces if isinstance(piece, Thought)]


async def calls_now(second: Exchange, request: UpstreamRequest, answered: Callable[[], bool]) -> bool:
    """Ask once more; whether the second reply holds a call and so takes the place of the first.

    second: not begun; its text waits until a call comes. answered: whether content or a call went out. Where
    neither did, the first reply stands, also where the second is refused or breaks off.
    """
    with suppress(UpstreamError):
        await second.listen(request)
    if not answered() and not await _ends_as_call(second):
        return False
    second.reply.note("second_chance")
    return True


async def _ends_as_call(second: Exchange) -> bool:
    """Whether the second reply's end makes a call of what it held; it is delivered then."""
    if second.over or not second.finish or second.reply.lone_text(second.finish):
        return False
    if isinstance(second.close(), Fail):
        return False
    await second.conclude()
    return True
