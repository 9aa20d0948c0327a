"""Closing tags, right and nearly right."""

from __future__ import annotations

import pytest

from roobridge.spelling.closers import Tag, close_end, tag_at
from roobridge.spelling.scanner import Miss
from roobridge.spelling.slips import alike


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<", Miss.MORE),
        ("</", Miss.MORE),
        ("<a", Miss.MORE),
        ("</content", Miss.MORE),
        ("<a>", Tag(False, "a", 2)),
        ("</content>", Tag(True, "content", 9)),
        ("<a_b-c.d x", Tag(False, "a_b-c.d", 8)),
        ("< a", Miss.NONE),
        ("<!-- a", Miss.NONE),
        ("<|im_end|>", Miss.NONE),
        ("<" + "a" * 50, Tag(False, "a" * 40, 41)),
    ],
)
def test_a_tags_name(text: str, found: Tag | Miss) -> None:
    assert tag_at(text, 0) == found


@pytest.mark.parametrize(
    ("text", "end"),
    [("", None), (">", 1), (" >", 2), (" ", None), ("\n", 0), ("<", 0), (" x", 0), ("x", -1), ("/>", -1)],
)
def test_where_a_closing_tag_ends(text: str, end: int | None) -> None:
    assert close_end(text, 0) == end


@pytest.mark.parametrize(
    ("word", "right", "same"),
    [
        ("content", "content", True),
        ("contents", "content", True),
        ("contnet", "content", True),
        ("conten", "content", True),
        ("Content", "content", True),
        ("context", "content", True),
        ("constant", "content", False),
        ("paramter", "parameter", True),
        ("prameters", "parameter", True),
        ("path", "patch", True),
        ("url", "uri", False),
        ("div", "dir", False),
        ("cwd", "cwd", True),
        ("file", "path", False),
    ],
)
def test_words_that_differ_by_a_slip(word: str, right: str, same: bool) -> None:
    assert alike(word, right) is same
