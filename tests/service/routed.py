"""Two upstreams behind one service, and a request to them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from roobridge.bridge.request.chat import parse_chat_request
from roobridge.errors import UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.turns.turn import Turn
from roobridge.service.wiring import Services, assemble, check_names
from tests.service.scripted import Scripted, Step, end, say

HOME = {"upstream": "openai", "base_url": "http://127.0.0.1:1/v1"}
CLOUD = {"upstream": "openai", "base_url": "http://127.0.0.1:2/v1"}
DOWN = UpstreamError("No connection.", code="unreachable", status_hint=502)
HELLO: list[Step] = [*say("Hi"), *end()]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


def services(home: Scripted, cloud: Scripted, **settings: Any) -> Services:
    tables = {"home": HOME, "cloud": CLOUD}
    given = Settings(**{"pace_ms": 0, "usage_wait_ms": 1, "upstreams": tables, **settings})
    check_names(given)
    return assemble(given, {"home": home, "cloud": cloud})


async def turn(made: Services, model: str, provider: str = "", body: dict[str, Any] | None = None) -> Turn:
    """The turn of a request to these services, at its end."""
    messages = [{"role": "user", "content": "Hello"}]
    chat = parse_chat_request({"model": model, "messages": messages, "stream": False, **(body or {})})
    opened = await made.answering.open(chat, {"user-agent": "curl/8"}, "sk-client", provider=provider)
    with suppress(UpstreamError):
        await opened.whole()
    return opened
