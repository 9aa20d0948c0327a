"""An upstream that breaks off inside a reply, and goes on with it in one of the ways models do."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

import msgspec
import pytest

from roobridge.bridge.ports import Capabilities, Delta, Health, Model, UpstreamRequest
from roobridge.errors import ReplyError, UpstreamError
from roobridge.events import Content, Finish, Piece, ToolDelta
from roobridge.service.turns.rules import Rules
from roobridge.service.turns.turn import Turn
from tests.oracle.dialect_writer import TEXT_DIALECTS
from tests.oracle.plans import Client
from tests.oracle.roo_native import gather
from tests.oracle.roo_reader import tool_uses
from tests.service.scripted import RULES, Scripted, ask, turn_of

PATH = "src/numbers.py"
TEXT_FORMS = ["roo_xml", "qwen", "qwen_bare", "hermes", "hermes_escaped"]
GOING_ON = msgspec.structs.replace(RULES, continuations=3)
ENDS = ["length", "error", "cut", "stop"]


def file_of(lines: int) -> str:
    """A file with indentation, empty lines, quotes, backslashes and letters that take several bytes."""
    text = []
    for number in range(lines):
        match number % 5:
            case 0:
                text.append(f"def value_{number}(x):")
            case 1:
                text.append(f'    """Gives é{number} for x < {number} \\u00e9\\n."""')
            case 2:
                text.append(f"    return x * {number} + '\\\\{number}' 😀")
            case 3:
                text.append("")
            case 4:
                text.append(f"\t# {number}: <path>a</path>")
    return "\n".join(text) + "\n"


@dataclass(frozen=True)
class Style:
    """How a continuation begins. make(whole, at): from all of the reply's text and the place of the cut."""

    name: str
    make: Callable[[str, int], str]


_LINES = {False: re.compile(r"\n"), True: re.compile(r"(?<!\\)(?:\\\\)*\\n|\n")}


def line_before(whole: str, at: int) -> int:
    """Where the line begins in which the cut falls; the one before where it falls on a line's start."""
    starts = [0, *(found.end() for found in _LINES["arguments" in whole].finditer(whole))]
    return max((start for start in starts if start < at), default=0)


STYLES = [
    Style("exact", lambda whole, at: whole[at:]),
    Style("a line again", lambda whole, at: whole[line_before(whole, at) :]),
    Style("twenty characters again", lambda whole, at: whole[max(at - 20, 0) :]),
    Style("many lines again", lambda whole, at: whole[max(at - 1500, 0) :]),
    Style("all again", lambda whole, at: whole),
    Style("a preamble", lambda whole, at: "Sure, here is the rest:\n" + whole[at:]),
    Style("a preamble and all again", lambda whole, at: "Sure, here is the whole call again:\n\n" + whole),
    Style("a fence", lambda whole, at: "```python\n" + whole[at:] + "\n```"),
    Style("a preamble and a fence", lambda whole, at: "Continuing:\n\n```\n" + whole[at:] + "\n```\n"),
    Style("thinking", lambda whole, at: "<think>\nWhere was I?\n</think>\n\n" + whole[at:]),
    Style("another value", lambda whole, at: whole.replace("value_0", "other_0")),
    Style("another path", lambda whole, at: whole.replace(PATH, "elsewhere.py")),
    Style("nothing", lambda whole, at: ""),
]


class BreaksOff:
    """Says `whole`, the first time up to `at`; then goes on as `style` says, breaking off again at each of
    `again`, counted from the end of what was said. The cut is told as `end` says.

    native: the first attempt says it as `tool_calls` deltas of these arguments; it goes on with `whole`,
    from the place that stands for the same character.
    """

    name = "breaks-off"

    def __init__(
        self,
        whole: str,
        at: int,
        end: str,
        style: Style,
        *,
        again: Sequence[int] = (),
        partial: bool = False,
        first: Sequence[Delta] = (),
        size: int = 7,
    ) -> None:
        self.capabilities = Capabilities(partial=partial)
        self.requests: list[UpstreamRequest] = []
        self.open = 0
        self._whole = whole
        self._at = at
        self._end = end
        self._style = style
        self._again = list(again)
        self._first = first
        self._size = size

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[Sequence[Delta], None]:
        self.requests.append(request)
        self.open += 1
        try:
            for deltas in self._deltas():
                yield deltas
            if self._broken:
                match self._end:
                    case "error":
                        raise UpstreamError("The connection was lost.", code="connection_lost")
                    case "cut":
                        yield [Delta(finish="cut")]
                    case word:
                        yield [Delta(finish=word)]
            yield [Delta(finish="stop")]
        finally:
            self.open -= 1

    def _deltas(self) -> list[list[Delta]]:
        first = len(self.requests) == 1
        if first and self._first:
            self._broken = True
            return [[delta] for delta in self._first]
        text = self._whole[: self._at] if first else self._style.make(self._whole, self._at)
        self._broken = first
        if not first and self._again:
            length = self._again.pop(0)
            self._broken = length < len(text)
            if self._broken:
                self._at = max(self._at, min(len(self._whole) - len(text) + length, len(self._whole)))
                text = text[:length]
        return [[Delta(content=text[i : i + self._size])] for i in range(0, len(text), self._size)]

    async def models(self) -> Sequence[Model]:
        return [Model("qwen")]

    async def health(self) -> Health:
        return Health(True)

    async def aclose(self) -> None:
        pass


def written(form: str, content: str) -> str:
    """The write_to_file call of a file, as text."""
    return TEXT_DIALECTS[form]("write_to_file", {"path": PATH, "content": content})


def told(content: str, at: int, size: int = 7) -> list[Delta]:
    """The first `at` characters of the same call's arguments, as deltas."""
    arguments = json.dumps({"path": PATH, "content": content})[:at]
    fragments = [arguments[i : i + size] for i in range(0, len(arguments), size)]
    begin = Delta(tool_calls=(ToolDelta(0, "call_1", "write_to_file"),))
    return [begin, *(Delta(tool_calls=(ToolDelta(0, arguments=part),)) for part in fragments)]


def place_of(content: str, at: int, whole: str) -> int:
    """Where in `whole`, the call as qwen text, the character stands that follows arguments cut at `at`."""
    arguments = json.dumps({"path": PATH, "content": content})
    begin = arguments.index('"content": "') + len('"content": "')
    if at <= begin:
        return 0
    done = 0
    length = begin
    for character in content:
        length += len(json.dumps(character)) - 2
        if length > at:
            break
        done += 1
    return whole.index("<parameter=content>\n") + len("<parameter=content>\n") + done


async def deliver(
    client: Client, upstream: BreaksOff | Scripted, rules: Rules = GOING_ON
) -> Turn | list[Piece]:
    """The pieces of a reply that came whole, or the turn that failed."""
    turn = turn_of(ask(client.plan()), upstream, rules)
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
