"""One recorded reply through the machine, without a service around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from functools import lru_cache
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind, Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import new_reply
from roobridge.bridge.request.classify import make_plan
from roobridge.bridge.tape.format import Ending, Frame, Tape, Wire
from roobridge.bridge.tape.reader import WireReader, last_words
from roobridge.cli.cuts import cut
from roobridge.cli.outcome import Outcome, outcome_of
from roobridge.errors import ClientError, UpstreamError
from roobridge.events import Piece
from roobridge.grammar.load import Grammar, load_grammar
from roobridge.grammar.model import Version


class Input(Enum):
    """What a reply is read as."""

    TEXT = "text"  # the model's words
    QWEN_WEB = "qwen-web-sse"
    OPENAI = "openai-sse"


class Client(Enum):
    """Every client that a request is recognised as coming from (bridge/request/sender.py)."""

    ROO = "roo"
    ZOO = "zoo"
    CLINE = "cline"
    KILO = "kilo"
    QWEN_CODE = "qwen-code"
    OPENCODE = "opencode"


# Whose native tools are known without a request: a grammar file holds them. Cline's holds its XML ones.
TOOLS_KNOWN = frozenset({Client.ROO, Client.ZOO, Client.KILO})
NATIVE = frozenset({ClientKind.NATIVE_AGENT, ClientKind.NATIVE_OTHER})


class Finish(Enum):
    """How the upstream ended."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    ERROR = "error"
    CUT = "cut"
    SILENCE = "silence"


class Case(msgspec.Struct, frozen=True):
    """How a reply is to be read and treated.

    tools: an OpenAI `tools` array, as JSON. chunk: characters a feed, bytes where the input is a stream.
    finish_reason: None for the stream's own, "stop" for a text.
    """

    input: Input = Input.TEXT
    kind: ClientKind = ClientKind.XML_AGENT
    client: Client = Client.ROO
    client_version: str = ""
    tools: msgspec.Raw = msgspec.Raw()
    parallel_tool_calls: bool | None = None
    wrap: Wrap = Wrap.PREVIEW
    chunk: int | None = None
    chunk_seed: int | None = None
    finish_reason: Finish | None = None


class Run:
    """One reply on its way through the machine. Iterate for what each feed gives; then `error` and `repairs`.

    recorded: the bytes of a reply, read and cut as the case says, or a tape, read as it came. streamed: the
    client takes the reply as it comes. error: what the upstream's stream held instead of an ending. Raises
    ClientError where the case cannot be served.
    """

    def __init__(self, case: Case, recorded: bytes | Tape, *, streamed: bool = False) -> None:
        plan = plan_of(case)
        self.plan = plan if streamed else plan.unstreamed()
        self.error: UpstreamError | None = None
        self._reply = new_reply(self.plan)
        self._finish = case.finish_reason.value if case.finish_reason else ""
        self._said: Iterable[Delta]
        if isinstance(recorded, Tape):
            self._said = self._played(recorded)
        elif case.input is Input.TEXT:
            self._said = _words(case, recorded)
        else:
            self._said = self._played(_cut_stream(case, recorded))

    @property
    def repairs(self) -> list[str]:
        return self._reply.repairs

    def __iter__(self) -> Iterator[list[Piece]]:
        for delta in self._said:
            self._finish = self._finish or delta.finish
            # What comes after the reply's end is read as well: its repairs do not depend on the cutting.
            yield self._reply.feed(delta)
        if self._reply.done:
            self.error = None
        yield self._reply.close("error" if self.error else self._finish or "stop")

    def outcome(self) -> Outcome:
        """Run to the end. Raises ReplyError where the machine broke its own rules."""
        pieces = [piece for given in self for piece in given]
        return outcome_of(pieces, self.plan, self.repairs, self.error)

    def _played(self, tape: Tape) -> Iterator[Delta]:
        reader = WireReader(tape.wire, tape.model)
        for frame in tape.frames:
            yield from reader.feed(frame.data)
        if tape.ending is Ending.SILENCE and not reader.finish:
            yield Delta(finish=Finish.SILENCE.value)
            return
        try:
            if reader.error is None:
                yield from last_words(tape, reader)
            self.error = reader.error
        except UpstreamError as error:
            self.error = error


def _cut_stream(case: Case, reply: bytes) -> Tape:
    frames = tuple(Frame(0.0, part) for part in cut(reply, case.chunk, case.chunk_seed))
    return Tape(Wire.QWEN_WEB if case.input is Input.QWEN_WEB else Wire.OPENAI, "", frames)


def _words(case: Case, reply: bytes) -> Iterator[Delta]:
    try:
        text = reply.decode()
    except UnicodeDecodeError as error:
        raise ClientError(
            f"the reply is not UTF-8 (byte {error.start}); for a recorded stream give --input", param="reply"
        ) from None
    for part in cut(text, case.chunk, case.chunk_seed):
        yield Delta(content=part)


def plan_of(case: Case) -> Plan:
    """The plan for a case's reply. Raises ClientError where its tools or its version cannot be read."""
    return _plan(
        case.kind, case.client, case.client_version, bytes(case.tools), case.wrap, case.parallel_tool_calls
    )


@lru_cache(maxsize=256)
def _plan(
    kind: ClientKind, client: Client, version: str, tools: bytes, wrap: Wrap, parallel: bool | None
) -> Plan:
    array = _tools(tools) if tools else None
    if array is None and kind in NATIVE and client not in TOOLS_KNOWN:
        raise ClientError(
            f"the kind {kind.value} needs {client.value}'s tools (--tools FILE, or `tools` in a line); only "
            "those of roo, zoo and kilo are known without",
            param="tools",
        )
    return make_plan(kind, client.value, _version(version), array, wrap, parallel, _grammar())


@lru_cache(maxsize=1)
def _grammar() -> Grammar:
    return load_grammar()


def _version(version: str) -> Version | None:
    """The parts of `3.29.3`, with or without a leading v; None for an empty one."""
    parts = version.strip().removeprefix("v").split(".")
    if parts == [""]:
        return None
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ClientError(
            f"the client version is written like 3.29.3, not {version!r}", param="client_version"
        )
    return tuple(int(part) for part in parts)


def _tools(raw: bytes) -> list[dict[str, Any]]:
    try:
        tools = msgspec.json.decode(raw, type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClientError(f"the tools are no OpenAI `tools` array: {error}", param="tools") from error
    for index, tool in enumerate(tools):
        function = tool.get("function")
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise ClientError(f"the tools' item {index} has no function.name", param=f"tools[{index}]")
    return tools
