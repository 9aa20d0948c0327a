"""Words that differ from the right one by a slip of the pen."""

from __future__ import annotations

from collections.abc import Collection


def alike(word: str, right: str) -> bool:
    """Whether one word is the other but for a slip: one letter wrong, missing, doubled or swapped with its
    neighbour; two in words of eight letters or more. Words of three letters and less are alike to none.
    """
    # Short words lie close together: a slip in `cwd` is soon `cmd`.
    slips = 0 if len(right) < 4 else 1 if len(right) < 8 else 2
    if not slips or abs(len(word) - len(right)) > slips:
        return word == right
    return _distance(word.lower(), right.lower()) <= slips


def _distance(one: str, other: str) -> int:
    """Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def near_one(word: str, rights: Collection[str]) -> str:
    """The word itself where it is a right one, else the only right one that it is alike to, or nothing."""
    if word in rights:
        return word
    # Between two that are equally near nothing is guessed.
    near = [right for right in rights if alike(word, right)]
    return near[0] if len(near) == 1 else ""
