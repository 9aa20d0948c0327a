from __future__ import annotations

import pytest

from roobridge.bridge.continuation.preamble import introduces, preamble, thinking

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
    ("head", "found"),
    [
        ("<think>Hm.</think>\n\nx", ("Hm.", "\n\nx", True)),
        ("\n<thinking>Hm.</thinking>x", ("Hm.", "x", True)),
        ("<think>Hm.</thinking>", ("Hm.</thinking>", "", False)),
        ("x <think>Hm.</think>", None),
    ],
)
def test_thinking_before_a_continuation(head: str, found: tuple[str, str, bool] | None) -> None:
    assert thinking(head) == found
