"""Text that was taken for the beginning of a call and is none, and what follows it, read again."""

from __future__ import annotations

from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.output import Output


class Reread:
    """The two ways of going back."""

    def __init__(self, cursor: Cursor, content: Content, output: Output) -> None:
        self._cursor = cursor
        self._content = content
        self._output = output

    def behind(self, head: str, rest: str) -> None:
        """Of what was read last the head is text; the rest is read again, unless too much was already."""
        # A text of nothing but braces would be read again at each of them.
        if not self._cursor.may_rewind(rest):
            head, rest = head + rest, ""
        if self._output.example is None:
            self._content.markdown.absorb(head)
        self._content.text(head)
        self._cursor.rewind(rest)

    def behind_mention(self, tag: str, rest: str) -> None:
        """The opening tag is spoken of; what follows it is read again. Each caller does so once a reply, or
        for a bounded rest (law 3).
        """
        self._content.after_call = False
        self._content.mention(tag)
        self._content.absorbed(tag)
        self._cursor.rewind(rest)
