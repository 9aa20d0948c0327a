"""Why a reply ended before its time, in words for a person."""

from __future__ import annotations

_WHY = {
    "length": "it reached its output limit",
    "error": "the upstream reported an error",
    "silence": "the upstream fell silent",
    "cut": "the upstream's connection broke off",
}


def why(finish: str) -> str:
    """finish: the upstream's own word, as `bridge/ports.py` has it."""
    return _WHY.get(finish, "the reply ended")


def broken_off(finish: str) -> str:
    """A sentence for a reply that nothing can be made of."""
    return f"The model's reply broke off: {why(finish)}."
