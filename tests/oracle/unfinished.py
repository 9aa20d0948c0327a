"""Where a reply would stop at an end."""

from __future__ import annotations

from roobridge.bridge.reply.reply import Reply
from roobridge.bridge.reply.unfinished import Opening


def opening_of(reply: Reply, finish: str) -> Opening | None:
    """The opening that an end with this word leaves, or None."""
    resumption = reply.resumption(finish)
    return resumption.opening if resumption is not None else None
