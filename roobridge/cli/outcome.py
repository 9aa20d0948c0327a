"""A whole reply in one value, as a client that does not stream would get it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from roobridge.bridge.plan import ClientKind, Plan
from roobridge.errors import ReplyError, RoobridgeError
from roobridge.events import Content, Fail, Finish, Piece, Thought, ToolDelta

_BLANK = " \t\r\n"
# A string, white space, or a number, of JSON (RFC 8259).
_WORDS = re.compile(
    r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[ \t\r\n]+'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)",
    re.DOTALL,
)


class Problem(msgspec.Struct, frozen=True):
    """Why a reply was not delivered, in the words of OpenAI's error shape."""

    code: str
    message: str
    type: str


class Call(msgspec.Struct, frozen=True):
    """A tool call. arguments: the JSON object as it was sent, every digit of its numbers included; without
    the white space between its words, so that it stands in one line."""

    name: str
    arguments: msgspec.Raw


class Outcome(msgspec.Struct, frozen=True):
    """One reply.

    content: on an error, what stood before the call that was not finished. tool_calls: none on an error.
    finish_reason: None on an error.
    """

    content: str
    reasoning: str
    tool_calls: list[Call]
    finish_reason: str | None
    repairs: list[str]
    error: Problem | None


def problem_of(error: RoobridgeError | Fail) -> Problem:
    kind = error.kind if isinstance(error, RoobridgeError) else ReplyError.kind
    return Problem(error.code, whole_characters(error.message), kind)


def failed(problem: Problem) -> Outcome:
    """The outcome of what could not be run."""
    return Outcome("", "", [], None, [], problem)


def whole_characters(text: str) -> str:
    """The text, with U+FFFD for halves of UTF-16 pairs, which no output can hold."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def outcome_of(
    pieces: Sequence[Piece], plan: Plan, repairs: Sequence[str], error: RoobridgeError | None = None
) -> Outcome:
    """Gather the pieces of a reply. error: what broke the upstream off; it explains better than the Fail."""
    content = "".join(piece.text for piece in pieces if isinstance(piece, Content))
    failed = next((piece for piece in pieces if isinstance(piece, Fail)), None)
    failure = (error or failed) if failed is not None or not pieces else None
    ends = [piece.reason for piece in pieces if isinstance(piece, Finish)]
    return Outcome(
        content=whole_characters(content if failure is None else _before_call(content, plan)),
        reasoning=whole_characters(
            "".join(p.text for p in pieces if isinstance(p, Thought) and not p.preview)
        ),
        tool_calls=_calls(pieces) if failure is None else [],
        finish_reason=ends[-1] if ends and failure is None else None,
        repairs=list(repairs),
        error=None if failure is None else problem_of(failure),
    )


def _before_call(content: str, plan: Plan) -> str:
    """In XML the first literal tag of a tool opens the call: a mention before it has been made harmless."""
    if plan.kind is not ClientKind.XML_AGENT:
        return content
    names = plan.toolset.read_tools | plan.toolset.tools.keys()
    starts = (content.find(f"<{name}>") for name in names)
    return content[: min((start for start in starts if start >= 0), default=len(content))]


def _calls(pieces: Sequence[Piece]) -> list[Call]:
    names: dict[int, str] = {}
    arguments: dict[int, list[str]] = {}
    for piece in pieces:
        if isinstance(piece, ToolDelta):
            names[piece.index] = names.get(piece.index) or piece.name
            arguments.setdefault(piece.index, []).append(piece.arguments)
    return [
        Call(name, _object("".join(arguments[index]).strip() or "{}"))
        for index, name in sorted(names.items())
    ]


def _object(arguments: str) -> msgspec.Raw:
    compact = _WORDS.sub(
        lambda word: word[0] if word[0][0] not in _BLANK else "", whole_characters(arguments)
    )
    # A number may be larger than any machine's; it is written, and need not be read.
    small = _WORDS.sub(lambda word: "0" if word[1] else word[0], compact)
    try:
        sound = isinstance(msgspec.json.decode(small), dict)
    except msgspec.DecodeError:
        sound = False
    if not sound:
        raise ReplyError(
            f"the arguments of a call are no JSON object: {arguments[:80]}", code="bad_arguments"
        )
    return msgspec.Raw(compact.encode())
