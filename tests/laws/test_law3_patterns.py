"""Law 3 for patterns: none backtracks over what others wrote so that four times the text costs more than
about four times the steps.

Every compiled pattern of the package is run over texts made of its own words, which are those that lead it
on. The steps are counted by a matcher of our own (regex_steps.py).
"""

from __future__ import annotations

import importlib
import math
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import roobridge
from tests.house_rules.source import modules
from tests.laws.regex_steps import Steps, TooManyError, words

# Matched at one place of a text each, though by other names: one of several, or by a function.
PLACED = {
    "bridge.secrets.forms._FORMS",
    "jsontext.lenient._DOUBLE",
    "jsontext.lenient._SINGLE",
    "jsontext.quotes._BLANK",
    "render.values._INTEGER",
    "render.values._NUMBER",
}
GROWTH = 6.0  # of the steps for four times the text: a quadratic pattern has 13 to 16


def patterns() -> dict[str, tuple[re.Pattern[str], bool]]:
    """Every pattern by its name, and whether it is only ever matched at one place of a text."""
    found: dict[str, tuple[re.Pattern[str], bool]] = {}
    package = "\n".join(file.read_text(encoding="utf-8") for file in modules("roobridge"))
    for info in pkgutil.walk_packages(roobridge.__path__, "roobridge."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        assert module.__file__ is not None
        code = Path(module.__file__).read_text(encoding="utf-8")
        for name, value in vars(module).items():
            if not re.search(rf"^{name}\b.*=", code, re.MULTILINE):
                continue  # imported
            at = f"{info.name.removeprefix('roobridge.')}.{name}"
            uses = set(re.findall(rf"\b{name}\.(\w+)\(", code if name.startswith("_") else package))
            placed = at in PLACED or (bool(uses) and uses <= {"match", "fullmatch"})
            found |= {f"{at}.{number}": (pattern, placed) for number, pattern in enumerate(compiled(value))}
    return found


def compiled(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from compiled(item)
    elif type(value) is dict:
        for item in value.values():
            yield from compiled(item)


PATTERNS = patterns()


def growth(pattern: re.Pattern[str], text: str, *, placed: bool, behind: str = "!") -> float:
    """How many times the steps are for four times as many of the last unit of a text, written `head|unit`."""
    head, _, unit = text.partition("\0")
    steps = Steps(pattern)
    run = steps.match if placed else steps.scan
    small = run(head + unit * 12 + behind)
    steps.limit = 2 * GROWTH * small
    try:
        return run(head + unit * 48 + behind) / small
    except TooManyError:
        return math.inf


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_grows_faster_than_its_text(name: str) -> None:
    pattern, placed = PATTERNS[name]
    worst = max((growth(pattern, text, placed=placed), text) for text in hostile(pattern))
    assert worst[0] < GROWTH, worst


@cache
def hostile(pattern: re.Pattern[str]) -> tuple[str, ...]:
    """A head and a unit to repeat, from the words of the pattern itself."""
    units = words(pattern)
    pairs = [(one, two) for one in units for two in units if one != two]
    return (
        *(f"\0{unit}" for unit in units),
        *(f"{one}\0{two}" for one, two in pairs),
        *(f"\0{one}{two}" for one, two in pairs),
    )


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"<[^>]*>", "\0<"),
        (r"https?://[^\s]*x5sec", "\0http://"),
        (r"(?m)^## +(.*?)[ \t]*\r?$", "## a\0 "),
        (r"parent_id.*not exist", "\0parent_id"),
        (r"(?:a+)+b", "\0a"),
        (r"\s+$", "\0 "),
    ],
)
def test_the_count_tells_a_pattern_that_backtracks(pattern: str, text: str) -> None:
    assert growth(re.compile(pattern), text, placed=False) > GROWTH
