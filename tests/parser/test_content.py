"""What is remembered of the text outside calls."""

from __future__ import annotations

import pytest

from roobridge.events import Text
from roobridge.parser.content import Content
from roobridge.parser.output import Output


@pytest.mark.parametrize(("tag", "name"), [("<list_files>", "list_files"), ("<parameter=path>", "parameter")])
def test_each_mention_takes_one_closing_tag_with_it(tag: str, name: str) -> None:
    content = Content(Output())
    content.mention(tag)
    content.mention(tag)
    assert [content.was_mentioned(name) for _ in range(3)] == [True, True, False]
    assert not content.was_mentioned("another")


@pytest.mark.parametrize(("text", "behind_call"), [("\n ", True), ("words", False), ("\nwords", False)])
def test_white_space_behind_a_call_leaves_it_the_last_thing(text: str, behind_call: bool) -> None:
    output = Output()
    content = Content(output)
    content.call_ended()
    content.text(text)
    assert content.after_call is behind_call
    assert output.events == [Text(text)]
