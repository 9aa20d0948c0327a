"""The machine's point in the text: what every lexer and every action may know and change."""

from __future__ import annotations

from collections.abc import Sequence

from roobridge.calls.object import JsonCall
from roobridge.calls.tagged import TagCall
from roobridge.events import Event
from roobridge.grammar.model import Toolset
from roobridge.parser.example import Example
from roobridge.parser.json_block import JsonBlock
from roobridge.parser.lexicons import MARKED, THINK_CLOSES, lexicons
from roobridge.parser.markdown import Markdown
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.scanner import Found
from roobridge.spelling.states import CONTENT_TABLE, State, Step, Terminal

Lexed = tuple[Terminal, str, str]


class Point:
    """What is read, where, and what is open."""

    def __init__(self, toolset: Toolset, dialects: Sequence[Dialect], strays: frozenset[str]) -> None:
        self.toolset = toolset
        self.state = State.CONTENT
        self.buffer = ""
        self.at = 0
        self.examined = 0
        self.out: list[Event] = []  # the events of the present feed
        self.sink = self.out  # where new events go: there, or to the example
        self.pending: list[Lexed] = []  # the candidate
        self.dialect: Dialect | None = None  # of the open call
        self.markdown = Markdown()
        self.call: TagCall | None = None
        self.json: JsonCall | None = None
        self.example: Example | None = None
        self.block: JsonBlock | None = None  # that may be the reply's last JSON call
        self._second = 0  # characters that were examined before, of those
        self.reread = 0  # characters that were read again as text
        self.found = Found(Terminal.TEXT)
        self.after_call = False  # nothing but white space since the last call
        self.thought = False  # reasoning was seen
        self.thinking = ""  # the name of the thinking tag that is open
        self.examples = True  # a tag in a block may still turn out to be the call
        self.loose = True  # the completion's own closing tag may still come
        self.opened_line = False  # the open call's opening tag began its line
        self.depth = 0  # functions that opened inside an undeclared one
        self.breaking = False  # a Break is due before the next text
        self.ending = False  # no more text will come
        self.info = ""  # of the fence around the block
        self.bare = True  # a JSON call at a line's start may be the reply's last words
        self.opened: dict[str, int] = {}  # opening tags that stand as text, by name
        self._take_literals(toolset, tuple(dialects), strays)
        self.think_closes = THINK_CLOSES
        self.marks = MARKED
        self.fence_head = ""  # the opening line of the fence that the open example began with

    def _take_literals(self, toolset: Toolset, dialects: tuple[Dialect, ...], strays: frozenset[str]) -> None:
        """What may begin and end calls in this reply."""
        self.dialects = dialects
        known = lexicons(frozenset(toolset.tools), toolset.completion, self.dialects, strays)
        self.known = known
        self.words = known.words
        self.inner = known.inner
        self.braced = known.braced  # the dialect of an object in the wrapper that is open
        self.stray_closes = known.stray_closes
        self.closers = known.closes  # of the open JSON call

    def emit(self, event: Event) -> None:
        self.sink.append(event)

    def examine_again(self, count: int) -> None:
        self.examined += count
        self._second += count

    @property
    def passed(self) -> int:
        """Characters of the reply in front of this point."""
        return self.examined - self._second - len(self.buffer) + self.at

    def row(self, terminal: Terminal) -> Step | None:
        """What the terminal does here; None where the lexer of this state never gives it."""
        if self.dialect is not None:
            step = self.dialect.table.get((self.state, terminal))
            if step is not None:
                return step
        return CONTENT_TABLE.get((self.state, terminal))

    def mentioned(self, tag: str) -> None:
        """An opening tag stands as text: its closing tag will not be noise."""
        name = tag.strip("<>").partition("=")[0]
        self.opened[name] = self.opened.get(name, 0) + 1

    def text_to(self, start: int, end: int) -> Lexed | None:
        self.at = end
        return (Terminal.TEXT, self.buffer[start:end], "") if end > start else None
