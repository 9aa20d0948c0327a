"""The actions that settle what an example is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from roobridge.events import CallEnd, Event
from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.example import Example
from roobridge.parser.output import Output
from roobridge.parser.reread import Reread
from roobridge.parser.token import Token
from roobridge.spelling.states import Action


class Anew(Protocol):
    """What reads an example without its indent."""

    def feed(self, text: str) -> list[Event]: ...
    def close(self, *, normal: bool) -> list[Event]: ...


class ExampleActions:
    """anew: makes a parser like this one that has read nothing."""

    def __init__(
        self,
        cursor: Cursor,
        content: Content,
        candidate: Candidate,
        output: Output,
        reread: Reread,
        anew: Callable[[], Anew],
    ) -> None:
        self._cursor = cursor
        self._content = content
        self._candidate = candidate
        self._output = output
        self._reread = reread
        self._anew = anew
        self.actions: Mapping[Action, Callable[[Token], None]] = {
            Action.ADMIT: self._admit,
            Action.REFUSE: self._refuse,
            Action.REREAD: self._read_again,
        }

    def _admit(self, token: Token) -> None:
        example = self._output.settle()
        self._output.events += self._dedented(example) or example.events
        self._content.after_call = True

    def _dedented(self, example: Example) -> list[Event]:
        """The events of an indented example without its indent (CommonMark 0.31, 4.4 and 4.5)."""
        # In a list a fence is indented with its item, and the file in it must not be.
        text = example.dedented()
        if not text:
            return []
        self._cursor.examine_again(len(text))
        parser = self._anew()
        events = parser.feed(text) + parser.close(normal=True)
        last = max((at for at, event in enumerate(events) if isinstance(event, CallEnd)), default=-1)
        return events[: last + 1]

    def _refuse(self, token: Token) -> None:
        unread = len(self._cursor.text) - self._cursor.at
        text = self._output.settle().taken(unread)
        self._candidate.forget()
        self._content.after_call = False
        self._content.absorbed(text)

    def _read_again(self, token: Token) -> None:
        """So that no text is read a third time (law 3), every other example is text from here on."""
        example = self._output.settle()
        self._content.examples = False
        self._candidate.forget()
        self._cursor.at = len(self._cursor.text)
        self._reread.behind_mention(example.head, example.rest())
