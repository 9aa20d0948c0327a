"""Thinking and previews share a channel, and are told apart."""

from __future__ import annotations

import pytest

from roobridge.events import Thought
from roobridge.render.thoughts import Thoughts


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ([("a", False), ("b", False)], "ab"),
        ([("a", True), ("b", True)], "ab"),
        ([("a", False), ("b", True)], "a\n\nb"),
        ([("a\n", False), ("b", True)], "a\n\nb"),
        ([("a\n", False), ("\n", False), ("b", True)], "a\n\nb"),
        ([("a\n\n\n", False), ("b", True)], "a\n\n\nb"),
        ([("a", False), ("b", True), ("c", True)], "a\n\nbc"),
        ([("a", True), ("b", False)], "a\n\nb"),
        ([("a", True), ("b\n", False), ("c", True)], "a\n\nb\n\nc"),
    ],
)
def test_a_blank_line_stands_between_them(said: list[tuple[str, bool]], shown: str) -> None:
    thoughts = Thoughts()
    pieces = [piece for text, preview in said for piece in thoughts.say(text, preview=preview)]
    assert "".join(piece.text for piece in pieces) == shown
    own = "".join(piece.text for piece in pieces if not piece.preview)
    assert own == "".join(text for text, preview in said if not preview)
    assert all(isinstance(piece, Thought) and piece.text for piece in pieces)
