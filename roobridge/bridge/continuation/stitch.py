"""Joins a continuation on to a reply that broke off.

    HOLDING --its beginning is known--> JOINED     (text goes on in the reply's own parser)
       |--it says again what was received--> REPEATING --all of it was said--> JOINED
       '--it tells the call again, or in another spelling--> REJOINING --all of it was told--> JOINED

What was sent is never taken back (law 5), and half a call is never delivered as a whole one (law 9). So
where a continuation does not agree with what was sent, or can be read in two ways, none of it is sent: one
more refusal costs a request, one wrong join a file.
"""

from __future__ import annotations

from enum import Enum, auto

from roobridge.bridge.continuation.beginning import HEAD, How, find_beginning
from roobridge.bridge.continuation.fence import Unfence
from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.continuation.preamble import thinking
from roobridge.bridge.continuation.rejoin import Rejoin
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reading import Reading
from roobridge.bridge.reply.resumption import Resumption
from roobridge.events import Piece, ToolDelta


class _Stage(Enum):
    HOLDING = auto()
    REPEATING = auto()
    REJOINING = auto()
    JOINED = auto()


class Stitch:
    """The deltas of a continuation in, pieces for the client out.

    reply: what broke off, not closed. exact: the upstream goes on behind the very last character. `feed` and
    `close` raise MisfitError where the continuation does not fit; nothing of it has gone out then, and
    another one may be asked for.
    """

    def __init__(self, reply: Resumption, *, exact: bool) -> None:
        self._reply = reply
        self._opening = reply.opening
        self._stage = _Stage.HOLDING
        self._head = ""
        self._thought = False  # thinking stood before the head
        self._expected = ""  # what was received, as far as the continuation is still to repeat it
        self._unfence: Unfence | None = None
        self._again: Reading | None = None  # of the call told again, from its beginning
        self._rejoin: Rejoin | None = None
        self._notes: list[str] = []
        self.added = False  # it said something new
        reply.note("continued")
        if exact:
            # DashScope's partial mode writes the very next character: what looks repeated is meant.
            self._join("", [])

    def note(self, repair: str) -> None:
        """A repair that counts once the continuation is joined on."""
        self._notes.append(repair)

    def feed(self, delta: Delta) -> list[Piece]:
        """What of one delta is new. Raises MisfitError."""
        if self._stage is _Stage.JOINED and self._unfence is None:
            self.added = self.added or bool(delta.content or delta.tool_calls)
            return self._reply.feed(delta)
        pieces: list[Piece] = []
        if delta.reasoning:
            # On a channel of its own it can contradict nothing: it goes out while the text is held (law 2).
            pieces += self._reply.feed(Delta(reasoning=delta.reasoning))
        if delta.content:
            self._text(delta.content, pieces)
        for call in delta.tool_calls:
            self._tool(call, pieces)
        return pieces

    def close(self) -> list[Piece]:
        """The continuation ended, whole or not. Raises MisfitError."""
        pieces: list[Piece] = []
        if self._stage is _Stage.HOLDING and self._head:
            self._decide(pieces, last=True)
        if self._unfence is not None:
            self._say(self._unfence.close(), pieces)
        return pieces

    def _text(self, text: str, pieces: list[Piece]) -> None:
        if self._stage is _Stage.HOLDING:
            self._head += text
            if len(self._head) >= HEAD:
                self._decide(pieces, last=False)
        else:
            self._go_on(text, pieces)

    def _go_on(self, text: str, pieces: list[Piece]) -> None:
        if self._unfence is None:
            self._say(text, pieces)
            return
        self._say(self._unfence.strip(text), pieces)
        if self._unfence.strayed:
            pieces += self._reply.give_up("a code fence ends in the middle of it")

    def _say(self, text: str, pieces: list[Piece]) -> None:
        if not text or self._reply.done:
            return
        if self._stage is _Stage.REPEATING:
            text = self._repeat(text)
        if self._stage is _Stage.REJOINING:
            self._tell_text(text, pieces)
        elif self._stage is _Stage.JOINED and text:
            self.added = True
            pieces += self._reply.feed(Delta(content=text))

    # -- where the new begins --------------------------------------------------------------------------

    def _decide(self, pieces: list[Piece], *, last: bool) -> None:
        """Find where the held head begins to say something new, and pass that on."""
        if not self._think(pieces, last=last) or not self._head:
            return
        # At every cutting the same characters are looked at; what came with them goes on behind them (law 1).
        head, rest, self._head = self._head[:HEAD], self._head[HEAD:], ""
        beginning = find_beginning(self._opening, head, last=last, thought=self._thought)
        for repair in beginning.repairs:
            self._notes.append(repair)
        if beginning.fenced:
            self._unfence = Unfence()
        body = head[beginning.at :]
        if beginning.how is How.RESTARTS:
            self._retell(body, pieces)
        elif beginning.how is How.REPEATS:
            received = self._opening.text
            self._expected = received[received.index(body) + len(body) :]
            self._stage = _Stage.REPEATING
        else:
            self._join(body, pieces)
        self._go_on(rest, pieces)

    def _think(self, pieces: list[Piece], *, last: bool) -> bool:
        """Thinking before the continuation goes out as such. Whether the rest may be looked at."""
        found = None if self._thought else thinking(self._head)
        if found is None:
            return True
        thought, rest, closed = found
        if not closed and not last:
            return False
        self._head, self._thought = rest, True
        if thought:
            pieces += self._reply.feed(Delta(reasoning=thought))
        return last or len(self._head) >= HEAD

    # -- saying again ----------------------------------------------------------------------------------

    def _repeat(self, text: str) -> str:
        """What of the text goes beyond what was received."""
        # To the character: the model repeats its own spelling, and one that departs may mean another file.
        known = self._expected[: len(text)]
        if not text.startswith(known):
            raise MisfitError("it begins anew, but otherwise than what was received")
        self._expected = self._expected[len(known) :]
        rest = text[len(known) :]
        if rest:
            self.note("overlap_removed")
            self._joined()
            if self._opening.told:
                self._stage = _Stage.REJOINING
                self._reread()
        return rest

    def _joined(self) -> None:
        # Not before: of a continuation that does not fit nothing was done, so nothing is named.
        self._stage = _Stage.JOINED
        for repair in self._notes:
            self._reply.note(repair)
        self._notes.clear()

    # -- telling again ---------------------------------------------------------------------------------

    def _join(self, text: str, pieces: list[Piece]) -> None:
        """The continuation begins with this text."""
        self._joined()
        if self._opening.told:
            self._stage = _Stage.REJOINING
            self._reread()
        self._go_on(text, pieces)

    def _reread(self) -> None:
        """The call came as `tool_calls`: another reading takes it as text, up to where it broke off.

        The text is this project's spelling of it, so that values are compared and not characters.
        """
        call = self._opening.call
        assert call is not None
        self._again, self._rejoin = self._reply.read_again(), Rejoin(call, call.before)
        self._rejoin.take(self._again.feed(Delta(content=self._opening.text)))

    def _retell(self, text: str, pieces: list[Piece]) -> None:
        self._begin_anew()
        self._go_on(text, pieces)

    def _begin_anew(self) -> None:
        """The continuation tells the open call again."""
        call = self._opening.call
        assert call is not None
        self.note("call_restarted")
        self._again, self._rejoin = self._reply.read_again(), Rejoin(call)
        self._stage = _Stage.REJOINING

    def _tell(self, delta: Delta, pieces: list[Piece]) -> None:
        """More of the call that is told again."""
        again, rejoin = self._again, self._rejoin
        assert again is not None
        assert rejoin is not None
        new = rejoin.take(again.feed(delta))
        if rejoin.joined:
            self._reply.hand_over(again, same_spelling=rejoin.same_spelling)
            self._joined()
        self.added = self.added or bool(new)
        pieces += self._reply.take(new)

    def _tell_text(self, text: str, pieces: list[Piece]) -> None:
        assert self._again is not None
        if not self._again.has_calls:
            self._tell(Delta(content=text), pieces)
        elif "text_beside_call_dropped" not in self._notes:
            self.note("text_beside_call_dropped")

    def _tool(self, delta: ToolDelta, pieces: list[Piece]) -> None:
        if self._opening.call is None and self._stage is not _Stage.JOINED:
            self._end_text(pieces)
        if self._stage is _Stage.JOINED:
            self.added = True
            pieces += self._reply.feed(Delta(tool_calls=(delta,)))
            return
        if self._again is None or not self._again.has_calls:
            self._begin_anew()
        self._tell(Delta(tool_calls=(delta,)), pieces)

    def _end_text(self, pieces: list[Piece]) -> None:
        """A text that broke off goes on with a call: what stands before the call is of the text."""
        self._decide(pieces, last=True)
        if self._stage is _Stage.REPEATING:
            self.note("overlap_removed")
        if self._stage is not _Stage.JOINED:
            self._join("", pieces)
