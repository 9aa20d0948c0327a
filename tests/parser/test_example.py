"""What is kept of an example."""

from __future__ import annotations

import pytest

from roobridge.parser.example import Example


def test_an_example_keeps_its_source() -> None:
    example = Example("```\n<list_files>", "<list_files>", 0, "<path>")
    example.add("a</path>")
    assert example.rest() == "<path>a</path>"
    assert example.taken(3) == "```\n<list_files><path>a</pa"


@pytest.mark.parametrize(
    ("indent", "rest", "text"),
    [
        (4, "\n    a\n\n      b\n", "<t>\na\n\n  b\n"),
        (4, "\n    a\n  b", ""),
        (0, "\n    a", ""),
        (2, " x\n  </t>", "<t> x\n</t>"),
    ],
)
def test_an_indent_that_all_lines_have_is_none_of_theirs(indent: int, rest: str, text: str) -> None:
    assert Example("<t>", "<t>", indent, rest).dedented() == text
