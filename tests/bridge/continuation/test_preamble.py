from __future__ import annotations

import pytest

from roobridge.bridge.continuation.preamble import Unfence, fence, introduces, preamble
from tests.oracle.cuts import CUTTINGS, Cutting

BODY = "    return 1\n"


@pytest.mark.parametrize(
    "words",
    [
        "Sure, here is the rest:\n",
        "Sure!\n",
        "Here's the continuation of the file:\n",
        "Here is the remaining content:\r\n",
        "Continuing from where I left off:\n",
        "I'll continue exactly where I stopped.\n",
        "\nOkay, the rest of the file:\n",
        "The rest:\n",
    ],
)
def test_words_that_introduce(words: str) -> None:
    assert (words + BODY)[preamble(words + BODY) :] == BODY


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        "here = 1\nthere = 2\n",
        "Here is a list:\n- one\n",
        "surely, the rest:\n",
        "# The rest of the functions\n",
        "I am here.\n",
        "Sure, here is the rest:",
        "continue\n",
        "x" * 300 + " the rest:\n",
    ],
)
def test_words_of_the_text_itself(text: str) -> None:
    assert preamble(text) == 0


def test_words_about_a_call_that_is_told_again() -> None:
    assert introduces("")
    assert introduces("Sure, here is the whole call:\n\n")
    assert introduces("I'll write it again.")
    assert not introduces("x = 1")
    assert not introduces("Sure. " + "It is long. " * 40)


@pytest.mark.parametrize(
    ("head", "body"),
    [("```python\nx", "x"), ("\n~~~\nx", "x"), ("``` \r\nx", "x"), ("```a b\nx", ""), ("x", "")],
)
def test_a_fence_at_the_beginning(head: str, body: str) -> None:
    assert (head[fence(head) :] if fence(head) else "") == body


@pytest.mark.parametrize("cutting", CUTTINGS.values(), ids=CUTTINGS)
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\nb\n```", "a\nb"),
        ("a\nb\n```\n", "a\nb"),
        ("a\n```\n</content>\n</write_to_file>", "a\n</content>\n</write_to_file>"),
        ("a\n</content>\n</write_to_file>\n```\n", "a\n</content>\n</write_to_file>"),
        ("a\n```\n</content>\n```", "a\n</content>\n```"),
        ("a\n`b`\n``\nc", "a\n`b`\n``\nc"),
        ("a\r\nb\n", "a\r\nb\n"),
        ("a\n  ```js\nb\n", "a\n  ```js\nb\n"),
        ("a\n~~~\n<parameter=b>", "a\n<parameter=b>"),
        ("", ""),
    ],
)
def test_the_closing_line_is_taken_out(text: str, left: str, cutting: Cutting) -> None:
    unfence = Unfence()
    given = "".join([unfence.feed(part) for part in cutting(text)]) + unfence.close()
    assert given == left
    assert not unfence.strayed


@pytest.mark.parametrize("cutting", CUTTINGS.values(), ids=CUTTINGS)
def test_what_else_follows_a_fence_shows_that_it_was_none(cutting: Cutting) -> None:
    unfence = Unfence()
    given = "".join([unfence.feed(part) for part in cutting("a\n```\nThat was the rest.")]) + unfence.close()
    assert given == "a"
    assert unfence.strayed
