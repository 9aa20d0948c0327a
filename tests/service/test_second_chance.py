"""A text without a call, answered once with Roo's reminder."""

from __future__ import annotations

import msgspec
import pytest

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta, Usage
from roobridge.errors import UpstreamError
from roobridge.events import Content, Piece, Thought, ToolDelta
from roobridge.service.turns import Turn
from tests.oracle.plans import OTHER, ROO_31, ROO_52, Client
from tests.oracle.roo_native import gather
from tests.oracle.roo_reader import ToolUse, tool_uses
from tests.service.scripted import CALL, RULES, Scripted, Step, ask, end, say

REMINDING = msgspec.structs.replace(RULES, second_chance=True, continuations=1)
ANSWER = [*say("I am done with it."), *end(usage=Usage(10, 5))]


async def answer(
    upstream: Scripted, client: Client = ROO_31, wrap: Wrap = Wrap.PREVIEW
) -> tuple[Turn, list[Piece]]:
    turn = Turn(ask(client.plan(wrap), stream=False), upstream, REMINDING)
    return turn, await turn.whole()


def use_of(pieces: list[Piece]) -> ToolUse:
    (use,) = tool_uses(ROO_31.read("".join(piece.text for piece in pieces if isinstance(piece, Content))))
    return use


@pytest.mark.parametrize("wrap", [Wrap.PREVIEW, Wrap.HOLD])
async def test_a_call_in_the_second_reply_takes_the_place_of_the_text(wrap: Wrap) -> None:
    upstream = Scripted(ANSWER, [*say("I read.\n\n", CALL), *end(usage=Usage(20, 7))])
    turn, pieces = await answer(upstream, wrap=wrap)
    assert use_of(pieces).params == {"path": "a.py"}
    assert not any("I am done" in piece.text for piece in pieces if isinstance(piece, Content))
    assert turn.repairs == ["second_chance"]
    assert turn.usage == Usage(10 + 20, 5 + 7)
    assert upstream.requests[1].body["messages"][-1]["content"].startswith("[ERROR] You did not use a tool")


async def test_a_native_call_does_too() -> None:
    call = Delta(tool_calls=(ToolDelta(0, "call_1", "list_files", '{"path": ".", "recursive": false}'),))
    _, pieces = await answer(Scripted(ANSWER, [[call], *end("tool_calls")]), ROO_52)
    assert [c.name for c in gather([p for p in pieces if isinstance(p, ToolDelta)])] == ["list_files"]


async def test_a_call_that_only_the_end_completes_does_too() -> None:
    fenced = '```json\n{"name": "read_file", "arguments": {"path": "a.py"}}'
    _, pieces = await answer(Scripted(ANSWER, [*say(fenced), *end()]))
    assert use_of(pieces).name == "read_file"


REFUSED: list[Step] = [UpstreamError("Too many requests.", status_hint=429)]


@pytest.mark.parametrize(
    "second",
    [
        [*say("But I am."), *end()],
        end(),
        [*say("..."), *end()],
        [*say("But "), *end("content_filter")],
        REFUSED,
    ],
    ids=["text", "empty", "degenerate", "broken off", "refused"],
)
async def test_without_one_the_first_text_stands(second: list[Step]) -> None:
    turn, pieces = await answer(Scripted(ANSWER, second))
    assert use_of(pieces).params["result"].strip() == "I am done with it."
    assert not any(piece.text.startswith("But") for piece in pieces if isinstance(piece, Thought))
    assert "second_chance" not in turn.repairs


async def test_a_call_in_the_second_reply_is_gone_on_with() -> None:
    upstream = Scripted(ANSWER, [*say(CALL[:30]), *end("length")], [*say(CALL[30:]), *end()])
    turn, pieces = await answer(upstream)
    assert use_of(pieces).params == {"path": "a.py"}
    assert turn.repairs == ["continued", "second_chance"]


@pytest.mark.parametrize("script", [[*say(CALL), *end()], [*say("..."), *end()]], ids=["call", "degenerate"])
async def test_only_a_text_is_answered_so(script: list[Step]) -> None:
    upstream = Scripted(script, [*say(CALL), *end()])
    await answer(upstream)
    assert all("[ERROR]" not in str(request.body) for request in upstream.requests)


async def test_other_clients_get_their_text() -> None:
    upstream = Scripted(ANSWER)
    await answer(upstream, OTHER)
    assert len(upstream.requests) == 1


async def test_text_that_went_out_is_not_asked_about() -> None:
    upstream = Scripted([*say("First.\n\n", "Second.\n\n", "Third."), *end()])
    await answer(upstream, wrap=Wrap.LIVE)
    assert len(upstream.requests) == 1


async def test_the_second_reply_is_closed_with_the_client() -> None:
    upstream = Scripted(ANSWER, [*say(CALL), *end()])
    await answer(upstream)
    assert all(closed.is_set() for closed in upstream.closed)
