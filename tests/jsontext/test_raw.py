"""Where comments and values end, at any cutting."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.jsontext.raw import Comment, RawValue
from tests.oracle.cuts import at_positions

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner | st.text(), max_size=3) | st.dictionaries(st.text(), inner | st.text(), max_size=3)
    ),
    max_leaves=8,
)


def measured(pieces: list[str]) -> tuple[str, str, bool]:
    """The value, what follows it, and whether its end was found."""
    raw, whole, rest = RawValue(), False, ""
    for piece in pieces:
        i = 0
        if not whole:
            i, whole = raw.read(piece, 0)
        rest += piece[i:]
    return raw.take(), rest, whole


@given(
    json_values, st.sampled_from([",", "}", " ", "\n}", "/* c */", "# c", "]"]), st.sets(st.integers(1, 60))
)
def test_a_value_ends_at_what_follows_it(value: object, follows: str, cuts: set[int]) -> None:
    source = json.dumps(value, ensure_ascii=False)
    for pieces in (at_positions(source + follows, cuts), list(source + follows)):
        assert measured(pieces) == (source, follows, True)


@pytest.mark.parametrize(
    "source",
    [
        "[1, // it's\n 2]",
        "[/* ] */ 1]",
        "[1, # it's ]\n 2]",
        "('a', \")\")",
        '{"a": "\\"}"}',
        "['\\']']",
        "[1 / 2]",
    ],
)
def test_brackets_and_quotes_in_comments_and_strings_do_not_count(source: str) -> None:
    for pieces in ([source + "}"], list(source + "}")):
        assert measured(pieces) == (source, "}", True)


@pytest.mark.parametrize(("source", "closed"), [("12", True), ("[1", False), ('["a', False), ("[]", True)])
def test_closed(source: str, closed: bool) -> None:
    raw = RawValue()
    assert raw.read(source, 0) == (len(source), False)
    assert raw.closed is closed


@pytest.mark.parametrize(
    ("source", "follows"),
    [
        ("// a */ b\n", " x"),
        ("# a // b\n", "x"),
        ("/* a \n ** b **/", "*/"),
        ("/**/", "/"),
        ("/***/", ""),
        ("/*/ */", ""),
    ],
)
def test_a_comments_end(source: str, follows: str) -> None:
    whole = source + follows
    for pieces in ([whole], list(whole)):
        comment, rest = Comment(), ""
        comment.start(whole[0])
        for number, piece in enumerate(pieces):
            i = 1 if number == 0 else 0
            while i < len(piece) and comment.open:
                i = comment.read(piece, i)
            rest += piece[i:]
        assert (rest, comment.open, comment.broken) == (follows, False, False)


def test_a_lone_slash_is_no_comment() -> None:
    comment = Comment()
    comment.start("/")
    assert comment.read("x", 0) == 0
    assert comment.broken
    assert not comment.open
