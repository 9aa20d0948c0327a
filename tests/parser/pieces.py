"""Texts cut anywhere, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.oracle.cuts import at_positions


@st.composite
def cut_up(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A text, and its pieces in order."""
    text = draw(texts)
    if draw(st.booleans()):
        return text, list(text)
    return text, at_positions(text, draw(st.sets(st.integers(1, max(len(text), 1)), max_size=6)))


def of_parts(*parts: str, longest: int = 14) -> st.SearchStrategy[str]:
    """Texts made of these parts in any order."""
    return st.lists(st.sampled_from(parts), max_size=longest).map("".join)
