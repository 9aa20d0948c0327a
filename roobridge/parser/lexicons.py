"""The literals that count outside calls: made once for all replies to clients with the same tools."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from roobridge.grammar.model import Completion, Tool, Toolset
from roobridge.parser.call import MARKS
from roobridge.parser.dialect import Dialect
from roobridge.parser.scanner import Found, Lexicon
from roobridge.parser.states import Terminal

# Opening tags of what is not declared: text, but their closing tags are no noise.
_NAMED_TAGS = {"<function=": Terminal.TEXT, "<parameter=": Terminal.TEXT}
_THINKING = ("think", "thinking")

THINK_CLOSES = {name: Lexicon({f"</{name}>": Found(Terminal.THINK_CLOSE)}) for name in _THINKING}
MARKED = Lexicon({mark: Found(Terminal.MARK) for mark in MARKS})


class Lexicons(msgspec.Struct, frozen=True):
    """words: in content. inner: after a wrapper. braced: the dialect of an object there. stray_closes: after
    a closing tag that closes nothing. object_close: after an object's last brace."""

    words: Lexicon
    inner: Lexicon
    braced: Dialect | None
    stray_closes: Lexicon
    object_close: Lexicon


@lru_cache(maxsize=64)
def lexicons(
    names: frozenset[str],
    completion: Completion | None,
    dialects: tuple[Dialect, ...],
    strays: frozenset[str],
) -> Lexicons:
    """names: of the declared tools. strays: see Parser."""
    toolset = Toolset({name: Tool(name, {}) for name in names}, completion)
    inner = {literal: found for dialect in dialects for literal, found in dialect.inner(toolset).items()}
    braced = next((dialect for dialect in dialects if "{" in dialect.inner(toolset)), None)
    inner.pop("{", None)
    closes = _stray_words(names, strays)
    words = _content_words(toolset, dialects, strays)
    return Lexicons(
        words=Lexicon(words, open_names=_NAMED_TAGS),
        inner=Lexicon(inner),
        braced=braced,
        stray_closes=Lexicon(closes),
        object_close=Lexicon({d.call_close: Found(Terminal.CALL_CLOSE) for d in dialects if d is braced}),
    )


def _content_words(
    toolset: Toolset, dialects: tuple[Dialect, ...], strays: frozenset[str]
) -> dict[str, Found]:
    words = {f"<{name}>": Found(Terminal.TEXT, name) for name in strays}
    words.update(_stray_words(frozenset(toolset.tools), strays))
    words.update({mark: Found(Terminal.MARK) for mark in MARKS})
    for name in _THINKING:
        words[f"<{name}>"] = Found(Terminal.THINK_OPEN, name)
        words[f"</{name}>"] = Found(Terminal.THINK_CLOSE, f"/{name}")
    for dialect in dialects:
        words.update(dialect.openers(toolset))
    return words


def _stray_words(names: frozenset[str], strays: frozenset[str]) -> dict[str, Found]:
    known = {*names, *strays, *_THINKING}
    return {f"</{name}>": Found(Terminal.STRAY_CLOSE, f"/{name}") for name in known}
