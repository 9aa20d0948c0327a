"""Joins a continuation on to a reply that broke off.

    HOLDING --its beginning is known--> JOINED     (text goes on in the reply's own parser)
       |--it says again what was received--> REPEATING --all of it was said--> JOINED
       '--it tells the call again, or in another spelling--> REJOINING --all of it was told--> JOINED

What was sent stays as it is; where the continuation does not agree with it, nothing of it is sent.
"""

from __future__ import annotations

import re
from enum import Enum, auto

from roobridge.bridge.continuation.beginning import HEAD, How, find_beginning
from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.continuation.preamble import Unfence
from roobridge.bridge.continuation.rejoin import Rejoin
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.agent import AgentReply
from roobridge.bridge.reply.unfinished import Opening
from roobridge.dialects.native import NativeCalls
from roobridge.events import Piece, ToolDelta
from roobridge.parser.machine import Parser

_THINKING = re.compile(r"\s*<(think|thinking)>")


class _Stage(Enum):
    HOLDING = auto()
    REPEATING = auto()
    REJOINING = auto()
    JOINED = auto()


class Stitch:
    """The deltas of a continuation in, pieces for the client out.

    reply: the reply that broke off, not closed. opening: where. exact: the upstream goes on behind the very
    last character. `feed` and `close` raise MisfitError where the continuation does not fit; nothing of it
    has gone out then, and another one may be asked for.
    """

    def __init__(self, reply: AgentReply, opening: Opening, *, exact: bool) -> None:
        self._reply = reply
        self._opening = opening
        self._stage = _Stage.HOLDING
        self._head = ""
        self._expected = ""  # what was received, as far as the continuation is still to repeat it
        self._unfence: Unfence | None = None
        self._parser: Parser | None = None
        self._native: NativeCalls | None = None
        self._rejoin: Rejoin | None = None
        self._read: list[str] = []  # by the new parser
        self._calls: list[ToolDelta] = []  # by the new reader of calls
        self._notes: list[str] = []
        self.added = False  # it said something new
        reply.note("continued")
        if exact:
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
        self._say(self._unfence.feed(text), pieces)
        if self._unfence.strayed:
            pieces += self._reply.give_up("a code fence ends in the middle of it")

    def _say(self, text: str, pieces: list[Piece]) -> None:
        if not text or self._reply.done:
            return
        if self._stage is _Stage.REPEATING:
            text = self._repeat(text)
        if self._stage is _Stage.REJOINING:
            self._tell(text, pieces)
        elif self._stage is _Stage.JOINED and text:
            self.added = True
            pieces += self._reply.feed(Delta(content=text))

    # -- where the new begins --------------------------------------------------------------------------

    def _decide(self, pieces: list[Piece], *, last: bool) -> None:
        """Find where the held head begins to say something new, and pass that on."""
        if not self._think(pieces, last=last) or not self._head:
            return
        head, self._head = self._head, ""
        beginning = find_beginning(self._opening, head, last=last)
        for repair in beginning.repairs:
            self._notes.append(repair)
        if beginning.fenced:
            self._unfence = Unfence()
        body = head[beginning.at :]
        match beginning.how:
            case How.RESTARTS:
                self._retell(body, pieces)
            case How.REPEATS:
                received = self._opening.text
                self._expected = received[received.index(body) + len(body) :]
                self._stage = _Stage.REPEATING
            case How.GOES_ON:
                self._join(body, pieces)

    def _think(self, pieces: list[Piece], *, last: bool) -> bool:
        """Thinking before the continuation goes out as such. Whether the rest may be looked at."""
        opened = _THINKING.match(self._head)
        if opened is None:
            return True
        close = f"</{opened[1]}>"
        thought, found, rest = self._head[opened.end() :].partition(close)
        if not found and not last:
            return False
        self._head = rest.lstrip("\r\n")
        if thought:
            pieces += self._reply.feed(Delta(reasoning=thought))
        return last or len(self._head) >= HEAD

    # -- saying again ----------------------------------------------------------------------------------

    def _repeat(self, text: str) -> str:
        """What of the text goes beyond what was received."""
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
        """The call came as `tool_calls`: another parser reads it as text, up to where it broke off."""
        call, text = self._opening.call, self._opening.text
        assert call is not None
        self._rejoin = Rejoin(call, call.before)
        self._parser = self._reply.new_parser()
        self._read = [text]
        self._rejoin.feed(self._parser.feed(text))

    def _retell(self, text: str, pieces: list[Piece]) -> None:
        call = self._opening.call
        assert call is not None
        self.note("call_restarted")
        self._rejoin = Rejoin(call)
        self._parser = self._reply.new_parser()
        self._stage = _Stage.REJOINING
        self._go_on(text, pieces)

    def _tell(self, text: str, pieces: list[Piece]) -> None:
        rejoin, parser = self._rejoin, self._parser
        assert rejoin is not None
        if parser is None:  # the call came anew as `tool_calls`; text beside it is none of it
            return
        self._read.append(text)
        new = rejoin.feed(parser.feed(text))
        if rejoin.joined:
            self._reply.adopt(parser, self._read, same_spelling=rejoin.same_spelling)
            self._joined()
        self.added = self.added or bool(new)
        pieces += self._reply.take(new)

    def _tool(self, delta: ToolDelta, pieces: list[Piece]) -> None:
        call = self._opening.call
        if call is None and self._stage is _Stage.HOLDING:
            head, self._head = self._head, ""
            self._join(head, pieces)
        if self._stage is _Stage.JOINED or call is None:
            pieces += self._reply.feed(Delta(tool_calls=(delta,)))
            return
        if self._native is None:
            self.note("call_restarted")
            self._native, self._parser = self._reply.new_native(), None
            self._rejoin = Rejoin(call)
            self._stage = _Stage.REJOINING
        assert self._rejoin is not None
        self._calls.append(delta)
        new = self._rejoin.feed(self._native.feed(delta))
        if self._rejoin.joined:
            self._reply.adopt_native(self._native, self._calls)
            self._joined()
        self.added = self.added or bool(new)
        pieces += self._reply.take(new)
