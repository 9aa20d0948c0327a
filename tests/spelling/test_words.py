"""Prose beside undeclared elements."""

from __future__ import annotations

import pytest

from roobridge.spelling.words import is_prose


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("", False),
        (" \n", False),
        ("Done.", True),
        ("<a>b</a>", False),
        ("<a>b</a>\nThen.", True),
        ("So: <a>b</a>", True),
        ("<a x='1'/>", False),
        ("<a><b>c</b>d</a>", False),
        ("<!-- a comment -->", False),
        ("</file>", False),
        ("<a>never closed", False),
        ("<recursive", False),
        ("a < b", True),
    ],
)
def test_words_outside_every_element(text: str, prose: bool) -> None:
    assert is_prose(text) is prose
