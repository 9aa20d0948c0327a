"""Which tape answers a request."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from roobridge.bridge.plan import ClientKind
from roobridge.bridge.ports import UpstreamRequest
from roobridge.bridge.request.chat import Message, text_of
from roobridge.bridge.request.classify import classify, parse_chat_request
from roobridge.bridge.tape.format import Match, Tape
from roobridge.grammar.load import Grammar


class Situation(msgspec.Struct, frozen=True):
    """What of a request a tape's `match` can ask for.

    turn: the number of assistant messages in it. text: of its last user message.
    """

    kind: ClientKind
    client: str
    turn: int
    text: str


def situation_of(request: UpstreamRequest, grammar: Grammar) -> Situation:
    """Read a request as the upstream got it. Raises ClientError where it is no chat request."""
    chat = parse_chat_request(request.body)
    plan = classify(request.headers, chat, grammar)
    users = [message for message in chat.messages if message["role"] == "user"]
    return Situation(
        plan.kind,
        plan.client,
        _turns(chat.messages),
        text_of(users[-1]) if users else "",
    )


def match_of(request: UpstreamRequest) -> Match:
    """The match of a recording: the same turn. Not the kind: tools may have gone into the prompt already."""
    messages = request.body.get("messages")
    return Match(turn=_turns(messages) if isinstance(messages, list) else 0)


def choose(tapes: Mapping[str, Tape], model: str, situation: Situation) -> Tape | None:
    """The tape of that model whose match asks most and is met; the first by name among equals.

    tapes: by the stem of their files; a tape answers to its model's name and to its stem. None where no tape
    answers to `model`, or none of those that do is met.
    """
    best: Tape | None = None
    for stem in sorted(tapes):
        tape = tapes[stem]
        met = model in (tape.model, stem) and _meets(situation, tape.match)
        if met and (best is None or _asked(tape.match) > _asked(best.match)):
            best = tape
    return best


def _meets(situation: Situation, match: Match) -> bool:
    return (
        match.kind in (None, situation.kind)
        and match.client in (None, situation.client)
        and match.turn in (None, situation.turn)
        and (match.contains is None or match.contains in situation.text)
    )


def _asked(match: Match) -> int:
    return sum(asked is not None for asked in (match.kind, match.client, match.contains, match.turn))


def _turns(messages: list[Message]) -> int:
    return sum(message.get("role") == "assistant" for message in messages)
