"""Literals found at any cutting, against comparing with each of them."""

from __future__ import annotations

import pytest
from hypothesis import given

from roobridge.spelling.loose import loose_tool
from roobridge.spelling.scanner import BLANKS, Found, Lexicon, Miss
from roobridge.spelling.states import Terminal
from tests.oracle.roo_reader import JS_BLANK
from tests.parser.pieces import of_parts

WORDS = ["<a>", "</a>", "<ab>", "</abc>", "<|im_end|>", "<function=list_files>"]
FOUND = {word: Found(Terminal.TOOL_OPEN, word) for word in WORDS}
texts = of_parts(
    *WORDS, "<", "</", "<a", "<|im_", "<function=", "<parameter=", "x", ">", "list_files", "-", "é", " "
)


def expected(text: str, at: int) -> tuple[Found | Miss, int]:
    rest = text[at:]
    for word in WORDS:
        if rest.startswith(word):
            return FOUND[word], at + len(word)
    if any(word.startswith(rest) for word in WORDS):
        return Miss.MORE, at
    return Miss.NONE, at


@given(texts)
def test_a_match_is_that_of_comparing(text: str) -> None:
    lexicon = Lexicon(FOUND)
    for at in (at for at, char in enumerate(text) if char == "<"):
        for end in range(at + 1, len(text) + 1):
            assert lexicon.match(text[:end], at) == expected(text[:end], at)


@given(texts)
def test_more_text_changes_nothing_but_more(text: str) -> None:
    lexicon = Lexicon(FOUND, {"<parameter=": Terminal.PARAM_OPEN})
    for at in (at for at, char in enumerate(text) if char == "<"):
        answers = [lexicon.match(text[:end], at) for end in range(at + 1, len(text) + 1)]
        decided = [answer for answer in answers if answer[0] is not Miss.MORE]
        assert all(answer == decided[0] for answer in decided)
        assert answers[len(answers) - len(decided) :] == decided


@pytest.mark.parametrize(
    ("text", "found", "end"),
    [
        ("<parameter=a_b-c.d>", Found(Terminal.PARAM_OPEN, "a_b-c.d"), 19),
        ("<parameter=", Miss.MORE, 0),
        ("<param", Miss.MORE, 0),
        ("<parameter=a", Miss.MORE, 0),
        ("<parameter=1a>", Miss.NONE, 0),
        ("<parameter=a b", Miss.NONE, 0),
        ("<parameter=>", Miss.NONE, 0),
        ("<parameter=" + "n" * 64 + ">", Found(Terminal.PARAM_OPEN, "n" * 64), 76),
        ("<parameter=" + "n" * 65 + ">", Miss.NONE, 0),
        ("<parameter=" + "n" * 100, Miss.NONE, 0),
    ],
)
def test_open_names(text: str, found: Found | Miss, end: int) -> None:
    assert Lexicon({}, {"<parameter=": Terminal.PARAM_OPEN}).match(text, 0) == (found, end)


def test_an_empty_lexicon_finds_nothing() -> None:
    assert Lexicon({}).match("<a>", 0) == (Miss.NONE, 0)


def test_blanks_are_those_of_javascript() -> None:
    assert set(BLANKS) == set(JS_BLANK)


def test_slips_are_known_whatever_names_were_looked_at_before() -> None:
    """Only so many are remembered: a reply may hold any number of tags."""
    meant = Found(Terminal.TOOL_OPEN, "read_file", slip=True)
    lexicon = Lexicon(
        {}, loose=[(loose_tool("function"), {"read_file": Found(Terminal.TOOL_OPEN, "read_file")})]
    )
    for number in range(1200):
        assert lexicon.match(f"<function=tool_{number}>", 0) == (Miss.NONE, 0)
        assert lexicon.match("<function=raed_file>", 0) == (meant, 20)
    remembered = lexicon._meant  # so that a long reply takes no more than a short one
    assert len(remembered) <= 512
