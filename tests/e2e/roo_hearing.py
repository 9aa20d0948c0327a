"""How Roo hears a reply: OpenAI's SDK on the wire, then Roo's own rules for text and for native calls."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from roobridge.events import ToolDelta
from tests.oracle.roo_native import NativeCall, gather
from tests.oracle.roo_reader import PARAMS, TOOLS, ToolUse, read, tool_uses

_SDK_ATTEMPTS = 3
_SDK_RETRIED = frozenset({408, 409, 429})
_THINK = re.compile(r"\A<think>(.*?)(?:</think>|\Z)", re.DOTALL)


class BrokenReplyError(Exception):
    """The SDK raises here; the message is what Roo shows."""


@dataclass
class Heard:
    """One reply. error: what broke it, empty where nothing did. attempts: requests the SDK made for it."""

    text: str = ""
    reasoning: str = ""
    fragments: list[ToolDelta] = field(default_factory=list)
    usage: dict[str, Any] | None = None
    error: str = ""
    attempts: int = 0

    @property
    def anything(self) -> bool:
        """Something came before the error."""
        return bool(self.text or self.reasoning or self.fragments)

    @property
    def spoken(self) -> str:
        """The text without a `<think>` at its very start."""
        return _THINK.sub("", self.text, count=1)

    def xml_calls(self, version: tuple[int, int, int]) -> list[ToolUse]:
        known = version if version in TOOLS else (3, 36, 16)
        return tool_uses(read(self.spoken, TOOLS[known], PARAMS[known]))

    def native_calls(self) -> list[NativeCall]:
        """Raises RefusedError where Roo would lose a fragment."""
        return gather(self.fragments)


async def ask(client: httpx.AsyncClient, url: str, body: dict[str, Any], headers: dict[str, str]) -> Heard:
    """One request as the SDK makes it: refusals that may pass are asked again, twice."""
    heard = Heard()
    while True:
        heard.attempts += 1
        try:
            async with client.stream("POST", url, json=body, headers=headers) as response:
                if response.status_code == 200:
                    await _hear(response, heard, streamed=bool(body.get("stream")))
                    return heard
                heard.error = f"{response.status_code} {(await response.aread()).decode()}"
                if heard.attempts == _SDK_ATTEMPTS or not _is_retried(response):
                    return heard
        except (BrokenReplyError, httpx.TransportError) as error:
            heard.error = str(error) or "terminated"
            return heard


def _is_retried(response: httpx.Response) -> bool:
    said = response.headers.get("x-should-retry")
    if said is not None:
        return bool(said == "true")
    return response.status_code in _SDK_RETRIED or response.status_code >= 500


async def _hear(response: httpx.Response, heard: Heard, *, streamed: bool) -> None:
    heard.error = ""
    if not streamed:
        answer = json.loads(await response.aread())
        heard.usage = answer.get("usage")
        _take(answer["choices"][0]["message"], heard)
        return
    async for chunk in _chunks(response):
        heard.usage = chunk.get("usage") or heard.usage
        for choice in chunk["choices"]:  # Roo up to 3.30 throws where there is no such array
            _take(choice["delta"], heard)


async def _chunks(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Raises BrokenReplyError for a truthy `error` and for data that is no JSON. `[DONE]` may be missing."""
    async for line in _lines(response):
        if not line.startswith(b"data: "):
            continue
        if line == b"data: [DONE]":
            return
        try:
            chunk = json.loads(line[6:])
        except ValueError:
            raise BrokenReplyError(f"no JSON: {line!r}") from None
        if chunk.get("error"):
            raise BrokenReplyError(chunk["error"]["message"])
        yield chunk


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """Ended by LF alone: httpx's own lines end at U+2028 too."""
    rest = b""
    async for data in response.aiter_bytes():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")


def _take(said: dict[str, Any], heard: Heard) -> None:
    heard.text += said.get("content") or ""
    heard.reasoning += said.get("reasoning_content") or ""
    for at, call in enumerate(said.get("tool_calls") or ()):
        function = call.get("function") or {}
        name, arguments = function.get("name") or "", function.get("arguments") or ""
        heard.fragments.append(ToolDelta(call.get("index", at), call.get("id") or "", name, arguments))


def lenient_arguments(call: NativeCall) -> dict[str, Any]:
    """The arguments as Roo runs them: broken JSON is closed first, so a cut value counts as it stands."""
    for candidate in _closings(call.arguments or "{}"):
        with suppress(ValueError):
            value, _ = json.JSONDecoder().raw_decode(candidate)
            if isinstance(value, dict):
                return value
    return {}


def _closings(arguments: str) -> Iterator[str]:
    yield arguments
    for dropped in range(min(len(arguments), 8)):
        kept = arguments[: len(arguments) - dropped]
        yield from (kept + '"}', kept + "}")
