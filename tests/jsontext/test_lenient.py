"""Values that are no strings: strict ones stay as they are, loose ones are mended by name, others refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from roobridge.jsontext.lenient import is_json, normalise
from tests.jsontext.json_texts import values, written
from tests.parser.pieces import of_parts


@given(written(values))
def test_strict_json_comes_back_as_it_is(source: tuple[object, str]) -> None:
    _, text = source
    assert normalise(f" {text}\n") == (text.strip(), ())


# What is mended, its repairs, its strict twin.
LENIENT = [
    ("[1, 2,]", {"json_trailing_comma"}, "[1,2]"),
    ('{"a": 1,}', {"json_trailing_comma"}, '{"a":1}'),
    ("{a: 1}", {"json_bare_key"}, '{"a":1}'),
    ("[True, False, None]", {"python_literal"}, "[true,false,null]"),
    ("('a', \"b\")", {"python_literal"}, '["a","b"]'),
    ("['it\\'s \"x\"']", {"python_literal"}, '["it\'s \\"x\\""]'),
    ("[1 /* c */, # d\n 2 // e\n]", {"json_comment"}, "[1,2]"),
    ('["a\nb"]', set(), '["a\\u000ab"]'),
    ("{'a': [], 'b': {}, 'c': ()}", {"python_literal"}, '{"a":[],"b":{},"c":[]}'),
    ("[+1, .5, 2.]", {"python_literal"}, "[1,0.5,2]"),
    ("{'a': [True,],}", {"python_literal", "json_trailing_comma"}, '{"a":[true]}'),
    ("[1.10, 12345678901234567890,]", {"json_trailing_comma"}, "[1.10,12345678901234567890]"),
]


@pytest.mark.parametrize(("text", "repairs", "strict"), LENIENT)
def test_a_leniency_has_its_name_and_its_strict_twin_none(text: str, repairs: set[str], strict: str) -> None:
    assert normalise(text) == (strict, tuple(sorted(repairs)))
    assert normalise(strict) == (strict, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nope",
        "[1 2]",
        "[1,,2]",
        "[,]",
        "{,}",
        '{"a" 1}',
        "{1: 2}",
        '{"a": }',
        "[1",
        '"a',
        "'a",
        "1 2",
        "01",
        "0x10",
        "NaN",
        "[-]",
        '"\\x"',
        "1E400",
        "[1e999]",
        "9" * 5000,
        "[/]",
        "[/* ]",
        "undefined",
    ],
)
def test_what_is_beyond_mending_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        normalise(text)


@pytest.mark.parametrize("depth", [99, 100])
def test_depth_has_a_limit(depth: int) -> None:
    text = "[" * depth + "]" * depth
    assert normalise(text) == (text, ())
    objects = '{"[":' * depth + "1" + "}" * depth
    assert normalise(objects) == (objects, ())


@pytest.mark.parametrize("opener", ["[", "(", '{"a":', "[1,"])
def test_what_is_deeper_is_refused_however_deep(opener: str) -> None:
    for depth in (102, 100_000):
        with pytest.raises(ValueError, match="deep"):
            normalise(opener * depth)


def test_brackets_in_strings_are_no_depth() -> None:
    text = json.dumps(["[" * 500, {"{" * 500: '"['}])
    assert normalise(text) == (text, ())


@given(of_parts(*"[]{}(),:\"'\\/#*", "1", "a", "null", "True", ".", "-", "e", " ", "\n", "\\u12", longest=20))
def test_nothing_but_a_value_error(text: str) -> None:
    try:
        result, _ = normalise(text)
    except ValueError:
        return
    assert is_json(result)
    json.loads(result)


@given(values)
def test_mending_keeps_the_value(value: object) -> None:
    """Python's own spelling of a value is read as the value."""
    text = repr(value)
    if "\\x" in text or "\\U" in text:  # escapes that JSON has not
        return
    result, _ = normalise(text)
    assert json.loads(result) == value


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('["\\ud800"]', '["\\ufffd"]'),
        ('["\\ud800\\udc00"]', '["\\ud800\\udc00"]'),
        ('["\\ud800\\ud800\\udc00"]', '["\\ufffd\\ud800\\udc00"]'),
        ('["\\\\ud800"]', '["\\\\ud800"]'),
        ('["\ud800"]', '["\ufffd"]'),
    ],
)
def test_half_a_surrogate_pair_becomes_a_replacement_character(text: str, whole: str) -> None:
    assert normalise(text) == (whole, () if text == whole else ("lone_surrogate",))


def test_a_string_may_look_like_a_number_without_end() -> None:
    assert normalise('["1e999 at 9e99"]') == ('["1e999 at 9e99"]', ())
