"""The tables of named cases in fixtures/replies/rules, and what a row may say.

A row holds `name`, `rule` (what it stands for, in a word), the request (`kind`, `client`,
`version`, `tools`: a key of native_tools.SETS, `parallel`, `wraps`), the model's words (`reply`: a text or a
list of texts and {"repeat", "times"}; or `deltas`), `finish_reason`, and `expect`. `cuts` names the
cuttings where not all are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from roobridge.bridge.plan import ClientKind, Wrap
from roobridge.bridge.ports import Delta
from roobridge.events import ToolDelta
from tests.oracle.cuts import CUTTINGS
from tests.oracle.plans import Client

RULES = Path(__file__).parents[2] / "fixtures" / "replies" / "rules"


class Repeat(msgspec.Struct, forbid_unknown_fields=True):
    repeat: str
    times: int


class DeltaRow(msgspec.Struct, forbid_unknown_fields=True):
    reasoning: str = ""
    content: str = ""
    tool_calls: list[ToolDelta] = []


class Expect(msgspec.Struct, forbid_unknown_fields=True):
    """What the client must have in hand; None: not looked at.

    attempt: the reply tries to call: it is an error, or a call that is no completion (law 10).
    answer: the whole reply is this text, wrapped for an agent (white space at its ends is free; under the
    live policy its beginning may stand as plain text). answer_loose: the same, all white space free.
    result: the reply is one completion with this result. calls: names and arguments, in order (as the
    client reads them). text: what stands outside the calls. repaired: whether a repair is named.
    """

    error: bool = False
    attempt: bool = False
    finish: str | None = None
    content: str | None = None
    content_stripped: str | None = None
    content_loose: str | None = None
    contains: list[str] = []
    lacks: list[str] = []
    text: str | None = None
    answer: str | None = None
    answer_loose: str | None = None
    answer_long: bool = False
    result: str | None = None
    result_contains: list[str] = []
    result_length: int | None = None
    calls: list[tuple[str, dict[str, Any]]] | None = None
    calls_any_line_count: list[tuple[str, dict[str, Any]]] | None = None
    calls_or_error: list[tuple[str, dict[str, Any]]] | None = None
    error_or_calls: list[tuple[str, dict[str, Any]]] | None = None
    calls_names: list[str] | None = None
    calls_none: bool = False
    args_contain: list[str] = []
    reasoning: str | None = None
    contains_reasoning: list[str] = []
    reasoning_or_preview: str | None = None
    preview: str | None = None
    repaired: bool | None = None


class Case(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    rule: str
    expect: Expect
    kind: str
    client: str = "roo"
    version: str | None = None
    tools: str = "none"
    parallel: bool | None = None
    wraps: tuple[Wrap, ...] = tuple(Wrap)
    cuts: tuple[str, ...] = tuple(CUTTINGS)
    reply: str | list[str | Repeat] | None = None
    deltas: list[DeltaRow] | None = None
    finish_reason: str = "stop"

    @property
    def request(self) -> Client:
        """The XML cases speak to Roo 3.31.3 unless they say otherwise; "" is the newest version."""
        version = self.version
        if version is None:
            version = "3.31.3" if self.kind == ClientKind.XML_AGENT.value and self.client == "roo" else ""
        return Client(ClientKind(self.kind), self.client, version, self.tools, self.parallel)

    @property
    def words(self) -> list[Delta]:
        if self.deltas is not None:
            return [Delta(row.reasoning, row.content, tuple(row.tool_calls)) for row in self.deltas]
        assert self.reply is not None, f"{self.name} has neither reply nor deltas"
        parts = [self.reply] if isinstance(self.reply, str) else self.reply
        text = "".join(part if isinstance(part, str) else part.repeat * part.times for part in parts)
        return [Delta(content=text)]


def cases() -> Iterator[tuple[str, Case]]:
    """All rows, with `file:name` as their id."""
    for path in sorted(RULES.glob("*.json")):
        for case in msgspec.json.decode(path.read_bytes(), type=list[Case]):
            yield f"{path.stem}:{case.name}", case
