"""What the reply's last lines decide: JSON calls in a fence or alone on their lines, and text read again."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from roobridge.calls.whole import whole_calls
from roobridge.events import Repaired, Text
from roobridge.grammar.model import Toolset
from roobridge.parser.json_block import JsonBlock
from roobridge.parser.machine_state import Point
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.states import Terminal

_REREAD = 4  # times the reply's length that may be read again in all


class Fenced(msgspec.Struct, frozen=True):
    """Which fences may hold a JSON call, and how it names its tool."""

    dialect: str
    languages: frozenset[str]
    names: tuple[str, ...]


class Blocks(Point):
    """The actions that keep such text, judge it, and give it back; and what all actions share."""

    def __init__(
        self, toolset: Toolset, dialects: Sequence[Dialect], fenced: Fenced, strays: frozenset[str]
    ) -> None:
        super().__init__(toolset, dialects, strays)
        self.fenced = fenced

    def do_text(self, terminal: Terminal, raw: str, name: str) -> None:
        if not raw:
            return
        if self.after_call and not raw.isspace():
            self.after_call = False
        self.emit(Text(raw))

    def forget(self) -> None:
        self.pending.clear()
        self.call = None
        self.json = None
        self.dialect = None
        self.block = None

    def read_behind(self, head: str, whole: str) -> None:
        """What was read last is no call: its head is text, and what follows that is read again, as long as
        that does not grow faster than the reply.
        """
        rest = whole[len(head) :]
        if self.reread + len(rest) > _REREAD * self.passed:
            head, rest = whole, ""
        if self.example is None:
            self.markdown.absorb(head)
        self.do_text(Terminal.TEXT, head, "")
        self.reread += len(rest)
        self.rewind(rest)

    def rewind(self, rest: str) -> None:
        """Stand before the text that was read last."""
        self.examine_again(len(rest))
        if len(rest) <= self.at:
            self.at -= len(rest)
        else:  # it began in an earlier feed
            self.buffer = rest + self.buffer[self.at :]
            self.at = 0

    def do_keep(self, terminal: Terminal, raw: str, name: str) -> None:
        if self.block is not None:
            self.block.close(raw)
            return
        self.pending.clear()
        self.block = JsonBlock(raw, self.markdown, self.toolset.tools, self.fenced.names)
        self.markdown.absorb(raw)
        self.info = name

    def do_judge(self, terminal: Terminal, raw: str, name: str) -> None:
        block = self.block
        assert block is not None
        names = self.fenced.names
        body, closed = fence_body(block.head + block.text()) if block.head else (block.bare(), True)
        events = whole_calls(body, self.toolset.tools, self.fenced.dialect, names)
        if not events:
            self.do_yield(terminal, raw, name)
            return
        self.block = None
        if not closed:
            self.emit(Repaired("missing_fence_close"))
        if block.closers:
            self.emit(Repaired("missing_call_open"))
        elif not block.head:
            self.emit(Repaired("bare_call"))
        elif self.info and self.info not in self.fenced.languages:
            self.emit(Repaired("fenced_call"))
        for event in events:
            self.emit(event)
        self.after_call = True

    def do_yield(self, terminal: Terminal, raw: str, name: str) -> None:
        block = self.block
        assert block is not None
        text = block.text()
        self.markdown = block.markdown
        self.forget()
        self.after_call = self.after_call and not block.head
        self.read_behind(block.head or text[:1], block.head + text)


def fence_body(whole: str) -> tuple[str, bool]:
    """The text within a fence, and whether the fence is closed (CommonMark 0.31, 4.5)."""
    lines = whole.split("\n")
    last = len(lines) - 1
    while last > 0 and not lines[last].strip():
        last -= 1
    opening = lines[0].lstrip()
    run = len(opening) - len(opening.lstrip(opening[0]))
    closing = lines[last].strip()
    closed = last > 0 and len(closing) >= run and not closing.strip(opening[0])
    return "\n".join(lines[1:last] if closed else lines[1:]), closed
