"""Where a reply may be cut on its way: deltas cut into smaller deltas that say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import TypeAlias

import msgspec

from roobridge.bridge.ports import Delta

Cutting: TypeAlias = Callable[[str], list[str]]

_MARKERS = re.compile(r"[<>/`~\\\"{}\n\r]")


def whole(text: str) -> list[str]:
    return [text] if text else []


def characters(text: str) -> list[str]:
    return list(text)


def every(length: int) -> Cutting:
    return lambda text: [text[at : at + length] for at in range(0, len(text), length)]


def at_markers(text: str) -> list[str]:
    """A cut before and after each character that markup is made of."""
    marks = {at for match in _MARKERS.finditer(text) for at in match.span()}
    return at_positions(text, marks)


def seeded(seed: int) -> Cutting:
    """Random pieces of 1 to 12 characters, the same for the same seed and text."""

    def cut(text: str) -> list[str]:
        random = Random(seed)
        pieces, at = [], 0
        while at < len(text):
            step = random.randint(1, 12)
            pieces.append(text[at : at + step])
            at += step
        return pieces

    return cut


def at_positions(text: str, positions: Iterable[int]) -> list[str]:
    bounds = sorted({0, len(text), *(at for at in positions if 0 < at < len(text))})
    return [text[start:end] for start, end in pairwise(bounds)]


def cut_delta(delta: Delta, cutting: Cutting) -> Iterator[Delta]:
    """The same words in smaller deltas: reasoning, then content, then tool calls, as they are read."""
    for text in cutting(delta.reasoning):
        yield Delta(reasoning=text)
    for text in cutting(delta.content):
        yield Delta(content=text)
    for tool in delta.tool_calls:
        head, *rest = cutting(tool.arguments) or [""]
        yield Delta(tool_calls=(msgspec.structs.replace(tool, arguments=head),))
        for text in rest:
            bare = msgspec.structs.replace(tool, id="", name="", arguments=text)
            yield Delta(tool_calls=(bare,))


def cut(deltas: Sequence[Delta], cutting: Cutting) -> list[Delta]:
    return [small for delta in deltas for small in cut_delta(delta, cutting)]


CUTTINGS: dict[str, Cutting] = {
    "whole": whole,
    "characters": characters,
    "markers": at_markers,
    "threes": every(3),
    "random": seeded(20_251_121),
}

_LONG = 20_000  # characters
_FINE = frozenset({"characters", "threes"})


def cuttings(deltas: Sequence[Delta]) -> dict[str, Cutting]:
    """Those to try on a reply: a long one is not cut a hundred thousand times."""
    if sum(len(delta.content) for delta in deltas) <= _LONG:
        return CUTTINGS
    return {name: cutting for name, cutting in CUTTINGS.items() if name not in _FINE}


def prefixes(deltas: Sequence[Delta]) -> Iterator[list[Delta]]:
    """Every beginning of a reply, one character longer each time."""
    small = cut(deltas, characters)
    for end in range(len(small) + 1):
        yield small[:end]
