"""Quotes inside strings and at their ends, by what follows them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from roobridge.jsontext.quotes import Quotes, Verdict
from tests.jsontext.json_texts import objects, written

_END, _INSIDE, _BROKEN, _MORE = Verdict.END, Verdict.INSIDE, Verdict.BROKEN, Verdict.MORE


def judged(ahead: str, *, mended: int = 0, outer: int | None = 1, ending: bool = False) -> Verdict:
    """What a quote before this text is. mended: quotes that stood inside the string before it."""
    quotes = Quotes(("path", "content"), ["path"], outer)
    quotes.begin()
    for _ in range(mended):
        quotes.judge("x ", 0)
    quotes.ending = ending
    return quotes.judge(ahead, 0)


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        (', "content": 1', _END),
        (', "other": 1', _END),
        (",\n  other: 1", _END),
        (", }", _END),
        (" // why\n, 'content': 1", _END),
        ("}}", _END),
        ("}, ", _END),
        ("}\n<", _END),
        ("\n</tool_call>", _END),
        (' and "', _INSIDE),
        (", and so it goes on for more than forty characters.", _INSIDE),
        ('}"', _INSIDE),
        ('"', _INSIDE),
        ('content": 1', _BROKEN),
        (', "content" 1', _BROKEN),
        (', dcontent": 1', _BROKEN),
        ("", _MORE),
        (",", _MORE),
        (', "cont', _MORE),
        ("}", _MORE),
        ("cont", _MORE),
        ("\n</too", _MORE),
        (" /* why", _MORE),
    ],
)
def test_what_may_be_json_is_read_as_json(ahead: str, verdict: Verdict) -> None:
    assert judged(ahead) is verdict


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [
        (', "content": "', _END),
        ("}}\n</tool_call>", _END),
        ("}}]", _END),
        (', "other": 1', _BROKEN),
        (', "other", 1', _INSIDE),
        ("}\n</tool_call>", _INSIDE),
        ("}} and", _INSIDE),
        ("}}", _MORE),
        (', "content":', _MORE),
    ],
)
def test_once_it_is_no_json_only_what_is_declared_counts(ahead: str, verdict: Verdict) -> None:
    assert judged(ahead, mended=2) is verdict


def test_the_quotes_inside_are_paired() -> None:
    assert judged("}}\n</tool_call>", mended=1) is _BROKEN
    assert judged("}}\n</tool_call>", mended=4) is _END


def test_the_texts_end_decides() -> None:
    assert judged("}}", mended=2, ending=True) is _END
    assert judged("}", mended=2, ending=True) is _BROKEN
    assert judged(", ", ending=True) is _END
    assert judged("}", outer=None) is _END
    assert judged("}", mended=2, outer=None) is _MORE


def test_what_waits_is_bounded() -> None:
    assert judged(" " * 600) is _END
    assert judged(" " * 600, mended=2) is _BROKEN


@given(written(objects))
def test_no_quote_of_json_is_inside(source: tuple[dict[str, object], str]) -> None:
    _, text = source
    quotes = Quotes((), (), 0)
    whole = text + "\n</tool_call>"
    for at, char in enumerate(text):
        if char != '"' or not text[at + 1 :].lstrip().startswith((",", "}")):
            continue
        try:  # the string may be a key, or lie deeper
            json.loads(text[:at] + '"' + "}")
        except ValueError:
            continue
        assert quotes.judge(whole, at + 1) is _END
