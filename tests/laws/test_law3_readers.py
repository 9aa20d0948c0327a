"""Law 3 for what reads requests, refusals and recordings: four times the text is about four times the work.

Counted are the lines of Python that a reader runs, and the steps of the patterns that it tries at many
places of one text (regex_steps.py).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import roobridge
from roobridge.bridge.request import history
from roobridge.bridge.request.history import clean_history
from roobridge.bridge.request.prompt_tools import offered_tools
from roobridge.bridge.secrets import forms
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire import openai_errors, qwen_web_errors
from roobridge.bridge.wire.openai import OpenAIStream
from roobridge.calls.tagged import _open_tags
from roobridge.render.guard import ZERO_WIDTH
from tests.laws.regex_steps import Steps
from tests.oracle.plans import ROO_41

PACKAGE = str(Path(roobridge.__file__).parent)
GROWTH = 4.8
CLEAN = Cleaner(["sk-0123456789abcdef", "lang=en; token=abcdefgh01234567"])


def history_of(text: str) -> None:
    clean_history([{"role": "assistant", "content": text}], ROO_41.plan())


READERS: dict[str, Callable[[str], object]] = {
    "cleaner": CLEAN.text,
    "head": lambda text: CLEAN.head(text, 500),
    "refusal": lambda text: openai_errors.refusal(500, text, CLEAN),
    "the site's refusal": lambda text: qwen_web_errors.refusal(200, text, CLEAN),
    "prompt": lambda text: offered_tools("# Tools\n" + text),
    "history": history_of,
    "stream": lambda text: OpenAIStream(CLEAN).feed(text),
    "stream, cut": lambda text: [*map(OpenAIStream(CLEAN).feed, text)],
    "open tags": _open_tags,
}
UNITS = [
    *"< &\\%\n\"'`-=:/",
    "http://",
    "x5sec",
    "http://x5sec",
    "://a:",
    "sk-",
    "sk-0123456789abcdef",
    "sk-0123456789abcde ",
    "eyJ",
    "eyJaaaaaaaa.",
    "eyJaaaaaaaa-",
    "bearer ",
    "authorization:",
    "cookie: a=",
    "bx-",
    "token=",
    "api_key=",
    "%41",
    "\\u0041",
    "&#65;",
    "parent_id",
    "## ",
    "## a",
    "## read_file\n",
    "- a: (required)\n",
    "data: x\n",
    "data:\n\n",
    ":\n",
    "x\n",
    "<read_file>",
    "<path>",
    "</path>",
    f"<{ZERO_WIDTH}read_file>",
    f"<{ZERO_WIDTH}read_file><path>",
    "<a></b>",
]


class Counted:
    """A pattern whose steps are counted."""

    total = 0

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._steps = Steps(pattern)

    def match(self, text: str, at: int = 0) -> re.Match[str] | None:
        Counted.total += self._steps.match(text, at)
        return self._pattern.match(text, at)

    def search(self, text: str, at: int = 0) -> re.Match[str] | None:
        Counted.total += self._steps.search(text, at)
        return self._pattern.search(text, at)


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_FORMS", [(needles, Counted(form)) for needles, form in forms._FORMS])
    real = history.open_tag
    monkeypatch.setattr(history, "open_tag", lambda names, close="": Counted(real(names, close)))


def work(reader: Callable[[str], object], text: str) -> int:
    """The lines of the package that run, and the steps of its counted patterns."""
    Counted.total = lines = 0

    def line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        reader(text)
    finally:
        sys.settrace(before)
    return lines + Counted.total


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("name", READERS)
def test_work_grows_with_the_text(name: str, unit: str) -> None:
    reader = READERS[name]
    behind = f"<{ZERO_WIDTH}path>!"
    small, large = (work(reader, unit * times + behind) for times in (32, 128))
    assert large <= small * GROWTH
