"""How a client that gets calls is spoken to."""

from __future__ import annotations

from typing import Protocol

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.events import Outcome, Piece
from roobridge.render.roo_xml import XmlRenderer
from roobridge.render.tool_calls import ToolCallsRenderer


class Renderer(Protocol):
    """Outcomes in, pieces out."""

    def render(self, outcome: Outcome) -> list[Piece]:
        """What one outcome is in the client's protocol."""
        ...

    def value(self, text: str) -> list[Piece]:
        """As `render`, of a Value with this text."""
        ...

    def respell(self) -> None:
        """The rest of the open call comes in another spelling than its beginning."""
        ...


def new_renderer(plan: Plan, repairs: list[str], call_ids: str) -> Renderer:
    """repairs: where those that it makes are named. call_ids: as for the reply."""
    if plan.kind is ClientKind.XML_AGENT:
        return XmlRenderer(plan.toolset, repairs)
    several = not plan.single_call
    return ToolCallsRenderer(plan.toolset, repairs, call_ids, guard_text=plan.guard_text, several=several)
