"""All attempts at one reply together: what is asked, when it is over, what it costs."""

from __future__ import annotations

import msgspec
import pytest

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Capabilities, Delta, Usage
from roobridge.errors import ReplyError, UpstreamError
from roobridge.events import Finish
from roobridge.service.turns.attempts import Patience
from roobridge.service.turns.turn import Turn
from tests.oracle.plans import OTHER, ROO_31
from tests.oracle.roo_reader import tool_uses
from tests.service.continuing import GOING_ON, deliver, text_of
from tests.service.scripted import CALL, XML, Scripted, ask, end, say, silence, turn_of


async def test_text_that_breaks_off_is_gone_on_with_before_it_is_wrapped() -> None:
    upstream = Scripted([*say("The answer to "), *end("length")], [*say("it all is 42."), *end()])
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, list)
    (use,) = tool_uses(ROO_31.read(text_of(result)))
    assert use.params["result"].strip() == "The answer to it all is 42."


async def test_half_an_answer_is_not_wrapped() -> None:
    upstream = Scripted([*say("The answer to "), *end("length")], end())
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, Turn)
    assert result.error is not None
    assert result.error.code == "unfinished_text"


async def test_an_upstream_that_fell_silent_is_not_asked_to_go_on() -> None:
    upstream = Scripted([*say(CALL[:30]), silence()])
    with pytest.raises(ReplyError, match="is unfinished and was not delivered"):
        await turn_of(ask(XML, stream=False), upstream, GOING_ON, Patience(start=0, idle=0.02)).whole()
    assert len(upstream.requests) == 1


async def test_text_of_another_client_is_not_gone_on_with() -> None:
    upstream = Scripted([*say("The answer to "), *end("length")])
    result = await deliver(OTHER, upstream)
    assert isinstance(result, list)
    assert result[-1] == Finish("length")
    assert len(upstream.requests) == 1


async def test_usage_is_of_all_attempts_together() -> None:
    upstream = Scripted(
        [*say(CALL[:30]), *end("length"), [Delta(usage=Usage(100, 10, 60, 1))]],
        [*say(CALL[30:]), [Delta(usage=Usage(120, 5, 80, 2))]],
    )
    turn = turn_of(ask(XML, stream=False), upstream, GOING_ON)
    await turn.whole()
    assert turn.usage == Usage(220, 15, 140, 3)


async def test_a_refusal_to_go_on_ends_the_reply_with_its_reason() -> None:
    refusal = UpstreamError("Too many requests.", code="rate_limit", status_hint=429)
    upstream = Scripted([*say(CALL[:30]), *end("length")], [refusal])
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, Turn)
    assert result.error is refusal


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_what_a_new_request_cannot_mend_is_not_gone_on_with(status: int) -> None:
    error = UpstreamError("The content was refused.", status_hint=status)
    upstream = Scripted([*say(CALL[:30]), error])
    assert isinstance(await deliver(ROO_31, upstream), Turn)
    assert len(upstream.requests) == 1


async def test_a_client_that_leaves_closes_the_attempt_that_goes_on() -> None:
    upstream = Scripted([*say(CALL[:30]), *end("length")], [*say(CALL[30:35]), silence()])
    turn = turn_of(ask(XML), upstream, GOING_ON)
    await turn.begin()
    await upstream.requested(2)
    await turn.aclose()
    assert all(closed.is_set() for closed in upstream.closed)
    assert turn.withdrawn


async def test_comments_go_out_while_the_upstream_is_asked_to_go_on() -> None:
    held = silence()
    upstream = Scripted([*say(CALL[:30]), *end("length")], [held, *say(CALL[30:]), *end()])
    rules = msgspec.structs.replace(GOING_ON, keepalive=0.01)
    turn = turn_of(ask(XML), upstream, rules)
    await turn.begin()
    pieces = await turn.next() or []
    assert await turn.next() == []
    held.set()
    while (batch := await turn.next()) is not None:
        pieces += batch
    await turn.aclose()
    assert text_of(pieces).strip() == CALL


@pytest.mark.parametrize("wrap", Wrap)
async def test_a_mention_at_a_normal_end_is_no_call(wrap: Wrap) -> None:
    upstream = Scripted([*say("Use <read_file>"), *end()])
    turn = turn_of(ask(ROO_31.plan(wrap), stream=False), upstream, GOING_ON)
    await turn.whole()
    assert len(upstream.requests) == 1


async def test_an_opening_tag_alone_at_a_normal_end_is_gone_on_with() -> None:
    upstream = Scripted(
        [*say("I look.\n<read_file>\n"), *end()], [*say("<path>a.py</path>\n</read_file>"), *end()]
    )
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, list)
    (use,) = tool_uses(ROO_31.read(text_of(result)))
    assert use.params == {"path": "a.py"}


async def test_partial_mode_is_used_where_the_upstream_has_it() -> None:
    upstream = Scripted(
        [*say(CALL[:30]), *end("length")], [*say(CALL[30:]), *end()], capabilities=Capabilities(partial=True)
    )
    await deliver(ROO_31, upstream)
    assert [message["role"] for message in upstream.requests[1].body["messages"]] == ["user", "assistant"]
