"""The client's half of a reply: events in, pieces out."""

from __future__ import annotations

from collections.abc import Iterable

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.reply.renderer import new_renderer
from roobridge.dialects import OPENINGS
from roobridge.events import (
    CallStart,
    Event,
    Fail,
    Finish,
    Outcome,
    Piece,
    Reasoning,
    Repaired,
    Text,
    Value,
)
from roobridge.policy.first_text import FirstText
from roobridge.policy.line_count import Computed
from roobridge.policy.repeated import Repeated
from roobridge.policy.waiting import Held, HeldLive, HeldPreview
from roobridge.policy.wrap import Stage, Wrapper, does_not_fit
from roobridge.render.roo_xml import DIALECT as ROO_XML

_HELD: dict[Wrap, type[Held]] = {Wrap.PREVIEW: HeldPreview, Wrap.HOLD: Held, Wrap.LIVE: HeldLive}


class Telling:
    """Every policy in its order, then the client's renderer; the pieces are added to the list that is given.

    plan, call_ids: as for the reply. repairs: by name, in order. done: a Finish or a Fail went out, and
    nothing follows it. spoke: words or a call came outside the reasoning. thoughts: the reasoning. calls: as
    they began.
    """

    def __init__(self, plan: Plan, call_ids: str) -> None:
        self.repairs: list[str] = []
        self.done = False
        self.spoke = False
        self.thoughts: list[str] = []
        self.calls: list[CallStart] = []
        self._computed = Computed(plan.toolset)
        self._first_text = FirstText()
        self._repeated = Repeated(plan.toolset, ROO_XML if plan.kind is ClientKind.XML_AGENT else "")
        held = _HELD[plan.wrap]() if plan.agent else None
        self._wrapper = Wrapper(plan.toolset, held, OPENINGS, several=not plan.single_call)
        self._renderer = new_renderer(plan, self.repairs, call_ids)
        self._straight = False  # the open value goes out as it comes
        self._failed = False

    @property
    def undecided(self) -> bool:
        """Whether a call follows is not known yet."""
        return self._wrapper.stage is Stage.UNDECIDED

    @property
    def wrapped(self) -> bool:
        """Text that stayed alone was made a completion."""
        return self._wrapper.wrapped

    @property
    def may_go_on(self) -> bool:
        """More of the reply can still reach the client as part of its text or its call."""
        return not self.done and (self.undecided or self._wrapper.stage is Stage.CALL)

    @property
    def tried(self) -> str | None:
        """The tool that text evidently tried to call, or empty; None where no attempt was seen."""
        return self._wrapper.attempt.name if self._wrapper.attempt is not None else None

    def flow(self, event: Value | Text | Reasoning, pieces: list[Piece]) -> None:
        """As `take`, of an event that was made of a whole delta.

        The way of nearly all that a model writes, kept short: an open value that no policy looks at, and
        text that is held.
        """
        if type(event) is Value:
            self.value(event, pieces)
        elif type(event) is Text and self._wrapper.waits and self._first_text.spoke:
            self.put(self._wrapper.wait(event.text), pieces)
        else:
            self.take((event,), pieces)

    def value(self, event: Value, pieces: list[Piece]) -> None:
        """Characters of the open value, which hold nothing to decide."""
        if not self._straight:
            self.take((event,), pieces)
            return
        text = event.text
        self._repeated.told.append(text)
        if self._computed.counting:
            self._computed.value(text)
        self._give(self._renderer.value(text), pieces)

    def take(self, events: Iterable[Event], pieces: list[Piece]) -> None:
        """What the model wrote next."""
        for event in events:
            if self._straight and type(event) is Value:
                self.value(event, pieces)
                continue
            if isinstance(event, Reasoning):
                self.thoughts.append(event.text)
            elif isinstance(event, CallStart):
                self.spoke = True
                self.calls.append(event)
            elif isinstance(event, Text) and not event.text.isspace():
                self.spoke = True
            # In this order: what is held until it is known to count once (Repeated) is counted then
            # (Computed: Roo's `line_count` up to 3.35), and the policy sees what is to go out (Wrapper).
            kept = self._first_text.feed(event)
            for told in self._repeated.feed(kept) if kept is not None else ():
                self.put(self._wrapper.feed(self._computed.feed(told)), pieces)
            self._straight = self._wrapper.passes and not self.done and not self._repeated.holds

    def put(self, outcomes: Iterable[Outcome], pieces: list[Piece]) -> None:
        """What the policies made of it."""
        for outcome in outcomes:
            if isinstance(outcome, Repaired):
                # A call that failed was not mended, whatever was tried before.
                if not self._failed:
                    self.repairs.append(outcome.name)
            elif not self.done:
                self._give(self._renderer.render(outcome), pieces)

    def respell(self) -> None:
        """The rest of the open call comes in another spelling than its beginning."""
        self._renderer.respell()

    def give_up(self, call: str, why: str, pieces: list[Piece]) -> None:
        """What would go on with the open call does not fit: end with a Fail."""
        self.put([does_not_fit(call, why)], pieces)

    def close(self, finish: str, *, normal: bool, pieces: list[Piece]) -> None:
        """The upstream's reply ended with this word, and all its events were taken."""
        self.put(self._wrapper.close(finish, normal=normal), pieces)

    def _give(self, new: list[Piece], pieces: list[Piece]) -> None:
        if new:
            pieces += new
            last = type(new[-1])
            if last is Finish or last is Fail:
                self.done = True
                self._straight = False
                self._failed = last is Fail
