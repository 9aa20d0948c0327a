"""Replies that break off inside a file: each comes whole, or ends with an error, and never as half a call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

import msgspec
import pytest

from roobridge.bridge.plan import Wrap
from roobridge.bridge.ports import Capabilities, Delta, Usage
from roobridge.errors import ReplyError, UpstreamError
from roobridge.events import Content, Finish, Piece, ToolDelta
from roobridge.service.attempts import Patience
from roobridge.service.turns import Rules, Turn
from tests.oracle.plans import OTHER, ROO_31, ROO_52, Client
from tests.oracle.roo_native import gather
from tests.oracle.roo_reader import tool_uses
from tests.service.continuing import (
    ENDS,
    PATH,
    STYLES,
    TEXT_FORMS,
    BreaksOff,
    Style,
    file_of,
    place_of,
    written,
)
from tests.service.continuing import told as tell
from tests.service.scripted import CALL, RULES, XML, Scripted, ask, end, say, silence

FILE = file_of(500)
SHORT = file_of(12)
BY_NAME = {style.name: style for style in STYLES}
CONTRADICTING = {"another value", "another path"}
EXACT = BY_NAME["exact"]
GOING_ON = msgspec.structs.replace(RULES, continuations=3, patience=Patience(start=30, idle=0.005))


async def deliver(
    client: Client, upstream: BreaksOff | Scripted, rules: Rules = GOING_ON
) -> Turn | list[Piece]:
    """The pieces of a reply that came whole, or the turn that failed."""
    turn = Turn(ask(client.plan()), upstream, rules)
    pieces: list[Piece] = []
    try:
        await turn.begin()
        while (batch := await turn.next()) is not None:
            pieces += batch
    except (ReplyError, UpstreamError):
        assert turn.error is not None
    await turn.aclose()
    if turn.error is None:
        assert isinstance(pieces[-1], Finish)
        return pieces
    assert not any(isinstance(piece, Finish) for piece in pieces)
    assert_nothing_closed(client, pieces)
    return turn


def assert_nothing_closed(client: Client, pieces: list[Piece]) -> None:
    if client.xml:
        assert all(use.partial for use in tool_uses(client.read(text_of(pieces))))
        return
    for call in gather([piece for piece in pieces if isinstance(piece, ToolDelta)]):
        with pytest.raises(json.JSONDecodeError):
            json.loads(call.arguments)


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Content))


def file_in(client: Client, pieces: list[Piece]) -> tuple[str, str]:
    """The path and the content of the one call in a reply."""
    if client.xml:
        (use,) = tool_uses(client.read(text_of(pieces)))
        assert not use.partial
        assert use.name == "write_to_file"
        return use.params["path"], use.params["content"]
    (call,) = gather([piece for piece in pieces if isinstance(piece, ToolDelta)])
    assert call.name == "write_to_file"
    arguments = json.loads(call.arguments)
    return arguments["path"], arguments["content"]


def cutting(
    form: str,
    content: str,
    at: int,
    style: Style,
    ending: str,
    *,
    again: Sequence[int] = (),
    partial: bool = False,
) -> BreaksOff:
    """A reply of that form that breaks off there. Of the form "deltas": in its arguments."""
    if form != "deltas":
        return BreaksOff(written(form, content), at, ending, style, again=again, partial=partial, size=61)
    whole = written("qwen", content)
    first = tell(content, at, size=61)
    place = place_of(content, at, whole)
    return BreaksOff(whole, place, ending, style, again=again, partial=partial, first=first, size=61)


def length_of(form: str, content: str) -> int:
    if form == "deltas":
        return len(json.dumps({"path": PATH, "content": content}))
    return len(written(form, content))


@pytest.mark.parametrize("client", [ROO_31, ROO_52], ids=["xml", "native"])
@pytest.mark.parametrize("form", [*TEXT_FORMS, "deltas"])
async def test_a_file_that_breaks_off_at_forty_places(form: str, client: Client) -> None:
    random = Random(f"{form} {client.xml}")
    styles = [style for style in STYLES if style.name not in CONTRADICTING]
    whole = 0
    for _ in range(20):
        at = random.randrange(100, length_of(form, FILE))
        style, ending = random.choice(styles), random.choice(ENDS)
        upstream = cutting(form, FILE, at, style, ending)
        result = await deliver(client, upstream)
        if isinstance(result, list):
            assert file_in(client, result) == (PATH, FILE), f"{style.name} at {at}, {ending}"
            whole += 1
        assert upstream.open == 0
    assert whole >= 14


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
@pytest.mark.parametrize("form", [*TEXT_FORMS, "deltas"])
async def test_every_style_at_places_of_every_kind(form: str, style: Style) -> None:
    random = Random(f"{form} {style.name}")
    first = 110 if style.name in CONTRADICTING else 45
    for client in (ROO_31, ROO_52):
        for _ in range(4):
            at = random.randrange(first, length_of(form, SHORT) - 20)
            result = await deliver(client, cutting(form, SHORT, at, style, random.choice(ENDS[:4])))
            if isinstance(result, list):
                assert style.name not in CONTRADICTING
                assert file_in(client, result) == (PATH, SHORT), f"{style.name} at {at}"


@pytest.mark.parametrize("form", [*TEXT_FORMS, "deltas"])
async def test_a_continuation_that_breaks_off_too_is_gone_on_with(form: str) -> None:
    upstream = cutting(form, FILE, 5000, EXACT, "length", again=(2000, 1500))
    result = await deliver(ROO_52, upstream)
    assert isinstance(result, list)
    assert file_in(ROO_52, result) == (PATH, FILE)
    assert len(upstream.requests) == 4


async def test_at_last_it_is_an_error() -> None:
    upstream = cutting("roo_xml", FILE, 5000, EXACT, "length", again=(2000, 1500, 100))
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, Turn)
    assert result.error is not None
    assert result.error.code == "unfinished_call"
    assert result.repairs.count("continued") == 3


async def test_without_continuations_it_is_an_error_at_once() -> None:
    upstream = cutting("roo_xml", FILE, 5000, EXACT, "length")
    assert isinstance(await deliver(ROO_31, upstream, RULES), Turn)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("form", [*TEXT_FORMS, "deltas"])
@pytest.mark.parametrize("client", [ROO_31, ROO_52], ids=["xml", "native"])
async def test_partial_mode_continues_every_character(form: str, client: Client) -> None:
    """Also where the new words repeat those before them."""
    content = "ab\n" * 200
    random = Random(form)
    for _ in range(5):
        at = random.randrange(100, length_of(form, content) - 20)
        upstream = cutting(form, content, at, EXACT, "length", partial=True)
        result = await deliver(client, upstream)
        assert isinstance(result, list)
        assert file_in(client, result) == (PATH, content)
        asked = upstream.requests[1].body["messages"][-1]
        assert asked["partial"] is True


async def test_repeated_words_are_not_guessed_at() -> None:
    upstream = cutting("roo_xml", "ab\n" * 200, 300, EXACT, "length")
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, Turn)
    assert "does not fit on" in str(result.error)


async def test_a_continuation_that_contradicts_is_asked_for_again() -> None:
    call = written("roo_xml", SHORT)
    upstream = Scripted(
        [*say(call[:200]), *end("length")],
        [*say(call.replace(PATH, "elsewhere.py")), *end()],
        [*say(call[200:]), *end()],
    )
    result = await deliver(ROO_31, upstream)
    assert isinstance(result, list)
    assert file_in(ROO_31, result) == (PATH, SHORT)


async def test_a_native_call_that_is_made_anew_must_agree() -> None:
    arguments = json.dumps({"path": PATH, "content": SHORT})
    again = Delta(tool_calls=(ToolDelta(0, "call_2", "write_to_file", arguments),))
    upstream = Scripted(
        [[delta] for delta in tell(SHORT, 150)] + end("length"), [[again], *end("tool_calls")]
    )
    result = await deliver(ROO_52, upstream)
    assert isinstance(result, list)
    assert file_in(ROO_52, result) == (PATH, SHORT)
    other = Delta(tool_calls=(ToolDelta(0, "call_2", "write_to_file", arguments.replace("value", "v")),))
    upstream = Scripted(
        [[delta] for delta in tell(SHORT, 150)] + end("length"), [[other], *end("tool_calls")]
    )
    assert isinstance(await deliver(ROO_52, upstream), Turn)


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
    turn = Turn(ask(XML, stream=False), upstream, GOING_ON)
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
    rules = msgspec.structs.replace(GOING_ON, patience=RULES.patience)
    turn = Turn(ask(XML), upstream, rules)
    await turn.begin()
    await upstream.requested(2)
    await turn.aclose()
    assert all(closed.is_set() for closed in upstream.closed)
    assert turn.withdrawn


async def test_comments_go_out_while_the_upstream_is_asked_to_go_on() -> None:
    held = silence()
    upstream = Scripted([*say(CALL[:30]), *end("length")], [held, *say(CALL[30:]), *end()])
    rules = msgspec.structs.replace(GOING_ON, patience=RULES.patience, keepalive=0.01)
    turn = Turn(ask(XML), upstream, rules)
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
    turn = Turn(ask(ROO_31.plan(wrap), stream=False), upstream, GOING_ON)
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
