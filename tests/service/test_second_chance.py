"""A reply that is no answer, asked for once more: with Roo's reminder, or for a call."""

from __future__ import annotations

import msgspec
import pytest

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Delta, Usage
from roobridge.errors import ReplyError, RoobridgeError, UpstreamError
from roobridge.events import Content, Piece, Thought, ToolDelta
from roobridge.service.turns.rules import Rules
from roobridge.service.turns.turn import Turn
from tests.oracle.plans import OTHER, PLAIN, ROO_31, ROO_52, Client
from tests.oracle.roo_native import gather
from tests.oracle.roo_reader import ToolUse, tool_uses
from tests.service.scripted import CALL, RULES, Scripted, Step, ask, end, say, turn_of

REMINDING = msgspec.structs.replace(RULES, second_chance=True, continuations=1)
ANSWER = [*say("I am done with it."), *end(usage=Usage(10, 5))]


async def answer(
    upstream: Scripted, client: Client = ROO_31, wrap: Wrap = Wrap.PREVIEW
) -> tuple[Turn, list[Piece]]:
    turn = turn_of(ask(client.plan(wrap), stream=False), upstream, REMINDING)
    return turn, await turn.whole()


def use_of(pieces: list[Piece]) -> ToolUse:
    return tool_uses(ROO_31.read("".join(p.text for p in pieces if isinstance(p, Content))))[0]


@pytest.mark.parametrize("wrap", [Wrap.PREVIEW, Wrap.HOLD])
async def test_a_call_in_the_second_reply_takes_the_place_of_the_text(wrap: Wrap) -> None:
    upstream = Scripted(ANSWER, [*say("I read.\n\n", CALL), *end(usage=Usage(20, 7))])
    turn, pieces = await answer(upstream, wrap=wrap)
    assert use_of(pieces).params == {"path": "a.py"}
    assert "I am done" not in "".join(piece.text for piece in pieces if isinstance(piece, Content))
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


# -- a call that cannot be delivered -------------------------------------------------------------------

ALIEN = '<tool_call>\n{"name": "grep_repo", "arguments": {"pattern": "TODO"}}\n</tool_call>'
ATTEMPT = [*say("I look.\n\n", ALIEN), *end(usage=Usage(10, 5))]
READ = [*say(CALL), *end(usage=Usage(20, 7))]
MISREAD = "<execute_command>\n<command>echo '</command>' && ls</command>\n</execute_command>"
HALF = "<write_to_file>\n<path>a.py</path>\n<content>\nprint("


async def turned(
    upstream: Scripted,
    client: Client = ROO_31,
    wrap: Wrap = Wrap.PREVIEW,
    rules: Rules = RULES,
    *,
    stream: bool = True,
    buffered: bool = False,
) -> tuple[list[Piece], RoobridgeError | None, Turn]:
    """All that goes out, and the error at its end."""
    turn = turn_of(ask(client.plan(wrap), stream=stream, buffered=buffered), upstream, rules)
    pieces: list[Piece] = []
    try:
        await turn.begin()
    except RoobridgeError as error:
        return pieces, error, turn
    while (batch := await turn.next()) is not None:
        pieces += batch
    await turn.aclose()
    return pieces, turn.error, turn


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Content))


@pytest.mark.parametrize("wrap", list(Wrap))
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("buffered", [True, False])
async def test_an_attempt_gives_way_to_a_call(wrap: Wrap, stream: bool, buffered: bool) -> None:
    upstream = Scripted([*say(ALIEN), *end(usage=Usage(10, 5))], READ)
    pieces, error, turn = await turned(upstream, wrap=wrap, stream=stream, buffered=buffered)
    assert error is None
    assert use_of(pieces).params == {"path": "a.py"}
    assert "grep_repo" not in said(pieces)
    assert turn.repairs == ["second_chance"]
    assert turn.usage == Usage(10 + 20, 5 + 7)
    words, asked = upstream.requests[1].body["messages"][-2:]
    assert words == {"role": "assistant", "content": ALIEN}
    assert "grep_repo, which is none of the tools" in asked["content"]
    assert "The tools are: " in asked["content"]
    assert "<attempt_completion><result>value</result></attempt_completion>" in asked["content"]


async def test_the_form_of_the_tool_that_was_tried_is_named() -> None:
    upstream = Scripted([*say("<execute_command>ls</execute_command>"), *end()], READ)
    await turned(upstream)
    asked = upstream.requests[1].body["messages"][-1]["content"]
    assert "<execute_command><command>value</command></execute_command>" in asked
    assert "The tools are" not in asked


async def test_a_native_agent_gets_a_native_call() -> None:
    call = Delta(tool_calls=(ToolDelta(0, "call_1", "list_files", '{"path": ".", "recursive": false}'),))
    upstream = Scripted(ATTEMPT, [[call], *end("tool_calls")])
    pieces, error, _ = await turned(upstream, ROO_52)
    assert error is None
    assert [c.name for c in gather([p for p in pieces if isinstance(p, ToolDelta)])] == ["list_files"]


async def test_an_upstreams_call_of_no_tool_of_an_xml_client_is_an_attempt() -> None:
    call = Delta(tool_calls=(ToolDelta(0, "call_1", "grep_repo", '{"pattern": "TODO"}'),))
    upstream = Scripted([*say("I look."), [call], *end("tool_calls")], READ)
    pieces, _, turn = await turned(upstream)
    assert use_of(pieces).name == "read_file"
    assert turn.repairs == ["second_chance"]
    assert upstream.requests[1].body["messages"][-2]["content"] == f"I look.\n{ALIEN}"


@pytest.mark.parametrize(
    "second",
    [
        [*say("It is all done."), *end()],
        end(),
        [*say("..."), *end()],
        [*say(ALIEN.replace("grep", "find")), *end()],
        [*say("But "), *end("length")],
        [*say(MISREAD), *end()],
        REFUSED,
    ],
    ids=["text", "empty", "degenerate", "attempt", "broken off", "misread", "refused"],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_without_a_call_the_error_shows_the_first_attempt(second: list[Step], stream: bool) -> None:
    upstream = Scripted(ATTEMPT, second, READ)
    pieces, error, _ = await turned(upstream, stream=stream)
    assert isinstance(error, ReplyError)
    assert error.code == "unreadable_call"
    assert error.message.endswith(" ".join(ALIEN.split()))
    assert said(pieces) == ""
    assert len(upstream.requests) == 2


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ([*say("..."), *end()], ATTEMPT, "unreadable_call"),
        (ATTEMPT, [*say("..."), *end()], "unreadable_call"),
    ],
)
async def test_one_more_request_is_all(first: list[Step], second: list[Step], code: str) -> None:
    upstream = Scripted(first, second, READ)
    _, error, _ = await turned(upstream, rules=REMINDING)
    assert error is not None
    assert error.code == code
    assert len(upstream.requests) == 2


async def test_a_reminder_counts_as_well() -> None:
    upstream = Scripted([*say("..."), *end()], ANSWER, READ)
    pieces, error, _ = await turned(upstream, rules=REMINDING)
    assert error is None
    assert use_of(pieces).name == "attempt_completion"
    assert len(upstream.requests) == 2


async def test_where_text_went_out_an_attempt_is_reported() -> None:
    upstream = Scripted([*say("First.\n\n", "Second.\n\n", ALIEN), *end()], READ)
    pieces, error, _ = await turned(upstream, wrap=Wrap.LIVE)
    assert said(pieces).startswith("First.")
    assert error is not None
    assert error.code == "unreadable_call"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("buffered", [True, False])
async def test_what_only_waited_to_go_out_whole_is_taken_back(buffered: bool) -> None:
    upstream = Scripted([*say("First.\n\n", "Second.\n\n", ALIEN), *end()], READ)
    pieces, error, _ = await turned(upstream, wrap=Wrap.LIVE, stream=buffered, buffered=buffered)
    assert error is None
    assert said(pieces).strip() == CALL


async def test_a_repeat_that_breaks_again_says_so() -> None:
    _, error, _ = await turned(Scripted(ATTEMPT), buffered=True)
    assert error is not None
    assert (error.code, error.status_hint) == ("unreadable_call", 503)


async def test_a_call_that_the_client_would_misread_is_asked_for_in_another_form() -> None:
    upstream = Scripted([*say(f"I run it.\n{MISREAD}"), *end()], READ)
    pieces, error, turn = await turned(upstream)
    assert error is None
    assert said(pieces).strip() == CALL
    assert turn.repairs == ["second_chance"]
    words, asked = upstream.requests[1].body["messages"][-2:]
    assert MISREAD in words["content"]
    assert "</command>" in asked["content"]
    assert "use another tool" in asked["content"]


async def test_where_characters_of_it_went_out_it_is_an_error() -> None:
    upstream = Scripted([*say(MISREAD[:40], MISREAD[40:]), *end()], READ)
    pieces, error, _ = await turned(upstream)
    assert said(pieces).startswith("<execute_command>")
    assert error is not None
    assert error.code == "misread_call"
    assert len(upstream.requests) == 1


async def test_where_they_only_waited_it_is_asked_for() -> None:
    upstream = Scripted([*say(*MISREAD), *end()], READ)
    pieces, error, _ = await turned(upstream, buffered=True)
    assert error is None
    assert said(pieces).strip() == CALL


@pytest.mark.parametrize(("finish", "requests"), [("stop", 2), ("length", 1), ("error", 1), ("", 1)])
async def test_a_call_that_the_model_left_unfinished_is_asked_for(finish: str, requests: int) -> None:
    upstream = Scripted([*say(HALF), *(end(finish) if finish else [])], READ)
    _, error, _ = await turned(upstream, stream=False)
    assert len(upstream.requests) == requests
    assert (error is None) == (requests == 2)


@pytest.mark.parametrize("client", [OTHER, PLAIN])
async def test_who_is_no_agent_gets_the_attempt_as_text(client: Client) -> None:
    upstream = Scripted([*say(ALIEN), *end()])
    pieces, error, _ = await turned(upstream, client)
    assert error is None
    assert said(pieces) == ALIEN
    assert len(upstream.requests) == 1
