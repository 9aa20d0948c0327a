"""What one read of an upstream gave, in as few deltas as say the same (law 1: the cutting means nothing)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta

_CONTENT = -1
_REASONING = -2


def join_deltas(deltas: Sequence[Delta]) -> Sequence[Delta]:
    """Neighbours that hold words of one channel alone, content, reasoning or one call's arguments, as one."""
    if len(deltas) < 2:
        return deltas
    joined: list[Delta] = []
    for channel, run in groupby(deltas, _channel):
        if channel is None:
            joined += run
        elif channel == _CONTENT:
            joined.append(Delta(content="".join([delta.content for delta in run])))
        elif channel == _REASONING:
            joined.append(Delta(reasoning="".join([delta.reasoning for delta in run])))
        else:
            arguments = "".join([delta.tool_calls[0].arguments for delta in run])
            joined.append(Delta(tool_calls=(ToolDelta(channel, arguments=arguments),)))
    return joined


def _channel(delta: Delta) -> int | None:
    """The index of the call whose arguments alone a delta holds, or a channel below zero; None for others."""
    if delta.usage is not None or delta.finish:
        return None
    if not delta.tool_calls:
        if not delta.reasoning:
            return _CONTENT
        return None if delta.content else _REASONING
    call, *others = delta.tool_calls
    if others or call.id or call.name or call.index < 0 or delta.content or delta.reasoning:
        return None
    return call.index
