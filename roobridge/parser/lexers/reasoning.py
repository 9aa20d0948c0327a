"""The lexer of thinking that stands in the text: only its own closing tag ends it."""

from __future__ import annotations

from roobridge.parser.content import Content
from roobridge.parser.cursor import Cursor
from roobridge.parser.lexicons import THINK_CLOSES
from roobridge.parser.token import Token
from roobridge.spelling.scanner import Found, Miss


class ReasoningLexer:
    """Qwen3's chat template opens with <think>, others with <thinking>."""

    def __init__(self, cursor: Cursor, content: Content) -> None:
        self._cursor = cursor
        self._content = content

    def lex(self) -> Token | None:
        cursor = self._cursor
        lexicon = THINK_CLOSES[self._content.thinking]
        start = i = cursor.at
        while (tag := cursor.text.find("<", i)) >= 0:
            found, end = lexicon.match(cursor.text, tag)
            if isinstance(found, Found):
                return cursor.text_to(start, tag) or cursor.take(end, found.terminal)
            if found is Miss.MORE and not cursor.ending:
                return cursor.text_to(start, tag)
            i = tag + 1
        return cursor.rest()
