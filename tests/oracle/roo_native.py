"""How Roo reads native `tool_calls` deltas (3.36 and 3.52), as an oracle.

From what the two clients were seen to do: the first fragment of an index must carry the id, ids keep only
`[A-Za-z0-9_-]`, a doubled id loses its second call, arguments must be one JSON object. Nothing of the
package is imported but the words a client is sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from roobridge.events import ToolDelta

SAFE_ID = re.compile(r"[A-Za-z0-9_-]+")


class RefusedError(AssertionError):
    """Roo would lose or refuse the call; the message says why."""


@dataclass
class NativeCall:
    """arguments: the JSON text; read with `parsed`."""

    id: str
    name: str
    arguments: str

    @property
    def parsed(self) -> dict[str, Any]:
        try:
            value = json.loads(self.arguments)
        except ValueError as cause:
            raise RefusedError(f"arguments are not JSON: {self.arguments!r}") from cause
        if not isinstance(value, dict):
            raise RefusedError(f"arguments are not an object: {self.arguments!r}")
        return value


def gather(deltas: Iterable[ToolDelta]) -> list[NativeCall]:
    """The calls in order of their first fragments. Raises RefusedError where a fragment would be lost."""
    calls: dict[int, NativeCall] = {}
    for delta in deltas:
        call = calls.get(delta.index)
        if call is None:
            if not delta.id:
                raise RefusedError(f"first fragment of index {delta.index} carries no id")
            if not SAFE_ID.fullmatch(delta.id):
                raise RefusedError(f"id {delta.id!r} would be rewritten")
            if delta.id in {other.id for other in calls.values()}:
                raise RefusedError(f"id {delta.id!r} is doubled")
            if not delta.name:
                raise RefusedError(f"first fragment of index {delta.index} carries no name")
            calls[delta.index] = NativeCall(delta.id, delta.name, delta.arguments)
            continue
        if delta.name:
            raise RefusedError(f"index {delta.index} is named again: {delta.name!r}")
        if delta.id:
            raise RefusedError(f"index {delta.index} gets an id again: {delta.id!r}")
        call.arguments += delta.arguments
    return list(calls.values())


def judge(calls: list[NativeCall], *, several: bool) -> None:
    """Raises RefusedError unless Roo takes all calls as they are: JSON, one or several, completion alone."""
    for call in calls:
        _ = call.parsed
    if len(calls) > 1 and not several:
        raise RefusedError(f"{len(calls)} calls for a client that takes one")
    names = [call.name for call in calls]
    if "attempt_completion" in names and len(names) > 1:
        raise RefusedError(f"a completion stands beside other calls: {names}")
