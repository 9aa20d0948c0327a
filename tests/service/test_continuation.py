"""Replies that break off inside a file: each comes whole, or ends with an error, and never as half a call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

import pytest

from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta
from roobridge.service.turns.turn import Turn
from tests.oracle.plans import ROO_31, ROO_52, Client
from tests.service.continuing import (
    ENDS,
    PATH,
    STYLES,
    TEXT_FORMS,
    BreaksOff,
    Style,
    deliver,
    file_in,
    file_of,
    place_of,
    written,
)
from tests.service.continuing import told as tell
from tests.service.scripted import RULES, Scripted, end, say

FILE = file_of(500)
SHORT = file_of(12)
BY_NAME = {style.name: style for style in STYLES}
CONTRADICTING = {"another value", "another path"}
EXACT = BY_NAME["exact"]


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
