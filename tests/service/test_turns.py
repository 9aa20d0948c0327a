from __future__ import annotations

import asyncio

import msgspec
import pytest

from roobridge.bridge.ports import Capabilities, Delta, Usage
from roobridge.errors import ReplyError, UpstreamError
from roobridge.events import Content, Finish, Piece, Thought
from roobridge.service.turns.attempts import Patience
from roobridge.service.turns.rules import Rules
from roobridge.service.turns.turn import Turn
from tests.service.scripted import CALL, PLAIN, RULES, XML, Scripted, Step, ask, end, say, silence, turn_of


def lost() -> UpstreamError:
    return UpstreamError("The connection was lost.", code="connection_lost")


async def read(turn: Turn) -> list[Piece]:
    """All pieces of a streamed turn."""
    await turn.begin()
    return await rest(turn)


async def rest(turn: Turn) -> list[Piece]:
    pieces: list[Piece] = []
    while (batch := await turn.next()) is not None:
        pieces += batch
    await turn.aclose()
    return pieces


def text(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Content))


def impatient(**changes: object) -> Rules:
    return msgspec.structs.replace(RULES, **changes)


async def test_a_plain_reply_streams_as_it_comes() -> None:
    more = asyncio.Event()
    upstream = Scripted([*say("Hello"), more, *say(" you"), *end(usage=Usage(7, 2))])
    turn = turn_of(ask(), upstream, RULES)
    await turn.begin()
    assert await turn.next() == [Content("Hello")]
    more.set()
    assert await rest(turn) == [Content(" you"), Finish("stop")]
    assert turn.error is None
    assert turn.usage == Usage(7, 2)
    assert upstream.closed[0].is_set()


async def test_what_one_read_gave_is_one_batch() -> None:
    upstream = Scripted([[Delta(content="a"), Delta(content="b"), Delta(content="c")], *end()])
    turn = turn_of(ask(), upstream, RULES)
    await turn.begin()
    assert (await turn.next() or [])[0] == Content("abc")
    await turn.aclose()


async def test_a_refusal_is_raised_before_anything_goes_out() -> None:
    refusal = UpstreamError("Too many requests.", kind="rate_limit_error", status_hint=429, retry_after=7)
    turn = turn_of(ask(), Scripted([refusal]), RULES)
    with pytest.raises(UpstreamError) as caught:
        await turn.begin()
    assert caught.value is refusal


async def test_an_error_that_comes_with_the_first_words_is_raised_too() -> None:
    with pytest.raises(UpstreamError, match="was lost"):
        await turn_of(ask(stream=False), Scripted([*say("Hel"), lost()]), RULES).whole()


async def test_an_error_after_the_first_words_ends_the_stream() -> None:
    go = asyncio.Event()
    turn = turn_of(ask(), Scripted([*say("Hel"), go, lost()]), RULES)
    await turn.begin()
    go.set()
    pieces = await rest(turn)
    assert text(pieces) == "Hel"
    assert not any(isinstance(piece, Finish) for piece in pieces)
    assert turn.error is not None
    assert turn.error.code == "connection_lost"


async def test_a_silent_upstream_gets_comments_and_its_refusal_comes_first() -> None:
    go = asyncio.Event()
    turn = turn_of(ask(), Scripted([go, lost()]), impatient(commit=0.01))
    await turn.begin()
    assert await turn.next() == []
    go.set()
    assert await rest(turn) == []
    assert turn.error is not None
    assert not turn.said


async def test_once_the_200_went_out_comments_keep_their_own_pace() -> None:
    turn = turn_of(ask(), Scripted([silence()]), impatient(commit=0.01, keepalive=30))
    await turn.begin()
    assert await turn.next() == []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(turn.next(), 0.1)
    await turn.aclose()


async def test_comments_go_out_while_text_is_held() -> None:
    go = asyncio.Event()
    upstream = Scripted([[Delta(content="...")], go, *say("Fine."), *end()])
    turn = turn_of(ask(XML), upstream, impatient(keepalive=0.01))
    await turn.begin()
    assert await turn.next() == []
    assert await turn.next() == []
    go.set()
    assert "Fine." in text(await rest(turn))


async def test_silence_within_the_reply_is_told() -> None:
    upstream = Scripted([*say("Hel"), silence()])
    turn = turn_of(ask(XML), upstream, RULES, Patience(start=30, idle=0.02))
    with pytest.raises(ReplyError):
        await turn_of(ask(XML, stream=False), upstream, RULES, Patience(start=30, idle=0.02)).whole()
    await turn.begin()
    await rest(turn)
    assert turn.error is not None
    assert upstream.closed[-1].is_set()


async def test_the_stream_ends_after_a_call_and_lets_the_upstream_go() -> None:
    upstream = Scripted([*say(CALL), silence()])
    turn = turn_of(ask(XML), upstream, RULES)
    pieces = await read(turn)
    assert text(pieces).strip() == CALL
    assert turn.error is None
    assert isinstance(pieces[-1], Finish)
    assert upstream.closed[0].is_set()
    assert not upstream.exhausted[0]
    assert turn.usage.completion > 0


async def test_the_usage_that_follows_a_call_is_waited_for() -> None:
    usage = Usage(100, 20)
    upstream = Scripted([*say(CALL), *say(" and more"), [Delta(usage=usage)], silence()])
    turn = turn_of(ask(XML), upstream, impatient(usage_wait=30))
    await read(turn)
    assert turn.usage == usage


async def test_usage_already_known_is_not_waited_for() -> None:
    upstream = Scripted([[Delta(content=CALL, usage=Usage(9, 9))], silence()])
    turn = turn_of(ask(XML), upstream, impatient(usage_wait=3600))
    await read(turn)
    assert turn.usage == Usage(9, 9)


async def test_a_chat_that_would_suffer_is_read_to_its_end() -> None:
    go = asyncio.Event()
    script: list[Step] = [*say(CALL, "more"), [Delta(usage=Usage(9, 9))], go, *say("more"), *end()]
    upstream = Scripted(script, capabilities=Capabilities(drain=True))
    turn = turn_of(ask(XML), upstream, impatient(usage_wait=3600))
    await read(turn)
    assert turn.usage == Usage(9, 9)
    assert not upstream.closed[0].is_set()
    go.set()
    await upstream.closed[0].wait()
    assert upstream.exhausted[0]


async def test_a_client_that_leaves_closes_the_upstream() -> None:
    upstream = Scripted([*say("Hel"), silence()])
    ended: list[Turn] = []
    turn = turn_of(ask(), upstream, RULES, on_end=ended.append)
    await turn.begin()
    await turn.aclose()
    assert upstream.closed[0].is_set()
    assert ended == [turn]
    assert turn.withdrawn


async def test_a_cancelled_turn_ends_with_the_reason() -> None:
    upstream = Scripted([*say("Hel"), silence()])
    turn = turn_of(ask(), upstream, RULES)
    await turn.begin()
    turn.cancel(ReplyError("A newer one came.", code="superseded"))
    await rest(turn)
    assert turn.error is not None
    assert turn.error.code == "superseded"
    assert upstream.closed[0].is_set()


async def test_an_empty_reply_is_asked_for_once_more() -> None:
    upstream = Scripted([[Delta(reasoning="Hm.")], *end()], [*say("Here it is."), *end()])
    turn = turn_of(ask(XML), upstream, RULES)
    pieces = await read(turn)
    assert "Here it is." in text(pieces)
    assert any(isinstance(piece, Thought) and piece.text.startswith("Hm.") for piece in pieces)
    assert len(upstream.requests) == 2


async def test_a_reply_that_stays_empty_is_an_error() -> None:
    upstream = Scripted([*say("..."), *end()])
    turn = turn_of(ask(XML), upstream, RULES)
    with pytest.raises(ReplyError) as caught:
        await turn.begin()
    assert caught.value.code == "degenerate"
    assert len(upstream.requests) == 2


async def test_an_empty_reply_to_others_is_delivered() -> None:
    upstream = Scripted(end())
    assert await read(turn_of(ask(PLAIN), upstream, RULES)) == [Finish("stop")]
    assert len(upstream.requests) == 1


HALF = "<read_file>\n<path>a.py"


async def test_the_error_of_an_open_call_lets_its_last_piece_settle() -> None:
    now = asyncio.get_running_loop().time
    turn = turn_of(ask(XML), Scripted([*say(HALF), *end("length")]), impatient(settle=0.05))
    await turn.begin()
    assert text(await turn.next() or []).startswith("<read_file>")
    sent = now()
    await rest(turn)
    assert turn.error is not None
    assert turn.error.code == "unfinished_call"
    assert now() - sent >= 0.045


async def test_other_ends_do_not_wait() -> None:
    patient = impatient(settle=60)
    for reply, finish in ((CALL, "stop"), ("The reason is", "length")):
        turn = turn_of(ask(XML), Scripted([*say(reply), *end(finish)]), patient)
        await read(turn)
    half = turn_of(ask(XML), Scripted([*say(HALF), silence()]), patient)
    await half.begin()
    await half.next()
    half.cancel(UpstreamError("Superseded.", code="superseded"))
    assert await half.next() is None


async def test_a_buffered_reply_goes_out_whole() -> None:
    go = asyncio.Event()
    upstream = Scripted([*say(CALL[:20]), go, *say(CALL[20:]), *end()])
    turn = turn_of(ask(XML, buffered=True), upstream, impatient(keepalive=0.01))
    await turn.begin()
    assert await turn.next() == []
    go.set()
    assert text(await rest(turn)).strip() == CALL


async def test_a_buffered_reply_that_breaks_again_is_a_503() -> None:
    upstream = Scripted([*say(CALL[:20]), lost()])
    turn = turn_of(ask(XML, buffered=True), upstream, RULES)
    with pytest.raises(ReplyError) as caught:
        await turn.begin()
    assert caught.value.status_hint == 503
    assert not turn.said


async def test_a_buffered_reply_that_breaks_after_comments_says_only_that() -> None:
    go = asyncio.Event()
    turn = turn_of(
        ask(XML, buffered=True), Scripted([*say(CALL[:20]), go, lost()]), impatient(keepalive=0.01)
    )
    await turn.begin()
    go.set()
    assert await rest(turn) == []
    assert turn.error is not None
    assert turn.error.status_hint == 503


async def test_a_failure_of_the_bridge_itself_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(turn: Turn) -> None:
        raise ZeroDivisionError

    with pytest.raises(ReplyError) as caught:
        await turn_of(ask(stream=False), Scripted(say("Hi") + end()), RULES, on_reply=fail).whole()
    assert caught.value.status_hint == 500
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in caught.value.message


@pytest.mark.parametrize("pace", [0, 0.001])
async def test_long_replies_arrive_whole(pace: float) -> None:
    words = [f"word{i} " for i in range(500)]
    pieces = await read(turn_of(ask(), Scripted(say(*words) + end()), impatient(pace=pace)))
    assert text(pieces) == "".join(words)
