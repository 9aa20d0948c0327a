"""Requests whose reply has just broken off, so that asking again does not become a storm.

With auto-approval off Roo answers an error that came after any content or reasoning by asking again at
once, about 2.5 times a second, without end; an error before any content makes it stop and ask its user. So
the repeat of a broken request is answered only when its reply is whole.
"""

from __future__ import annotations

from collections import OrderedDict

from roobridge.errors import ReplyError, RoobridgeError

MEMORY = 300.0  # seconds: longer than a person takes to press a button, shorter than a task
CAPACITY = 10_000  # requests; each takes about 200 bytes


class Storm:
    """Remembers broken requests by their fingerprint; the time is the caller's, in seconds."""

    def __init__(self, memory: float = MEMORY, capacity: int = CAPACITY) -> None:
        self._memory = memory
        self._capacity = capacity
        self._broken: OrderedDict[bytes, float] = OrderedDict()  # oldest first

    def broke(self, fingerprint: bytes, now: float) -> None:
        """A reply to this request broke off after some of it had gone out, or did so again."""
        self._broken[fingerprint] = now
        self._broken.move_to_end(fingerprint)
        self._forget(now)

    def held(self, fingerprint: bytes) -> None:
        """A reply to this request came whole."""
        self._broken.pop(fingerprint, None)

    def is_repeat(self, fingerprint: bytes, now: float) -> bool:
        """Whether this request repeats one that has just broken."""
        self._forget(now)
        return fingerprint in self._broken

    def _forget(self, now: float) -> None:
        while self._broken and (
            len(self._broken) > self._capacity or next(iter(self._broken.values())) < now - self._memory
        ):
            self._broken.popitem(last=False)


def broken_again(cause: RoobridgeError) -> ReplyError:
    """The error for a repeat that broke too: its status and kind keep a client from asking at once."""
    return ReplyError(
        f"The reply broke off again: {cause.message} Nothing of it was delivered; try once more later.",
        code=cause.code or "broken_again",
        status_hint=503,
    )
