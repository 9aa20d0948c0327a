"""Cutting: nothing is lost, and the same seed cuts alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from roobridge.cli.cuts import LONGEST, cut

sizes = st.none() | st.integers(0, 50)
seeds = st.none() | st.integers()


@given(st.text(), sizes, seeds)
def test_the_parts_of_a_text_are_the_text(whole: str, size: int | None, seed: int | None) -> None:
    parts = list(cut(whole, size, seed))
    assert "".join(parts) == whole
    assert all(parts)
    assert parts == list(cut(whole, size, seed))


@given(st.binary(), sizes, seeds)
def test_the_parts_of_bytes_are_the_bytes(whole: bytes, size: int | None, seed: int | None) -> None:
    assert b"".join(cut(whole, size, seed)) == whole


@given(st.text(min_size=1), st.integers(1, 50), seeds)
def test_no_part_is_longer_than_asked(whole: str, size: int, seed: int | None) -> None:
    assert max(map(len, cut(whole, size, seed))) <= size


def test_without_a_size_it_is_one_part_or_random_ones() -> None:
    assert list(cut("x" * 500, None, None)) == list(cut("x" * 500, 0, None)) == ["x" * 500]
    assert 1 <= max(map(len, cut("x" * 500, None, 7))) <= LONGEST


def test_seeds_differ() -> None:
    assert list(cut("x" * 500, None, 1)) != list(cut("x" * 500, None, 2))
