"""A small declared toolset, and the machine on it with its steps written down."""

from __future__ import annotations

from collections.abc import Iterable

from roobridge.dialects.deepseek import DEEPSEEK
from roobridge.dialects.fenced_json import FENCED_JSON
from roobridge.dialects.hermes import HERMES
from roobridge.dialects.qwen3_coder import BARE, WRAPPED
from roobridge.dialects.roo_xml import ROO_XML
from roobridge.events import Event, Markup, Reasoning, Text, Value
from roobridge.grammar.model import Completion, Field, Kind, Nested, Param, Tool, Toolset
from roobridge.parser.machine import Parser
from roobridge.parser.token import Token
from roobridge.spelling.states import Action, State, Terminal


def tool(name: str, *params: Param, last_close: str = "") -> Tool:
    return Tool(name, {param.name: param for param in params}, known=True, last_close=last_close)


FILES = Nested("file", "files", (Field("path", "path", required=True),), lone="path")

TOOLS = (
    tool(
        "list_files",
        Param("path", Kind.LINE, required=True, cut_safe=True),
        Param("recursive", Kind.BOOLEAN, types=frozenset({"boolean"})),
    ),
    tool(
        "write_to_file",
        Param("path", Kind.LINE, required=True),
        Param("content", Kind.VERBATIM, required=True),
        last_close="content",
    ),
    tool("execute_command", Param("command", Kind.TEXT, required=True), Param("cwd", Kind.LINE)),
    tool("read_file", Param("args", Kind.XML, required=True, cut_safe=True, nested=FILES)),
    tool("attempt_completion", Param("result", Kind.VERBATIM, required=True, cut_safe=True, prose=True)),
)
TOOLSET = Toolset(
    {each.name: each for each in TOOLS},
    Completion("attempt_completion", "result"),
    read_tools=frozenset(each.name for each in TOOLS),
    read_params=frozenset(name for each in TOOLS for name in each.params),
    value_limit=102_400,
)
DIALECTS = {"roo-xml": ROO_XML, "wrapped": WRAPPED, "bare": BARE, "hermes": HERMES, "deepseek": DEEPSEEK}


class Traced(Parser):
    """steps: the table that was asked, the state before, the terminal, the state after."""

    def __init__(self) -> None:
        super().__init__(TOOLSET, tuple(DIALECTS.values()), FENCED_JSON, frozenset({"tool_call", "path"}))
        self.steps: list[tuple[str, State, Terminal, State]] = []

    def step(self, token: Token) -> Action:
        before, table = self.state, self.table
        action = super().step(token)
        self.steps.append((table, before, token.terminal, self.state))
        return action

    @property
    def table(self) -> str:
        """The name of the open call's dialect, or "content"."""
        return next(
            (name for name, dialect in DIALECTS.items() if dialect is self._candidate.dialect), "content"
        )


def read(pieces: Iterable[str], *, normal: bool = True) -> tuple[list[Event], Traced]:
    """All events of a text, neighbours of one kind merged."""
    parser = Traced()
    events: list[Event] = []
    for piece in pieces:
        events += parser.feed(piece)
    return merged(events + parser.close(normal=normal)), parser


def merged(events: Iterable[Event]) -> list[Event]:
    """Neighbouring Text, Value, Markup and Reasoning as one, so that the cutting does not show."""
    out: list[Event] = []
    for event in events:
        last = out[-1] if out else None
        match event:
            case Text(text) if isinstance(last, Text):
                out[-1] = Text(last.text + text)
            case Value(text) if isinstance(last, Value):
                out[-1] = Value(last.text + text)
            case Reasoning(text) if isinstance(last, Reasoning):
                out[-1] = Reasoning(last.text + text)
            case Markup(raw) if isinstance(last, Markup):
                out[-1] = Markup(last.raw + raw)
            case _:
                out.append(event)
    return out
