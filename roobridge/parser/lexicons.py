"""The literals that count outside calls: made once for all replies to clients with the same tools."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from roobridge.grammar.model import Completion, Tool, Toolset
from roobridge.spelling.dialect import Dialect
from roobridge.spelling.scanner import Found, Lexicon, Loose
from roobridge.spelling.states import OPENS_CALL, Terminal

# End-of-turn marks of Qwen's chat templates.
MARKS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>")

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
    around = {} if braced is None else _wrappers(braced.openers(toolset))
    strays |= {found.name for found in around.values() if not _PLAIN.match(found.name)} - names
    closes = _stray_words(names, strays)
    words = _content_words(toolset, dialects, strays)
    # A call of any dialect may stand in the wrapper, and the wrapper twice.
    opening = {raw: found for raw, found in words.items() if found.terminal in OPENS_CALL}
    return Lexicons(
        words=Lexicon(words, open_names=_NAMED_TAGS, loose=_loose(dialects, words)),
        inner=Lexicon({**opening, **inner}, loose=_loose(dialects, inner)),
        braced=braced,
        stray_closes=Lexicon(closes),
        object_close=Lexicon({f"</{found.name}>": Found(Terminal.CALL_CLOSE) for found in around.values()}),
    )


_PLAIN = re.compile(r"(?:tool|function|call)s?\Z")  # names of elements that texts hold for other ends


def _loose(
    dialects: tuple[Dialect, ...], words: Mapping[str, Found]
) -> list[tuple[Loose, Mapping[str, Found]]]:
    """The openers of tools as models misspell them, for the dialects that have openers of tools here."""
    return [
        (dialect.loose_tool, {found.name: found for found in words.values() if found.dialect is dialect})
        for dialect in dialects
        if dialect.loose_tool is not None
    ]


def _wrappers(openers: Mapping[str, Found]) -> dict[str, Found]:
    return {raw: found for raw, found in openers.items() if found.terminal is Terminal.CALL_OPEN}


@lru_cache(maxsize=256)
def named_closers(tool: str, *, wrapped: bool) -> Lexicon:
    """What may close the tags around a JSON object of this tool's arguments. wrapped: they stand in a
    wrapper, which must close too.
    """
    close = Found(Terminal.TOOL_CLOSE if wrapped else Terminal.CALL_CLOSE)
    words = {"</function>": close, f"</{tool}>": close, "</tool_call>": Found(Terminal.CALL_CLOSE)}
    return Lexicon(words)


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
