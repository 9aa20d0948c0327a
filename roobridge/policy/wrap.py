"""The wrap policies: what happens to text while it is open whether a call follows.

Events in, events out: the words that leave are those that came, in an order a client can live with, with
a completion around text that stayed alone and does not try to call (law 10). What is added is Preview,
and at last Complete or Undeliverable.

    UNDECIDED --CallStart--> CALL --CallEnd--> OVER (one call, or a completion) or BETWEEN (several)
        '------end--> OVER
    BETWEEN --CallStart--> CALL      --CallStart of the completion--> SKIPPING --CallEnd--> BETWEEN
    OVER: the rest is dropped
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, auto

from roobridge.events import (
    Aside,
    Break,
    CallEnd,
    CallStart,
    Complete,
    Event,
    Outcome,
    ParamEnd,
    ParamStart,
    Preview,
    Reasoning,
    Repaired,
    Text,
    Undeclared,
    Undeliverable,
    Unfinished,
    Value,
)
from roobridge.grammar.model import Toolset
from roobridge.policy.attempt import Attempt, find_attempt, show
from roobridge.policy.completion import CompletionFilter
from roobridge.policy.endings import broken_off, why
from roobridge.policy.units import split_units
from roobridge.policy.waiting import Held


class Stage(Enum):
    """Where the reply stands."""

    UNDECIDED = auto()
    CALL = auto()
    BETWEEN = auto()
    SKIPPING = auto()
    OVER = auto()


class Wrapper:
    """One reply's policy.

    toolset: names the completion, and the longest value that its client reads. held: how text waits; None
    where it does not, because the client needs no call. openings: as `find_attempt` has them. several: more
    than one call may stand.
    """

    def __init__(
        self, toolset: Toolset, held: Held | None, openings: Mapping[str, str], *, several: bool
    ) -> None:
        self.stage = Stage.UNDECIDED
        self.wrapped = False  # text was
        self.attempt: Attempt | None = None  # at a call that cannot be read or does not exist
        self._held = held
        self._several = several
        self._toolset = toolset
        self._openings = openings
        # A little below what the client reads: neutralising a value makes it longer.
        self._limit = toolset.value_limit - toolset.value_limit // 40
        self._completion = toolset.completion if held is not None else None
        self._filter = CompletionFilter(self._completion, self._limit) if self._completion else None
        self._name = ""  # of the open call
        self._called = False
        self._unfinished: Undeliverable | None = None
        self._tail_dropped = False
        self._blank: list[str] = []  # white space after a call: markup, unless text follows
        self._out: list[Outcome] = []
        self._stages: dict[Stage, Callable[[Event], None]] = {
            Stage.UNDECIDED: self._undecided,
            Stage.CALL: self._in_call,
            Stage.BETWEEN: self._between,
            Stage.SKIPPING: self._skip,
            Stage.OVER: self._over,
        }

    @property
    def passes(self) -> bool:
        """A call is open whose values go out as they come."""
        return self.stage is Stage.CALL and (self._filter is None or self._filter.passing)

    @property
    def waits(self) -> bool:
        """Text is held until it is known whether a call follows."""
        return self._held is not None and self.stage is Stage.UNDECIDED

    def wait(self, text: str) -> list[Outcome]:
        """Take text while it waits; what may be shown of it."""
        assert self._held is not None
        return [shown if isinstance(shown, Preview) else Text(shown.text) for shown in self._held.add(text)]

    def feed(self, events: Iterable[Event]) -> list[Outcome]:
        """What the events come to."""
        self._out = []
        for event in events:
            if self._filter is None:
                self._take(event)
            else:
                for part in self._filter.feed(event):
                    self._take(part)
        return self._out

    def close(self, finish: str, *, normal: bool) -> list[Outcome]:
        """The upstream's reply ended, and all its events were fed. finish: its own word for why."""
        self._out = []
        if self.stage is not Stage.OVER:
            self._end(finish, normal=normal)
            self.stage = Stage.OVER
        return self._out

    def _end(self, finish: str, *, normal: bool) -> None:
        held = self._held
        if self._unfinished is not None:
            self._out.append(self._unfinished)
        elif self._called:
            self._out.append(Complete(called=True))
        elif held is None:
            # A client that needs no call reads `length` itself; an agent would take half an answer for one.
            whole = normal or finish == "length"
            self._out.append(
                Complete(called=False, cut=not normal)
                if whole
                else Undeliverable("broken_off", broken_off(finish))
            )
        elif not held.worthy:
            self._out.append(Undeliverable("degenerate", _DEGENERATE))
        elif not normal:
            self._out.append(_unfinished_text(finish))
        elif (attempt := self._attempted(held.whole())) is not None:
            self._out.append(attempt)
        else:
            self._wrap(held.take())

    def _attempted(self, whole: str) -> Undeliverable | None:
        """Text that evidently tries to call is no answer, also where some of it went out (law 10)."""
        if self.attempt is None:
            self.attempt = find_attempt(whole, self._toolset, self._openings)
        return _unreadable_call(self.attempt, self._toolset) if self.attempt is not None else None

    def _wrap(self, whole: str) -> None:
        completion = self._completion
        assert completion is not None
        self.wrapped = True
        head, text = split_units(whole, self._limit)
        if head:
            self._out.append(Text(head))
        self._out += [CallStart(completion.tool, ""), ParamStart(completion.param), Value(text)]
        self._out += [ParamEnd(), CallEnd(), Complete(called=True)]

    def _take(self, event: Event) -> None:
        if isinstance(event, Repaired):
            self._out.append(event)
        elif isinstance(event, Reasoning):
            if self.stage is not Stage.OVER:
                self._out.append(event)
        elif isinstance(event, Unfinished) and self.stage in (Stage.UNDECIDED, Stage.CALL):
            self._out.append(event)
            self._unfinished = _unfinished_call(self._name, event.why)
        else:
            if isinstance(event, Undeclared) and self.attempt is None:
                self.attempt = Attempt(event.name, show(event.text))
            self._stages[self.stage](event)

    # -- stages ----------------------------------------------------------------------------------------

    def _undecided(self, event: Event) -> None:
        held = self._held
        if isinstance(event, CallStart):
            self._release()
            self._start(event)
        elif held is None:
            if isinstance(event, Text):
                self._out.append(event)
        elif isinstance(event, Text):
            self._out += self.wait(event.text)
        elif isinstance(event, Break):
            held.break_here()
        else:
            assert isinstance(event, Aside), "nothing else is told outside calls"
            text = held.set_aside()
            if text:
                self._out.append(Reasoning(text))

    def _release(self) -> None:
        text = self._held.take() if self._held is not None else ""
        if text:
            self._out.append(Text(text))

    def _start(self, event: CallStart) -> None:
        self._name = event.name
        self._out.append(event)
        self.stage = Stage.CALL

    def _in_call(self, event: Event) -> None:
        self._out.append(event)
        if not isinstance(event, CallEnd):
            return
        self._called = True
        # One call: Roo up to 3.41 refuses a second one and reproaches the model for it, Cline 2.18 runs both.
        if self._several and not self._is_completion(self._name):
            self.stage = Stage.BETWEEN
        else:
            self._out.append(Complete(called=True))
            self.stage = Stage.OVER

    def _is_completion(self, name: str) -> bool:
        return self._completion is not None and name == self._completion.tool

    def _between(self, event: Event) -> None:
        """After a call, where another may follow."""
        if isinstance(event, CallStart):
            self._blank.clear()
            if self._is_completion(event.name):
                # A task would end whose call has just begun; Roo 3.36 refuses it, 3.52.1 does both.
                self._out.append(Repaired("completion_beside_call"))
                self.stage = Stage.SKIPPING
            else:
                self._start(event)
        elif isinstance(event, Text):
            kept = event.text.rstrip()
            if kept:
                self._out.append(Text("".join(self._blank) + kept))
                self._blank.clear()
            if len(kept) < len(event.text):
                self._blank.append(event.text[len(kept) :])

    def _skip(self, event: Event) -> None:
        if isinstance(event, (CallEnd, Unfinished)):
            self.stage = Stage.BETWEEN

    def _over(self, event: Event) -> None:
        told = isinstance(event, CallStart) or (isinstance(event, Text) and not event.text.isspace())
        if told and not self._tail_dropped:
            self._tail_dropped = True
            self._out.append(Repaired("tail_dropped"))


_DEGENERATE = "The model's reply holds no answer: no call, and not one letter or digit."


def _unfinished_call(name: str, why: str) -> Undeliverable:
    what = f"is unfinished ({why})" if why else "is unfinished"
    return Undeliverable(
        "unfinished_call",
        f"The model's {name or 'tool'} call {what} and was not delivered; nothing of it may be used.",
    )


def _unreadable_call(attempt: Attempt, toolset: Toolset) -> Undeliverable:
    name = attempt.name
    what = f"tries to call {name or 'a tool'} in a form that cannot be read as a call"
    if name and name not in toolset.tools:
        what = f"calls {name}, which is none of the tools of this request"
    return Undeliverable(
        "unreadable_call", f"The model's reply {what}; nothing was run. It wrote: {attempt.shown}"
    )


def does_not_fit(name: str, why: str) -> Undeliverable:
    """A reply broke off, in this call or in its text, and its continuation cannot be joined on."""
    what = f"The model's {name} call" if name else "The model's answer"
    return Undeliverable(
        "unfinished_call" if name else "unfinished_text",
        f"{what} broke off, and its continuation does not fit on: {why}. Nothing of it may be used.",
    )


def _unfinished_text(finish: str) -> Undeliverable:
    return Undeliverable("unfinished_text", f"The model's answer is unfinished: {why(finish)}.")
