"""When what is pending goes out to the client, and how much of it in one write.

Roo's native parser re-reads all arguments at every delta, and a write costs the bridge more than all else
it does with a delta. So the first piece of a text or a call goes out at once, then at most one write per
pace with all that is pending joined, and an end at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

from roobridge.errors import RoobridgeError
from roobridge.events import Content, Piece, Thought, ToolDelta

NEVER = float("inf")

Write: TypeAlias = Callable[[list[Piece]], Awaitable[None]]


def join(pieces: list[Piece]) -> list[Piece]:
    """The same pieces with neighbours of one channel as one."""
    if len(pieces) < 2:
        return pieces
    joined: list[Piece] = []
    start = 0
    for at in range(1, len(pieces) + 1):
        if at == len(pieces) or not _continues(pieces[at], pieces[start]):
            joined.append(pieces[start] if at == start + 1 else _merge(pieces[start:at]))
            start = at
    return joined


def _continues(piece: Piece, last: Piece | None) -> bool:
    if isinstance(piece, ToolDelta):
        return isinstance(last, ToolDelta) and last.index == piece.index and not (piece.id or piece.name)
    if isinstance(piece, Thought):
        return isinstance(last, Thought) and last.preview == piece.preview
    return isinstance(piece, Content) and isinstance(last, Content)


def _merge(run: Sequence[Piece]) -> Piece:
    first = run[0]
    if isinstance(first, ToolDelta):
        fragments = "".join(piece.arguments for piece in run if isinstance(piece, ToolDelta))
        return ToolDelta(first.index, first.id, first.name, fragments)
    text = "".join(piece.text for piece in run if isinstance(piece, (Content, Thought)))
    return Thought(text, first.preview) if isinstance(first, Thought) else Content(text)


class Pacing:
    """What is pending and when it is due; the time is the caller's, in seconds.

    pace: seconds between two writes, 0 for none. whole: nothing is due before `end`.
    """

    def __init__(self, pace: float, *, whole: bool = False) -> None:
        self.due = NEVER  # when the pending pieces may go out
        self._pace = pace
        self._whole = whole
        self._pending: list[Piece] = []
        self._last: Piece | None = None
        self._next_write = 0.0

    @property
    def pending(self) -> bool:
        return bool(self._pending)

    def add(self, pieces: Iterable[Piece], now: float) -> None:
        if self._whole:
            # What is shown early would come in the same write as its text.
            self._pending += [piece for piece in pieces if not (isinstance(piece, Thought) and piece.preview)]
            return
        for piece in pieces:
            self._pending.append(piece)
            if self._pace and _continues(piece, self._last):
                self.due = min(self.due, max(now, self._next_write))
            else:
                self.due = now
            self._last = piece

    def pass_on(self, pieces: list[Piece], now: float) -> list[Piece]:
        """`add` and `take` at once."""
        if not (self._pace or self._whole or self._pending):
            return join(pieces)
        self.add(pieces, now)
        return self.take(now)

    def withdraw(self) -> None:
        """Drop what is pending."""
        self._pending.clear()
        self.due = NEVER

    def end(self, now: float, *, broken: bool = False) -> None:
        """Nothing more is added: what is pending is due, but for a broken reply that was to come whole."""
        if broken and self._whole:
            self._pending.clear()
        self.due = now

    def take(self, now: float) -> list[Piece]:
        """All that is pending, joined; empty where it is not due yet."""
        if now < self.due:
            return []
        self.due = NEVER
        self._next_write = now + self._pace
        pending, self._pending = self._pending, []
        return join(pending)


class Outbox:
    """Between the task that reads the upstream and the one that writes to the client.

    One writer (`put`, `end`), one reader (`next`). What is pending is at most the reply itself.
    """

    def __init__(self, pacing: Pacing) -> None:
        self.ended = False
        self.error: RoobridgeError | None = None
        self._pacing = pacing
        self._loop = asyncio.get_running_loop()
        self._write: Write | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._due_timer: asyncio.TimerHandle | None = None
        self._quiet_timer: asyncio.TimerHandle | None = None
        self._quiet = NEVER
        self._comment_due = False
        self._written = self._loop.time()
        self._sent = -NEVER  # when pieces were last taken or written
        self._settle = 0.0
        self._settle_timer: asyncio.TimerHandle | None = None

    @property
    def pending(self) -> bool:
        """Whether pieces wait to be taken."""
        return self._pacing.pending

    async def put(self, pieces: list[Piece]) -> None:
        """Pieces for the client. Waits only where it writes them, as `write_through` has it."""
        if self._write is not None:
            # The turns that woke together are all fed before the first one writes: writes that stand close
            # together wake whoever reads them once, at two thirds of the cost in the kernel.
            await asyncio.sleep(0)
        now = self._loop.time()
        if self._waiter is None:
            self._pacing.add(pieces, now)  # the reader is busy, and looks here next
        elif self._write is not None:
            pieces = self._pacing.pass_on(pieces, now)
            if pieces:
                self._written = self._sent = now
                await self._write(pieces)
            else:
                self._arm(now)
        else:
            self._pacing.add(pieces, now)
            self._arm(now)

    def write_through(self, write: Write) -> None:
        """From now on what is due while the reader waits goes to `write`, in the task that puts it: to wake
        the reader for every delta would cost more than all that is done with it.
        """
        self._write = write

    def withdraw(self) -> None:
        """Drop what waits to be taken."""
        self._pacing.withdraw()

    def end(self, error: RoobridgeError | None = None, *, settle: float = 0.0) -> None:
        """Nothing more comes; error: what broke the reply off. settle: seconds between the last piece and the
        end of what the reader gets; none once the reader has gone."""
        if not self.ended:
            self.ended = True
            self.error = error
            self._settle = settle
            self._pacing.end(self._loop.time(), broken=error is not None)
            self._wake()

    def comment_every(self, quiet: float) -> None:
        """From now on `next` returns empty-handed after so many seconds in which nothing went out, 0 for
        never.
        """
        self._quiet = quiet
        self._comment_due = False
        self._written = self._loop.time()
        if self._quiet_timer is not None:
            self._quiet_timer.cancel()
            self._quiet_timer = None
        if not quiet:
            return
        self._quiet_timer = self._loop.call_at(self._written + quiet, self._quiet_passed)

    async def next(self) -> list[Piece] | None:
        """The pieces of the next write; [] where only a comment is due; None at the end."""
        while True:
            if self._pacing.due != NEVER:
                now = self._loop.time()
                pieces = self._pacing.take(now)
                if pieces:
                    self._written = self._sent = now
                    return pieces
            if self.ended:
                if not self._settles():
                    return None
            elif self._comment_due:
                self._comment_due = False
                self._written = self._loop.time()
                return []
            self._waiter = self._loop.create_future()
            if self._pacing.due != NEVER:
                self._arm(self._loop.time())
            await self._waiter

    def close(self) -> None:
        """The reader has gone."""
        self._write = None
        self._settle = 0.0
        for timer in (self._due_timer, self._quiet_timer, self._settle_timer):
            if timer is not None:
                timer.cancel()
        if self.ended:
            self._wake()

    def _settles(self) -> bool:
        """Whether the end still waits for the last piece to settle; the reader is woken then."""
        due = self._sent + self._settle
        if self._loop.time() >= due:
            return False
        self._settle_timer = self._loop.call_at(due, self._wake)
        return True

    def _arm(self, now: float) -> None:
        """Wake the reader when what is pending is due."""
        due = self._pacing.due
        if due <= now:
            self._wake()
        elif due != NEVER and self._due_timer is None:  # else it wakes no later: a write is never due sooner
            self._due_timer = self._loop.call_at(due, self._due_passed)

    def _due_passed(self) -> None:
        self._due_timer = None
        self._wake()

    def _quiet_passed(self) -> None:
        # Re-armed here and not at each write, so that a write costs no timer.
        due = self._written + self._quiet
        if self._loop.time() >= due:
            self._comment_due = True
            self._wake()
            due = self._loop.time() + self._quiet
        self._quiet_timer = self._loop.call_at(due, self._quiet_passed)

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
