from __future__ import annotations

import pytest

from roobridge.bridge.continuation.beginning import HEAD, Beginning, How, find_beginning
from roobridge.bridge.continuation.overlap import MisfitError
from roobridge.bridge.reply.unfinished import OpenCall, Opening
from roobridge.spelling.dialect import Given

VALUE = "def first(path):\n    return os.stat(path)\n\n\ndef second(path):\n    ret"
TEXT = f"<write_to_file>\n<path>a.py</path>\n<content>\n{VALUE}"
GIVEN = (Given("path", "a.py", closed=True), Given("content", VALUE, closed=False))
OPENING = Opening(TEXT, OpenCall("write_to_file", "roo-xml", GIVEN))
WORDS = Opening("The answer to it all is")
QWEN = "<function=write_to_file>"
Begun = tuple[How, str, bool, tuple[str, ...]]


def begin(head: str, opening: Opening = OPENING, *, last: bool = True) -> Begun:
    found: Beginning = find_beginning(opening, head, last=last)
    return found.how, head[found.at :], found.fenced, found.repairs


def markdown(value: str) -> Opening:
    given = (Given("path", "a.md", closed=True), Given("content", value, closed=False))
    return Opening("<content>\n" + value, OpenCall("write_to_file", "roo-xml", given))


@pytest.mark.parametrize(
    ("head", "rest", "fenced", "repairs"),
    [
        ("urn path", "urn path", False, ()),
        ("    return path", "urn path", False, ("overlap_removed",)),
        ("Sure, here is the rest:\nurn path", "urn path", False, ("preamble_removed",)),
        ("Sure, the rest:\n\n    return path", "urn path", False, ("preamble_removed", "overlap_removed")),
        ("```python\nurn path\n```", "urn path\n```", True, ("fence_removed",)),
        ("The rest:\n\n```\nurn path", "urn path", True, ("preamble_removed", "fence_removed")),
    ],
)
def test_where_the_new_begins(head: str, rest: str, fenced: bool, repairs: tuple[str, ...]) -> None:
    assert begin(head) == (How.GOES_ON, rest, fenced, repairs)


@pytest.mark.parametrize(
    "words",
    ["", "\n", "Sure, here is the whole call again:\n\n", "```xml\n", "I was cut off.\nAgain:\n```\n"],
)
@pytest.mark.parametrize(
    "opener",
    ["<write_to_file>", "<function=write_to_file>", "<tool_call>\n<function=write_to_file>", "<tool_call>{"],
)
def test_the_call_told_again(words: str, opener: str) -> None:
    assert begin(f"{words}{opener}\nand so on") == (How.RESTARTS, f"{opener}\nand so on", False, ())


@pytest.mark.parametrize(
    "head", ["urn <write_to_file>", "<read_file>\n<path>", "<tool_call>\n<function=read_file>"]
)
def test_other_tags_are_no_restart(head: str) -> None:
    assert begin(head)[0] is How.GOES_ON


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        ("urn path", "urn path"),
        ("\n\nurn path", "urn path"),  # as Qwen3's template has it
        ("\r\n\r\n  urn path", "  urn path"),
        ("\n    return path", "urn path"),  # the line again
        ("\n```\nurn path", "urn path"),
        ("\n\nSure, the rest:\nurn path", "urn path"),
        ("\n<write_to_file>\n<path>", "<write_to_file>\n<path>"),
    ],
)
def test_behind_thinking(head: str, rest: str) -> None:
    found = find_beginning(OPENING, head, last=True, thought=True)
    assert head[found.at :] == rest


@pytest.mark.parametrize("head", ["\nurn path", "\n\n\nurn path"])
def test_an_empty_line_behind_thinking_may_be_the_files(head: str) -> None:
    with pytest.raises(MisfitError, match="after its thinking"):
        find_beginning(OPENING, head, last=True, thought=True)
    assert find_beginning(WORDS, "\n42.", last=True, thought=True).at == 0


def test_what_stands_in_the_middle_of_what_was_received() -> None:
    long = Opening("".join(f"line {number}\n" for number in range(200)))
    again = long.text[100 : 100 + HEAD]
    assert begin(again, long, last=False) == (How.REPEATS, again, False, ())
    assert begin(long.text[-HEAD:], long, last=False)[:2] == (How.GOES_ON, "")
    twice = Opening(long.text + long.text + "end")
    with pytest.raises(MisfitError, match="several places"):
        begin(again, twice, last=False)


@pytest.mark.parametrize(
    ("opening", "head"),
    [
        (OPENING, "Sure, here is the rest:\n\nurn path"),
        (OPENING, "\n```python\nurn path"),
        (markdown("Use it:\n\n"), "```python\nimport a"),
        (markdown("def a() {\n}"), "Sure, the rest:\n\n}\n"),
        (Opening("<tool_call>\n{", begun="<tool_call>\n{"), "{"),
    ],
)
def test_what_can_be_read_in_two_ways(opening: Opening, head: str) -> None:
    with pytest.raises(MisfitError):
        begin(head, opening)


def test_a_fence_that_belongs_to_the_value() -> None:
    head = "\n```python\nimport a\n```\n"
    assert begin(head, markdown("Use it:\n")) == (How.GOES_ON, head, False, ())


def test_words_of_an_answer_may_repeat() -> None:
    assert begin("is", WORDS) == (How.GOES_ON, "is", False, ())
    assert begin("\nSo it is.", Opening("It is:\n\n")) == (How.GOES_ON, "\nSo it is.", False, ())
    assert begin("```\nx", WORDS) == (How.GOES_ON, "```\nx", False, ())


def test_a_call_that_was_not_announced_begins_anew_behind_words() -> None:
    begun = '<tool_call>\n{"name": "wri'
    opening = Opening("I write.\n" + begun, begun=begun)
    head = f"Here it is again:\n{begun}te_to_file"
    assert begin(head, opening) == (How.GOES_ON, "te_to_file", False, ("preamble_removed", "overlap_removed"))
