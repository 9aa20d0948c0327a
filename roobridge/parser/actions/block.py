"""The actions on what may be the reply's last JSON calls, in a fence or alone on their lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from roobridge.calls.whole import whole_calls
from roobridge.events import Repaired
from roobridge.grammar.model import Tool
from roobridge.parser.candidate import Candidate
from roobridge.parser.content import Content
from roobridge.parser.json_block import JsonBlock
from roobridge.parser.output import Output
from roobridge.parser.reread import Reread
from roobridge.parser.token import Token
from roobridge.spelling.fenced import Fenced
from roobridge.spelling.states import Action


class BlockActions:
    """tools: what is declared."""

    def __init__(
        self,
        content: Content,
        candidate: Candidate,
        output: Output,
        reread: Reread,
        tools: Mapping[str, Tool],
        fenced: Fenced,
    ) -> None:
        self._content = content
        self._candidate = candidate
        self._output = output
        self._reread = reread
        self._tools = tools
        self._fenced = fenced
        self.actions: Mapping[Action, Callable[[Token], None]] = {
            Action.KEEP: self._keep,
            Action.JUDGE: self._judge,
            Action.YIELD: self._yield,
        }

    def _keep(self, token: Token) -> None:
        candidate, markdown = self._candidate, self._content.markdown
        if candidate.block is not None:
            candidate.block.close(token.raw)
            return
        candidate.held.clear()
        candidate.block = JsonBlock(token.raw, token.name, markdown, self._tools, self._fenced.names)
        markdown.absorb(token.raw)

    def _judge(self, token: Token) -> None:
        block = self._candidate.block
        assert block is not None
        fenced = self._fenced
        # In a fence a call is an example unless it is all that stands there: so it is read as a whole.
        body, closed = fence_body(block.head + block.text()) if block.head else (block.bare(), True)
        events = whole_calls(body, self._tools, fenced.dialect, fenced.names)
        if not events:
            self._yield(token)
            return
        self._candidate.block = None
        if not closed:
            self._output.emit(Repaired("missing_fence_close"))
        if block.closers:
            self._output.emit(Repaired("missing_call_open"))
        elif not block.head:
            self._output.emit(Repaired("bare_call"))
        elif block.info and block.info not in fenced.languages:
            self._output.emit(Repaired("fenced_call"))
        for event in events:
            self._output.emit(event)
        self._content.after_call = True

    def _yield(self, token: Token) -> None:
        block, content = self._candidate.block, self._content
        assert block is not None
        text = block.text()
        content.markdown = block.markdown
        self._candidate.forget()
        content.after_call = content.after_call and not block.head
        head = block.head or text[:1]
        self._reread.behind(head, (block.head + text)[len(head) :])


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
