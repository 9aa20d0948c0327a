"""One reply through the machine, and what the client has in hand afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import Reply, new_reply
from roobridge.events import Content, Fail, Finish, Piece, Thought, ToolDelta
from tests.oracle.roo_native import NativeCall, gather


@dataclass(frozen=True)
class Outcome:
    """finish: the reason of the Finish, "" where the reply failed. fail: the code of the Fail, or ""."""

    content: str
    reasoning: str
    preview: str
    tool_deltas: tuple[ToolDelta, ...]
    finish: str
    fail: str
    repairs: tuple[str, ...]

    @property
    def calls(self) -> list[NativeCall]:
        return gather(self.tool_deltas)

    @property
    def same_at_any_cutting(self) -> dict[str, Any]:
        """All that may not depend on where the upstream's text was cut.

        Of a reply that failed, what had already gone out is no part: the client throws it away.
        """
        if self.fail:
            return {"fail": self.fail, "repairs": self.repairs}
        calls = [(call.id, call.name, call.arguments) for call in self.calls]
        return {
            "content": self.content,
            "reasoning": self.reasoning,
            "preview": self.preview,
            "tool_calls": calls,
            "finish": self.finish,
            "fail": self.fail,
            "repairs": self.repairs,
        }


def join(pieces: Iterable[Piece], repairs: Sequence[str] = ()) -> Outcome:
    """Pieces to outcome. Asserts that nothing follows the ending and that no piece is empty."""
    content, reasoning, preview = "", "", ""
    tools: list[ToolDelta] = []
    finish, fail = "", ""
    for piece in pieces:
        assert not finish, f"{piece} after the finish"
        assert not fail, f"{piece} after the failure"
        match piece:
            case Content(text):
                assert text, "an empty piece of content"
                content += text
            case Thought(text, is_preview):
                assert text, "an empty piece of reasoning"
                if is_preview:
                    preview += text
                else:
                    reasoning += text
            case ToolDelta():
                tools.append(piece)
            case Finish(reason):
                assert reason, "a finish without a reason"
                finish = reason
            case Fail(code, message):
                assert code, "a failure without a code"
                assert message, "a failure without a message"
                fail = code
    return Outcome(content, reasoning, preview, tuple(tools), finish, fail, tuple(repairs))


def pieces_of(plan: Plan, deltas: Iterable[Delta], finish: str = "stop") -> tuple[list[Piece], Reply]:
    """All pieces of one reply, in order. What comes after the machine is done is fed too, and adds none."""
    reply = new_reply(plan)
    pieces: list[Piece] = []
    for delta in deltas:
        was_done = reply.done
        more = reply.feed(delta)
        assert not (was_done and more), f"{more} after the reply was done"
        pieces += more
    pieces += reply.close(finish)
    return pieces, reply


def run(plan: Plan, deltas: Iterable[Delta], finish: str = "stop") -> Outcome:
    """Asserts that the reply ends with exactly one Finish or Fail."""
    pieces, reply = pieces_of(plan, deltas, finish)
    outcome = join(pieces, reply.repairs)
    assert outcome.finish or outcome.fail, "the reply has no ending"
    return outcome
