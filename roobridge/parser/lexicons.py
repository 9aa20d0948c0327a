"""The literals that count outside calls: made once for all replies to clients with the same tools."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from roobridge.grammar.model import Completion, Tool, Toolset
from roobridge.spelling.dialect import Dialect, Holds
from roobridge.spelling.scanner import Found, Lexicon, Loose
from roobridge.spelling.states import OPENS_CALL, Terminal

# End-of-turn marks of Qwen's chat templates.
MARKS = ("<|im_end|>", "<|im_start|>", "<|endoftext|>")

_THINKING = ("think", "thinking")

THINK_CLOSES = {name: Lexicon({f"</{name}>": Found(Terminal.THINK_CLOSE)}) for name in _THINKING}
MARKED = Lexicon({mark: Found(Terminal.MARK) for mark in MARKS})


class Lexicons(msgspec.Struct, frozen=True):
    """words: in content. inner: after a wrapper. stray_closes: after a closing tag that closes nothing.

    braced: the dialect of an object in no wrapper of its own. owners: of one in a wrapper, by the wrapper's
    opening literal. closes: what may close any wrapper. closes_of: what may close a dialect's own.
    alien: the dialect whose functions open with any name.
    """

    words: Lexicon
    inner: Lexicon
    stray_closes: Lexicon
    braced: Dialect
    owners: Mapping[str, Dialect]
    closes: Lexicon
    closes_of: Mapping[Dialect, Lexicon]
    alien: Dialect | None


@lru_cache(maxsize=64)
def lexicons(
    names: frozenset[str],
    completion: Completion | None,
    dialects: tuple[Dialect, ...],
    strays: frozenset[str],
) -> Lexicons:
    """names: of the declared tools. dialects: one of them has calls that are objects. strays: see Parser."""
    toolset = Toolset({name: Tool(name, {}) for name in names}, completion)
    openers = {literal: found for dialect in dialects for literal, found in dialect.openers(toolset).items()}
    inner = {literal: found for dialect in dialects for literal, found in dialect.inner(toolset).items()}
    inner.pop("{", None)
    # A tool may have a wrapper's name (qwen-code 0.24 has `tool_call`): only a dialect's own is the wrapper.
    around = {
        literal: Found(Terminal.CALL_OPEN, _name(literal))
        for dialect in dialects
        for literal in dialect.around
        if literal not in openers or literal == dialect.call_open
    }
    owning = [dialect for dialect in dialects if dialect.holds is Holds.CALL]
    closes = _stray_words(names, dialects, strays)
    words = {**_content_words(dialects, strays, closes), **openers, **around}
    # A call of any dialect may stand in the wrapper, and the wrapper twice.
    opening = {raw: found for raw, found in words.items() if found.terminal in OPENS_CALL}
    heads = {head for dialect in dialects for head in (dialect.any_tool, dialect.any_parameter) if head}
    named = dict.fromkeys(sorted(heads), Terminal.TEXT)
    return Lexicons(
        words=Lexicon(words, open_names=named, loose=_loose(dialects, words)),
        inner=Lexicon({**opening, **inner}, loose=_loose(dialects, inner)),
        stray_closes=Lexicon(closes),
        braced=owning[0],
        owners={literal: d for d in reversed(owning) for literal in d.around if literal in around},
        closes=_closes(dialects, around),
        closes_of={dialect: _closes((dialect,), around) for dialect in owning},
        alien=next((dialect for dialect in dialects if dialect.any_tool), None),
    )


def _closes(dialects: tuple[Dialect, ...], around: Mapping[str, Found]) -> Lexicon:
    """What closes the wrappers of these dialects."""
    pairs = [pair for dialect in dialects for pair in dialect.around.items() if pair[0] in around]
    return Lexicon({close: Found(Terminal.CALL_CLOSE) for _, close in pairs})


def _name(literal: str) -> str:
    """What a tag is called where it is spoken of."""
    return literal.strip("</>")


def _loose(
    dialects: tuple[Dialect, ...], words: Mapping[str, Found]
) -> list[tuple[Loose, Mapping[str, Found]]]:
    """The openers of tools as models misspell them, for the dialects that have openers of tools here."""
    return [
        (dialect.loose_tool, meanings)
        for dialect in dialects
        if dialect.loose_tool is not None
        and (meanings := {found.name: found for found in words.values() if found.dialect is dialect})
    ]


@lru_cache(maxsize=256)
def argument_closes(dialects: tuple[Dialect, ...], dialect: Dialect, tool: str, *, wrapped: bool) -> Lexicon:
    """What may close the tags around a JSON object of this tool's arguments.

    dialect: that the tags are of. wrapped: they stand in a wrapper, which must close too.
    """
    close = Found(Terminal.TOOL_CLOSE if wrapped else Terminal.CALL_CLOSE)
    if dialect.holds is Holds.ARGUMENTS:
        known = dict.fromkeys(dialect.object_closes, close)
        if wrapped:
            known[dialect.object_next] = Found(Terminal.NEXT_CALL)
            known[dialect.call_close] = Found(Terminal.CALL_CLOSE)
        return Lexicon(known)
    words = {d.tool_close.format(tool): close for d in dialects if d.tool_close and d.holds is None}
    wrappers = [d.call_close for d in dialects if d.call_close and d.holds is None]
    return Lexicon({**words, **dict.fromkeys(wrappers, Found(Terminal.CALL_CLOSE))})


def _content_words(
    dialects: tuple[Dialect, ...], strays: frozenset[str], closes: Mapping[str, Found]
) -> dict[str, Found]:
    # The openers of what closes without them are text, but their closing tags are no noise then.
    known = {*strays, *(_name(literal) for dialect in dialects for literal in dialect.noise)}
    words = {f"<{name}>": Found(Terminal.TEXT, name) for name in known}
    words.update(closes)
    words.update({mark: Found(Terminal.MARK) for mark in MARKS})
    for name in _THINKING:
        words[f"<{name}>"] = Found(Terminal.THINK_OPEN, name)
        words[f"</{name}>"] = Found(Terminal.THINK_CLOSE, f"/{name}")
    return words


def _stray_words(
    names: frozenset[str], dialects: tuple[Dialect, ...], strays: frozenset[str]
) -> dict[str, Found]:
    literals = {f"</{name}>" for name in (*names, *strays, *_THINKING)}
    literals.update(literal for d in dialects for literal in d.noise if _name(literal) not in names)
    return {literal: Found(Terminal.STRAY_CLOSE, f"/{_name(literal)}") for literal in literals}
