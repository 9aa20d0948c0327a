"""The choice of a tape."""

from __future__ import annotations

from typing import Any

import pytest

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.ports import UpstreamRequest
from roobridge.bridge.tape.format import Match, Tape, Wire
from roobridge.bridge.tape.match import Situation, choose, match_of, situation_of
from roobridge.errors import ClientError
from roobridge.grammar.load import load_grammar

XML, NATIVE, PLAIN = ClientKind.XML_AGENT, ClientKind.NATIVE_AGENT, ClientKind.PLAIN


def tape(match: Match, model: str = "m") -> Tape:
    return Tape(Wire.OPENAI, model, (), match)


TAPES = {
    "any": tape(Match()),
    "xml": tape(Match(XML)),
    "xml-1": tape(Match(XML, turn=1)),
    "xml-1-cline": tape(Match(XML, client="cline", turn=1)),
    "hello": tape(Match(contains="hello")),
    "b-twin": tape(Match(NATIVE)),
    "a-twin": tape(Match(NATIVE)),
    "other": tape(Match(), "n"),
}


@pytest.mark.parametrize(
    ("situation", "stem"),
    [
        (Situation(PLAIN, "", 0, ""), "any"),
        (Situation(PLAIN, "", 1, "well, hello"), "hello"),
        (Situation(XML, "roo", 0, ""), "xml"),
        (Situation(XML, "roo", 1, "hello"), "xml-1"),
        (Situation(XML, "cline", 1, ""), "xml-1-cline"),
        (Situation(XML, "cline", 2, ""), "xml"),
        (Situation(NATIVE, "roo", 7, ""), "a-twin"),
    ],
)
def test_the_tape_that_asks_most_answers(situation: Situation, stem: str) -> None:
    assert choose(TAPES, "m", situation) is TAPES[stem]


def test_a_tape_answers_to_its_own_name_as_well() -> None:
    plain = Situation(PLAIN, "", 0, "")
    assert choose(TAPES, "other", plain) is TAPES["other"]
    assert choose(TAPES, "n", plain) is TAPES["other"]
    assert choose(TAPES, "xml", plain) is None
    assert choose(TAPES, "unknown", plain) is None


def body(*messages: tuple[str, Any], **more: Any) -> UpstreamRequest:
    said = [{"role": role, "content": content} for role, content in messages]
    return UpstreamRequest({"model": "m", "messages": said, **more}, headers={"user-agent": "RooCode/3.31.3"})


def test_a_request_is_read_for_its_kind_client_turn_and_last_user_text() -> None:
    prompt = "Tool uses are formatted using XML-style tags."
    parts = [{"type": "text", "text": "go"}, {"type": "text", "text": "on"}]
    request = body(
        ("system", prompt), ("user", "hi"), ("assistant", "x"), ("user", parts), ("assistant", "y")
    )
    assert situation_of(request, load_grammar()) == Situation(XML, "roo", 2, "go\non")


def test_the_tools_tell_a_native_agent() -> None:
    tool = {"type": "function", "function": {"name": "attempt_completion", "parameters": {"type": "object"}}}
    assert situation_of(body(("user", "hi"), tools=[tool]), load_grammar()).kind is NATIVE


def test_a_request_without_a_user_has_no_user_text() -> None:
    assert situation_of(body(("system", "x")), load_grammar()).text == ""


def test_a_body_that_is_no_chat_request_is_refused() -> None:
    with pytest.raises(ClientError, match="messages"):
        situation_of(UpstreamRequest({"model": "m"}), load_grammar())


def test_a_recording_answers_the_same_turn_again() -> None:
    assert match_of(body(("user", "a"), ("assistant", "b"), ("user", "c"))) == Match(turn=1)
    assert match_of(UpstreamRequest({})) == Match(turn=0)
