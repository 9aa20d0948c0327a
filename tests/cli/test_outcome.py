"""Pieces to one value."""

from __future__ import annotations

import msgspec
import pytest

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.cli.outcome import Call, Outcome, Problem, outcome_of
from roobridge.errors import ReplyError, UpstreamError
from roobridge.events import Content, Fail, Finish, Piece, Thought, ToolDelta
from roobridge.grammar.model import Tool, Toolset

TOOLS = Toolset({"run": Tool("run", {})}, read_tools=frozenset({"read"}))
XML = Plan(ClientKind.XML_AGENT, TOOLS)
NATIVE = Plan(ClientKind.NATIVE_AGENT, TOOLS)


def test_each_kind_of_piece_goes_to_its_place() -> None:
    pieces: list[Piece] = [
        Thought("why", preview=False),
        Content("a"),
        ToolDelta(1, "y", "second", "{}"),
        ToolDelta(0, "x", "first", '{"n":'),
        ToolDelta(0, arguments='12345678901234567890123,"s":"é"}'),
        Content("b"),
        Finish("tool_calls"),
    ]
    outcome = outcome_of(pieces, NATIVE, ["fixed"])
    assert msgspec.json.encode(outcome).decode() == (
        '{"content":"ab","reasoning":"why","tool_calls":['
        '{"name":"first","arguments":{"n":12345678901234567890123,"s":"é"}},'
        '{"name":"second","arguments":{}}],"finish_reason":"tool_calls","repairs":["fixed"],"error":null}'
    )


def test_a_call_without_arguments_has_none() -> None:
    outcome = outcome_of([ToolDelta(0, "x", "run"), Finish("tool_calls")], NATIVE, [])
    assert outcome.tool_calls == [Call("run", msgspec.Raw(b"{}"))]


def test_a_failure_takes_the_calls_and_the_finish_with_it() -> None:
    pieces: list[Piece] = [Content("a"), ToolDelta(0, "x", "run", '{"c'), Fail("unfinished", "cut in run")]
    problem = Problem("unfinished", "cut in run", "reply_error")
    assert outcome_of(pieces, NATIVE, []) == Outcome("a", "", [], None, [], problem)


@pytest.mark.parametrize("tag", ["<run>", "<read>"])
def test_of_an_xml_reply_only_what_stood_before_the_unfinished_call_remains(tag: str) -> None:
    pieces: list[Piece] = [
        Content("say <\u200brun> and\n"),
        Content(tag[:2]),
        Content(f"{tag[2:]}<c>half"),
        Fail("x", "y"),
    ]
    assert outcome_of(pieces, XML, []).content == "say <\u200brun> and\n"


def test_a_finished_call_remains() -> None:
    assert outcome_of([Content("a <run></run>"), Finish("stop")], XML, []).content == "a <run></run>"


def test_the_upstreams_own_error_explains_better() -> None:
    error = UpstreamError("quota", kind="insufficient_quota", code="q")
    outcome = outcome_of([Fail("broken", "the upstream broke off")], XML, [], error)
    assert outcome.error == Problem("q", "quota", "insufficient_quota")


def test_an_error_behind_a_finished_reply_changes_nothing() -> None:
    outcome = outcome_of(
        [Content("Done."), Finish("stop")], XML, [], UpstreamError("late", kind="x", code="y")
    )
    assert outcome.error is None
    assert outcome.content == "Done."


@pytest.mark.parametrize("arguments", ['{"a":', "[]", '"x"', "{}}"])
def test_arguments_that_are_no_object_are_the_machines_fault(arguments: str) -> None:
    with pytest.raises(ReplyError, match="no JSON object"):
        outcome_of([ToolDelta(0, "x", "run", arguments), Finish("tool_calls")], NATIVE, [])
