"""The machine for the text of a reply, as its plan wants it."""

from __future__ import annotations

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.dialects import DIALECTS, FENCED_JSON
from roobridge.events import CallEnd, CallStart, Event
from roobridge.parser.machine import Parser


def new_parser(plan: Plan, *, reasoning: bool = True) -> Parser:
    """The parser for a plan's text. reasoning: thinking tags may stand in it."""
    strays = plan.toolset.read_params if plan.kind is ClientKind.XML_AGENT else frozenset()
    parser = Parser(plan.toolset, DIALECTS, FENCED_JSON, strays)
    if not reasoning or not plan.agent:
        # Text that was sent already cannot become reasoning any more.
        parser.reasoned()
    return parser


def complete_call(plan: Plan, text: str) -> list[Event]:
    """The events of the first call in this text that it does not leave open; none where there is none."""
    parser = new_parser(plan, reasoning=False)
    call: list[Event] | None = None
    for event in parser.feed(text) + parser.close(normal=False):
        if isinstance(event, CallStart):
            call = []
        if call is not None:
            call.append(event)
        if isinstance(event, CallEnd) and call is not None:
            return call
    return []
