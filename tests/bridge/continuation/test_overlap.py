from __future__ import annotations

import pytest

from roobridge.bridge.continuation.overlap import MisfitError, overlap

FILE = "import os\n\n\ndef first(path):\n    return os.stat(path)\n\n\ndef second(path):\n    ret"


@pytest.mark.parametrize(
    ("received", "head", "repeated"),
    [
        ("one two three four", " five", ""),
        ("one two three four", "one two three four five", "one two three four"),
        ("zero one two three four", "one two three four five", "one two three four"),
        ("one two three four", "three four five", ""),  # ten characters happen twice by chance
        ("first line\nlast line\n", "last line\nnext", "last line\n"),
        ("first line\nlast line", "last line, still", "last line"),
        ("first\nlast", "last one", "last"),
        ("<path>a</path>\n<content>", "<content>\nx", "<content>"),
        ("<content>import os", "import os\nimport re", "import os"),
        ("value</cont", "</content>", "</cont"),
        ("value<", "</content>", "<"),
        ("cout <", "< x;", ""),
        ("", "anything", ""),
        ("anything", "", ""),
        (FILE, "urn path", ""),
        (FILE, "    return path", "    ret"),
        (FILE, "def second(path):\n    return path", "def second(path):\n    ret"),
    ],
)
def test_what_is_repeated(received: str, head: str, repeated: str) -> None:
    assert head[: overlap(received, head)] == repeated


@pytest.mark.parametrize(
    ("received", "head"),
    [
        ("ab\nab\nab\n", "ab\nab\n"),
        ("one line of it\none line of it\n", "one line of it\n"),
        ("-" * 40, "-" * 20 + "\n"),
        ("a\n}", "}\n"),
        ("a\n\n", "\nb"),
        ("a\nx", "x = 1"),
    ],
)
def test_where_repeating_and_going_on_look_alike_nothing_is_guessed(received: str, head: str) -> None:
    with pytest.raises(MisfitError):
        overlap(received, head)


@pytest.mark.parametrize(
    ("begun", "head", "repeated"),
    [(" ", "   y = 1", ""), ("  ", "    y = 1", "  "), ("  ", "  y = 1", ""), ("    ", "y = 1", "")],
)
def test_indentation_is_that_of_other_lines(begun: str, head: str, repeated: str) -> None:
    assert head[: overlap(f"if a:\n    x = 1\n{begun}", head)] == repeated


def test_indentation_that_fits_both_ways_is_not_guessed() -> None:
    with pytest.raises(MisfitError):
        overlap("if a:\n    if b:\n        x = 1\n    ", "    y = 1")


@pytest.mark.parametrize(
    ("received", "head", "repeated"),
    [
        (r'{"content": "one\nlast line', r"last line, still", "last line"),
        (r'{"content": "one\nlast line\n', r"last line\nnext", r"last line\n"),
        (r'{"content": "import os', r"import os\nimport re", "import os"),
        (r'{"content": "one\nline 20\\', r"\nline 21", None),
        (r'{"content": "caf\u00e9 au lait, s\u0027il', "café au lait, s'il vous", "café au lait, s'il"),
        (
            r'{"content": "smile 😀 and go on and on',
            r"smile \ud83d\ude00 and go on and on.",
            r"smile \ud83d\ude00 and go on and on",
        ),
        (r'{"content": "one\nline 20' + "\\", r"line 20\nline 21", "line 20\\"),
        (r'{"content": "one two \u00', r"e9", ""),
    ],
)
def test_json_text(received: str, head: str, repeated: str | None) -> None:
    assert head[: overlap(received, head, escaped=True)] == (repeated or "")


def test_an_escape_that_may_begin_anew_is_not_guessed() -> None:
    with pytest.raises(MisfitError):
        overlap('{"content": "a\\n' + "\\", r"\nb", escaped=True)
