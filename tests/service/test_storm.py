from __future__ import annotations

from roobridge.errors import UpstreamError
from roobridge.service.conversations.storm import Storm, broken_again


def test_a_repeat_is_known_for_some_minutes() -> None:
    storm = Storm(memory=300)
    assert not storm.is_repeat(b"a", 0)
    storm.broke(b"a", 0)
    assert storm.is_repeat(b"a", 299)
    assert not storm.is_repeat(b"b", 299)
    assert not storm.is_repeat(b"a", 301)


def test_breaking_again_prolongs_the_memory() -> None:
    storm = Storm(memory=300)
    storm.broke(b"a", 0)
    storm.broke(b"b", 1)
    storm.broke(b"a", 200)
    assert storm.is_repeat(b"a", 400)
    assert not storm.is_repeat(b"b", 400)


def test_a_whole_reply_ends_it() -> None:
    storm = Storm()
    storm.broke(b"a", 0)
    storm.held(b"a")
    storm.held(b"a")
    assert not storm.is_repeat(b"a", 0)


def test_the_oldest_is_forgotten_first_when_there_are_too_many() -> None:
    storm = Storm(capacity=2)
    for at, mark in enumerate((b"a", b"b", b"c")):
        storm.broke(mark, at)
    assert [storm.is_repeat(mark, 3) for mark in (b"a", b"b", b"c")] == [False, True, True]


def test_the_error_says_why_and_is_not_asked_again_at_once() -> None:
    error = broken_again(UpstreamError("The connection was lost.", code="connection_lost"))
    assert error.status_hint == 503
    assert error.code == "connection_lost"
    assert "The connection was lost." in error.message
