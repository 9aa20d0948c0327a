"""Text that waits, one policy after another, and cutting by UTF-16 units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.events import Preview
from roobridge.policy.units import head_units, split_units, units
from roobridge.policy.waiting import Held, HeldLive, HeldPreview, Released
from roobridge.spelling.words import speaks
from tests.oracle.roo_reader import utf16_length
from tests.parser.pieces import of_parts

words = of_parts("a", "1", " ", "\n", "...", "é", "日", "😀", "--", "x y")
BREAK = None  # in a list of words: a new block begins


@given(st.lists(words), st.sampled_from([Held, HeldPreview, HeldLive]))
def test_all_text_comes_out_once_and_in_order(texts: list[str], policy: type[Held]) -> None:
    held = policy()
    released = ""
    for number, text in enumerate(texts):
        if number % 3 == 2:
            held.break_here()
        released += "".join(it.text for it in held.add(text) if isinstance(it, Released))
    assert released + held.take() == "".join(texts)
    assert held.take() == ""
    assert held.worthy == speaks("".join(texts))


@given(st.lists(words))
def test_hold_shows_nothing(texts: list[str]) -> None:
    held = Held()
    assert [held.add(text) for text in texts] == [[] for _ in texts]


@given(st.lists(words))
def test_preview_shows_all_from_the_first_letter_or_digit_on(texts: list[str]) -> None:
    held = HeldPreview()
    shown = ""
    for number, text in enumerate(texts):
        shown += "".join(it.text for it in held.add(text) if isinstance(it, Preview))
        so_far = "".join(texts[: number + 1])
        assert shown == (so_far.lstrip() if speaks(so_far) else "")
    assert held.take() == "".join(texts)


@given(st.lists(st.lists(words, min_size=1, max_size=3), min_size=1, max_size=5))
def test_live_keeps_the_last_block_that_says_something(blocks: list[list[str]]) -> None:
    held = HeldLive()
    released = ""
    for number, block in enumerate(blocks):
        if number:
            held.break_here()
        for text in block:
            released += "".join(it.text for it in held.add(text) if isinstance(it, Released))
    kept = held.take()
    whole = ["".join(block) for block in blocks]
    speaking = [number for number, block in enumerate(whole) if speaks(block)]
    last = speaking[-1] if speaking else 0
    first_kept = 0 if len(speaking) < 2 else last
    # Blocks that say nothing belong to the one before them; before the first, to that one.
    assert kept.endswith("".join(whole[last:]) if speaking else "".join(whole))
    assert (released == "") == (first_kept == 0)
    assert released + kept == "".join(whole)


def test_a_block_keeps_its_indent() -> None:
    held = HeldLive()
    held.add("One.\n\n  ")
    held.break_here()
    assert held.add("- ") == []
    assert held.add("two") == [Released("One.\n\n")]
    assert held.take() == "  - two"


@pytest.mark.parametrize(
    ("policy", "texts", "set_aside"),
    [
        (Held, ["a ", "b"], "a b"),
        (HeldPreview, ["a ", "b"], ""),
        (HeldPreview, ["..."], "..."),
        (HeldLive, ["a"], "a"),
    ],
)
def test_what_is_set_aside_was_not_shown_yet(policy: type[Held], texts: list[str], set_aside: str) -> None:
    held = policy()
    for text in texts:
        held.add(text)
    assert held.set_aside() == set_aside
    assert not held.worthy
    assert held.take() == ""


@given(st.text())
def test_units_are_javascripts(text: str) -> None:
    assert units(text) == utf16_length(text)


@given(words, st.integers(0, 20))
def test_the_head_is_the_longest_that_fits(text: str, room: int) -> None:
    head = head_units(text, room)
    assert text.startswith(head)
    assert utf16_length(head) <= room
    if len(head) < len(text):
        assert utf16_length(text[: len(head) + 1]) > room


@given(words, st.integers(0, 12))
def test_a_long_text_is_cut_so_that_its_end_fits(text: str, limit: int) -> None:
    head, tail = split_units(text, limit)
    assert head + tail == text
    if not head:
        return
    assert utf16_length(text) > limit > 0
    assert utf16_length(tail) <= limit
    assert speaks(tail)


@given(words.filter(lambda text: not speaks(text)), st.integers(1, 5))
def test_a_text_without_a_letter_stays_whole(text: str, limit: int) -> None:
    assert split_units(text, limit) == ("", text)


def test_the_cut_falls_behind_a_near_line_end() -> None:
    text = "x" * 500 + "\n" + "y" * 995
    head, tail = split_units(text, 1000)
    assert (head[-1], tail[0], len(tail)) == ("\n", "y", 995)
    far = "x" * 1500 + "\n" + "y" * 500
    assert split_units(far, 1000) == (far[:1001], far[1001:])


def test_pairs_are_not_cut() -> None:
    text = "😀" * 700
    head, tail = split_units("a" + text + "b", 1001)
    assert tail == "😀" * 500 + "b"
    assert head == "a" + "😀" * 200


@given(st.lists(words), st.sampled_from([Held, HeldPreview, HeldLive]))
def test_the_whole_text_is_known_whatever_was_released(texts: list[str], policy: type[Held]) -> None:
    held = policy()
    for number, text in enumerate(texts):
        if number % 3 == 2:
            held.break_here()
        held.add(text)
    assert held.whole() == "".join(texts)
