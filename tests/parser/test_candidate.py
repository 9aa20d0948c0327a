"""What a candidate holds, and which rows count while it is open."""

from __future__ import annotations

import pytest

from roobridge.dialects.hermes import HERMES
from roobridge.dialects.roo_xml import ROO_XML
from roobridge.parser.candidate import Candidate
from roobridge.parser.token import Token
from roobridge.spelling.scanner import Lexicon
from roobridge.spelling.states import State, Terminal


def candidate(*tokens: Token) -> Candidate:
    made = Candidate(HERMES, Lexicon({}))
    made.held += tokens
    return made


def test_rows_are_those_of_the_open_calls_dialect_and_of_content() -> None:
    made = candidate()
    assert made.row(State.CONTENT, Terminal.TOOL_OPEN) is not None
    assert made.row(State.OPENED, Terminal.PARAM_OPEN) is None
    made.dialect = ROO_XML
    assert made.row(State.OPENED, Terminal.PARAM_OPEN) is not None
    assert made.row(State.OPENED, Terminal.TOOL_OPEN) is None


OPEN, CLOSE = Token(Terminal.TOOL_OPEN, "<t>"), Token(Terminal.TOOL_CLOSE, "</t>")


@pytest.mark.parametrize(
    ("tokens", "begins", "ends"),
    [
        ([OPEN], True, False),
        ([OPEN, Token(Terminal.WORDS, "a")], False, False),
        ([OPEN, Token(Terminal.WORDS, "a"), Token(Terminal.SPACE, "\n")], True, True),
        ([OPEN, Token(Terminal.WORDS, "a"), Token(Terminal.SPACE, " ")], False, False),
        ([CLOSE, Token(Terminal.SPACE, " \n ")], True, True),
        ([], True, False),
    ],
)
def test_what_its_words_and_lines_say(tokens: list[Token], begins: bool, ends: bool) -> None:
    made = candidate(*tokens)
    assert (made.begins_line, made.ends_line) == (begins, ends)


def test_what_stands_behind_its_last_opening_tag() -> None:
    made = candidate(OPEN, Token(Terminal.SPACE, "\n"), OPEN, Token(Terminal.WORDS, "a"))
    assert (made.behind_opener, made.words, made.text) == ("a", "\na", "<t>\n<t>a")
    made.forget()
    assert made.text == ""
