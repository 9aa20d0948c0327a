"""To a client that gets no calls made for it, everything passes as it is."""

from __future__ import annotations

import pytest

from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.plain import PlainReply
from roobridge.bridge.reply.reply import Reply
from roobridge.events import Content, Fail, Finish, Thought, ToolDelta


def test_each_channel_passes_as_it_is() -> None:
    calls = (ToolDelta(0, "id", "name", "{"), ToolDelta(0, arguments="}"))
    pieces = PlainReply().feed(Delta("<think>hm", "<read_file> & `", calls))
    assert pieces == [Thought("<think>hm"), Content("<read_file> & `"), *calls]


def test_nothing_is_made_of_nothing() -> None:
    assert PlainReply().feed(Delta()) == []


@pytest.mark.parametrize("finish", ["stop", "length", "tool_calls", "content_filter", "anything"])
def test_the_upstreams_word_is_passed_on(finish: str) -> None:
    assert PlainReply().close(finish) == [Finish(finish)]


@pytest.mark.parametrize(
    ("finish", "why"), [("error", "error"), ("silence", "silent"), ("cut", "connection")]
)
def test_a_reply_that_broke_off_is_an_error(finish: str, why: str) -> None:
    [fail] = PlainReply().close(finish)
    assert isinstance(fail, Fail)
    assert fail.code == "broken_off"
    assert why in fail.message


def test_nothing_of_it_is_gone_on_with_or_asked_for_again() -> None:
    reply: Reply = PlainReply()
    reply.feed(Delta(content="words", reasoning="thought"))
    assert reply.resumption("cut") is None
    assert reply.lone_text("stop") == reply.said == reply.tried == ""
    assert (reply.length.said, reply.length.thought, reply.examined) == (5, 7, 0)
    reply.note("x")
    assert reply.repairs == ["x"]
