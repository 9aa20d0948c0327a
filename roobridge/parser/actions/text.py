"""The actions on text outside calls: what is text, noise, or thinking."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from roobridge.events import Aside, Break, Reasoning
from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.output import Output
from roobridge.parser.reread import Reread
from roobridge.parser.token import Token
from roobridge.spelling.states import OPENS_CALL, Action, Terminal

# Behind an object that is no call, what may be another one: a tag at a line's start.
_TAG_LINE = re.compile(r"(?<=\S)\s*\n[ \t]{0,40}(?=<)")


class TextActions:
    """One method for each action."""

    def __init__(self, content: Content, candidate: Candidate, output: Output, reread: Reread) -> None:
        self._content = content
        self._candidate = candidate
        self._output = output
        self._reread = reread
        self.actions: Mapping[Action, Callable[[Token], None]] = {
            Action.TEXT: self._text,
            Action.BREAK: self._break,
            Action.DROP: self._drop,
            Action.RELEASE: self._release,
            Action.FORSAKE: self._forsake,
            Action.ABANDON: self._abandon,
            Action.FENCE: self._fence,
            Action.THINK: self._think,
            Action.SPEAK: self._speak,
            Action.ASIDE: self._aside,
        }

    def _text(self, token: Token) -> None:
        self._content.text(token.raw)

    def _break(self, token: Token) -> None:
        self._content.text(token.raw)
        self._output.emit(Break())

    def _drop(self, token: Token) -> None:
        self._candidate.held.clear()

    def _release(self, token: Token) -> None:
        text = self._candidate.text
        for held in self._candidate.held:
            if held.terminal in OPENS_CALL:
                self._content.mention(held.raw)
        self._candidate.forget()
        # Its strings may quote a call; a tag at a line's start behind it may be the next one.
        again = _TAG_LINE.search(text, 1) if token.terminal is Terminal.OBJECT_ALIEN else None
        if again is not None:
            self._reread.behind(text[: again.end()], text[again.end() :])
        elif self._output.example is None:
            self._content.absorbed(text)
        else:
            self._content.text(text)

    def _forsake(self, token: Token) -> None:
        # What is read anew in an example would be read a third time at the reply's end (law 3).
        if self._output.example is not None:
            self._release(token)
            return
        held = self._candidate.held
        opened = 1 + max(at for at, each in enumerate(held) if each.terminal in OPENS_CALL)
        tag = "".join(each.raw for each in held[:opened])
        rest = "".join(each.raw for each in held[opened:])
        self._candidate.forget()
        self._reread.behind_mention(tag, rest)

    def _abandon(self, token: Token) -> None:
        self._content.loose = False
        self._forsake(token)

    def _fence(self, token: Token) -> None:
        held = self._candidate.text
        self._candidate.held.clear()
        self._content.text(held + token.raw)

    def _think(self, token: Token) -> None:
        self._output.emit(Reasoning(token.raw))

    def _speak(self, token: Token) -> None:
        self._content.thought = True
        self._content.thinking = token.name

    def _aside(self, token: Token) -> None:
        self._content.thought = True
        self._output.emit(Aside())
