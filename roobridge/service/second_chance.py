"""A reply of text alone, answered with the client's own reminder before it is wrapped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from roobridge.bridge.ports import UpstreamRequest
from roobridge.errors import UpstreamError
from roobridge.events import Fail
from roobridge.service.exchange import Exchange


async def calls_now(second: Exchange, request: UpstreamRequest, answered: Callable[[], bool]) -> bool:
    """Ask with the reminder; whether the second reply holds a call and so takes the place of the first.

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
    pieces = second.reply.close(second.finish)
    if isinstance(pieces[-1], Fail):
        return False
    second.failure = await second.deliver(pieces)
    return True
