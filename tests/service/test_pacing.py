from __future__ import annotations

import asyncio

import pytest

from roobridge.errors import ReplyError
from roobridge.events import Content, Finish, Piece, Thought, ToolDelta
from roobridge.service.turns.pacing import NEVER, Outbox, Pacing, join


@pytest.mark.parametrize(
    ("pieces", "joined"),
    [
        ([], []),
        ([Content("a"), Content("b")], [Content("ab")]),
        ([Thought("a"), Thought("b", True), Thought("c", True)], [Thought("a"), Thought("bc", True)]),
        ([Content("a"), Thought("b"), Content("c")], [Content("a"), Thought("b"), Content("c")]),
        (
            [ToolDelta(0, "x", "f"), ToolDelta(0, arguments="{"), ToolDelta(0, arguments="}")],
            [ToolDelta(0, "x", "f", "{}")],
        ),
        (
            [ToolDelta(0, arguments="}"), ToolDelta(1, "y", "g"), ToolDelta(1, arguments="{}")],
            [ToolDelta(0, arguments="}"), ToolDelta(1, "y", "g", "{}")],
        ),
        ([Content("a"), Finish("stop")], [Content("a"), Finish("stop")]),
    ],
)
def test_join(pieces: list[Piece], joined: list[Piece]) -> None:
    assert join(pieces) == joined


def test_first_piece_of_a_text_goes_out_at_once_and_the_next_after_the_pace() -> None:
    pacing = Pacing(0.025)
    pacing.add([Content("a")], 1.0)
    assert pacing.due == 1.0
    assert pacing.take(1.0) == [Content("a")]
    pacing.add([Content("b")], 1.010)
    pacing.add([Content("c")], 1.020)
    assert pacing.due == 1.025
    assert pacing.take(1.020) == []
    assert pacing.take(1.025) == [Content("bc")]
    assert pacing.due == NEVER


def test_after_a_pause_longer_than_the_pace_nothing_waits() -> None:
    pacing = Pacing(0.025)
    pacing.add([Content("a")], 1.0)
    pacing.take(1.0)
    pacing.add([Content("b")], 2.0)
    assert pacing.due == 2.0


@pytest.mark.parametrize(
    "piece",
    [Thought("t"), ToolDelta(0, "id", "read_file"), Finish("stop")],
    ids=lambda piece: type(piece).__name__,
)
def test_a_new_channel_and_an_end_go_out_at_once_with_all_that_is_pending(piece: Piece) -> None:
    pacing = Pacing(0.025)
    pacing.add([Content("a")], 1.0)
    pacing.take(1.0)
    pacing.add([Content("b")], 1.001)
    pacing.add([piece], 1.002)
    assert pacing.take(1.002) == [Content("b"), piece]


def test_a_second_call_goes_out_at_once() -> None:
    pacing = Pacing(0.025)
    pacing.add([ToolDelta(0, "x", "f", "{}")], 1.0)
    pacing.take(1.0)
    pacing.add([ToolDelta(1, "y", "g")], 1.001)
    assert pacing.due == 1.001


def test_pace_zero_joins_only_what_is_pending() -> None:
    pacing = Pacing(0)
    pacing.add([Content("a"), Content("b")], 1.0)
    assert pacing.take(1.0) == [Content("ab")]
    pacing.add([Content("c")], 1.0)
    assert pacing.take(1.0) == [Content("c")]


def test_a_whole_reply_waits_for_its_end_and_leaves_previews_out() -> None:
    pacing = Pacing(0, whole=True)
    pacing.add([Thought("early", preview=True), Thought("why"), Content("a"), Finish("stop")], 1.0)
    assert pacing.due == NEVER
    pacing.end(2.0)
    assert pacing.take(2.0) == [Thought("why"), Content("a"), Finish("stop")]


def test_a_broken_reply_that_was_to_come_whole_does_not_come_at_all() -> None:
    pacing = Pacing(0, whole=True)
    pacing.add([Content("half")], 1.0)
    pacing.end(2.0, broken=True)
    assert pacing.take(2.0) == []


def test_what_is_pending_can_be_withdrawn() -> None:
    pacing = Pacing(0.025, whole=True)
    pacing.add([Content("a")], 1)
    pacing.withdraw()
    assert not pacing.pending
    pacing.add([Content("b")], 1)
    pacing.end(2)
    assert pacing.take(2) == [Content("b")]


async def test_outbox_gives_what_was_put_while_it_waited() -> None:
    outbox = Outbox(Pacing(0))
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    await outbox.put([Content("a"), Content("b")])
    assert await reading == [Content("ab")]


async def test_outbox_holds_what_is_not_due_and_lets_it_go_when_it_is() -> None:
    outbox = Outbox(Pacing(0.01))
    await outbox.put([Content("a")])
    assert await outbox.next() == [Content("a")]
    await outbox.put([Content("b")])
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    await outbox.put([Content("c")])
    assert await reading == [Content("bc")]


async def test_outbox_ends_after_what_is_pending() -> None:
    outbox = Outbox(Pacing(60))
    await outbox.put([Content("a")])
    await outbox.next()
    await outbox.put([Content("b")])
    error = ReplyError("It broke.", code="cut")
    outbox.end(error)
    outbox.end()
    assert await outbox.next() == [Content("b")]
    assert await outbox.next() is None
    assert outbox.error is error


async def test_outbox_asks_for_comments_while_nothing_goes_out() -> None:
    outbox = Outbox(Pacing(0))
    outbox.comment_every(0.01)
    assert await outbox.next() == []
    assert await outbox.next() == []
    await outbox.put([Content("a")])
    assert await outbox.next() == [Content("a")]
    outbox.close()


async def test_outbox_outlives_a_cancelled_reader() -> None:
    outbox = Outbox(Pacing(0))
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await outbox.put([Content("a")])
    assert await outbox.next() == [Content("a")]


def written_through(outbox: Outbox) -> list[list[Piece]]:
    """Where the outbox writes what it does not leave to the reader."""
    written: list[list[Piece]] = []

    async def write(pieces: list[Piece]) -> None:
        written.append(pieces)

    outbox.write_through(write)
    return written


async def test_outbox_writes_through_what_is_due_while_the_reader_waits() -> None:
    outbox = Outbox(Pacing(0.01))
    written = written_through(outbox)
    await outbox.put([Content("a")])
    assert not written  # nobody waits: the reader takes it when it comes
    assert await outbox.next() == [Content("a")]
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    await outbox.put([ToolDelta(0, "x", "f")])
    assert written == [[ToolDelta(0, "x", "f")]]
    await outbox.put([ToolDelta(0, arguments="{")])
    assert await reading == [ToolDelta(0, arguments="{")]  # it fell due later
    assert len(written) == 1


async def test_outbox_ends_for_the_reader_after_what_was_written_through() -> None:
    outbox = Outbox(Pacing(0))
    written = written_through(outbox)
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    await outbox.put([Content("a")])
    await outbox.put([Content("b"), Finish("stop")])
    outbox.end()
    assert await reading is None
    assert written == [[Content("a")], [Content("b"), Finish("stop")]]


async def test_outbox_comments_beside_what_is_written_through() -> None:
    outbox = Outbox(Pacing(0))
    written = written_through(outbox)
    outbox.comment_every(0.02)
    assert await outbox.next() == []
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    await outbox.put([Content("a")])
    assert await reading == []
    assert written == [[Content("a")]]
    outbox.close()


async def test_the_end_waits_for_the_last_piece_to_settle() -> None:
    now = asyncio.get_running_loop().time
    outbox = Outbox(Pacing(0))
    outbox.comment_every(0.01)
    await outbox.put([Content("a")])
    await outbox.next()
    await outbox.put([Content("b")])
    outbox.end(ReplyError("It broke.", code="cut"), settle=0.05)
    assert await outbox.next() == [Content("b")]
    sent = now()
    assert await outbox.next() is None
    assert now() - sent >= 0.045


async def test_where_nothing_went_out_nothing_settles() -> None:
    outbox = Outbox(Pacing(0))
    outbox.comment_every(0.001)
    assert await outbox.next() == []
    outbox.end(ReplyError("It broke.", code="cut"), settle=60)
    assert await outbox.next() is None


async def test_a_reader_that_goes_does_not_wait() -> None:
    outbox = Outbox(Pacing(0))
    await outbox.put([Content("a")])
    await outbox.next()
    outbox.end(ReplyError("It broke.", code="cut"), settle=60)
    reading = asyncio.ensure_future(outbox.next())
    await asyncio.sleep(0)
    outbox.close()
    assert await reading is None
