"""Cutting a recorded reply into feeds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import TypeVar

Cuttable = TypeVar("Cuttable", str, bytes)

LONGEST = 24  # characters or bytes of a random cut where no size is given: some tokens, some tags


def cut(whole: Cuttable, size: int | None, seed: int | None) -> Iterator[Cuttable]:
    """The parts of a text or of bytes, in order; joined they are `whole`.

    size: characters (of text) or bytes a part, None or 0 for all in one. seed: makes the sizes random, from 1
    to `size` or LONGEST; the same seed cuts the same text alike.
    """
    if seed is None:
        step = size or len(whole) or 1
        yield from (whole[start : start + step] for start in range(0, len(whole), step))
        return
    sizes = random.Random(seed)  # noqa: S311 - reproducible cuts, no secret
    start = 0
    while start < len(whole):
        end = start + sizes.randint(1, size or LONGEST)
        yield whole[start:end]
        start = end
