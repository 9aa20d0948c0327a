"""A fence around a continuation is found and taken out."""

from __future__ import annotations

import pytest

from roobridge.bridge.continuation.fence import Unfence, fence
from tests.oracle.cuts import CUTTINGS, Cutting


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
    given = "".join([unfence.strip(part) for part in cutting(text)]) + unfence.close()
    assert given == left
    assert not unfence.strayed


@pytest.mark.parametrize("cutting", CUTTINGS.values(), ids=CUTTINGS)
def test_what_else_follows_a_fence_shows_that_it_was_none(cutting: Cutting) -> None:
    unfence = Unfence()
    given = "".join([unfence.strip(part) for part in cutting("a\n```\nThat was the rest.")]) + unfence.close()
    assert given == "a"
    assert unfence.strayed
