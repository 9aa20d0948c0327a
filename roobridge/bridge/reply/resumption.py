"""A reply that broke off, as far as what goes on with it may know it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reading import Reading
from roobridge.bridge.reply.telling import Telling
from roobridge.bridge.reply.unfinished import Opening
from roobridge.events import Event, Piece


class Resumption:
    """opening: where the reply stopped. feed: a delta that goes on there in, pieces for the client out.

    What tells the open call again is read by a reading of its own (`read_again`). Whoever reads it compares
    its events with what the client was sent, and passes on what is new (`take`). Once all that was sent was
    told again, that reading takes the place of the reply's own (`hand_over`), and `feed` goes on there.
    """

    def __init__(
        self, opening: Opening, reading: Reading, telling: Telling, feed: Callable[[Delta], list[Piece]]
    ) -> None:
        self.opening = opening
        self.feed = feed
        self._reading = reading
        self._telling = telling

    @property
    def done(self) -> bool:
        """The client's reply is over."""
        return self._telling.done

    def note(self, repair: str) -> None:
        """Name a repair."""
        self._telling.repairs.append(repair)

    def read_again(self) -> Reading:
        """A reading of the same reply that has read nothing, and that tells the client nothing."""
        return self._reading.anew(reasoned=bool(self._telling.thoughts))

    def take(self, events: Iterable[Event]) -> list[Piece]:
        """Events of another reading that the client has not been told yet."""
        pieces: list[Piece] = []
        self._telling.take(events, pieces)
        return pieces

    def hand_over(self, again: Reading, *, same_spelling: bool) -> None:
        """From here on another reading goes on, which stands in the same open call.

        same_spelling: it reads the call in the dialect in which it began.
        """
        if not same_spelling:
            self._telling.respell()
        if self._reading.has_waiting:
            # It stood beside a call that is now told otherwise: its place is gone.
            self.note("text_beside_call_dropped")
        self._reading.become(again)

    def give_up(self, why: str) -> list[Piece]:
        """What was to go on does not fit: the pieces end with a Fail."""
        pieces: list[Piece] = []
        self._telling.give_up(self._reading.open_call, why, pieces)
        return pieces
