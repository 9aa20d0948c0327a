"""No secret comes out of the service, byte for byte: not in its answers, its log, nor its tapes."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.wire.openai_errors import TEXT_LIMIT
from roobridge.cli.log import CleanLines
from roobridge.service.settings.config import Settings
from roobridge.service.settings.secrets import secrets_of
from roobridge.service.wiring import Services, build
from roobridge.upstream.around.record import RecordUpstream
from roobridge.web.serving import listen, serve_on
from tests.upstream.loopback import Answering, Loopback, Received
from tests.web.requests import chat, roo

OWN = "own/key+0123456789=abcdef"
CLIENTS = "clients-key-0123456789"
COOKIE = "cookie-value-0123456789"
URL = "/v1/chat/completions"
LEAST = 6  # characters of a secret that are one

# What the upstream answers, by the fields in which it repeats what it was sent.
ERRORS: dict[str, dict[str, Any]] = {
    "message": {"message": "Incorrect API key provided: {}."},
    "code": {"message": "No.", "code": "bad_{}"},
    "param": {"message": "No.", "param": "headers.{}"},
    "type": {"message": "No.", "type": "{}"},
    "detail": {"detail": [{"loc": ["header", "{}"], "msg": "no"}]},
    "JSON in a message": {"message": '{{"key": "{}"}}'},
}

ESCAPES: list[Callable[[str], str]] = [str, json.dumps, quote]


class Echo(Loopback):
    """An upstream that refuses, and repeats the key that it was sent. body: makes the refusal of the key.
    begun: it refuses within a stream.
    """

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.body: Callable[[str], bytes] = str.encode
        self.begun = False

    async def _answer(self, answer: Answering, request: Received) -> None:
        body = self.body(request.headers.get("authorization", "").removeprefix("Bearer "))
        if self.begun:
            first = b'data: {"choices":[{"index":0,"delta":{"content":"Well. "}}]}\n\n'
            await answer.stream(first, b"data: %b\n\n" % body)
        else:
            await answer.whole(body, status=401)


class Told:
    """A service in front of an Echo, and all that it says."""

    def __init__(self, address: str, echo: Echo, services: Services, log: io.StringIO) -> None:
        self.echo = echo
        self._services = services
        self._address = address
        self._log = log

    async def everything(self, body: dict[str, Any]) -> str:
        headers = {"authorization": f"Bearer {CLIENTS}", "cookie": f"session={COOKIE}"}
        async with httpx.AsyncClient(timeout=20, trust_env=False) as client:
            answer = await client.post(self._address + URL, json=body, headers=headers)
            others = [(await client.get(self._address + path)).text for path in ("/v1/models", "/health")]
        await self._services.answering.finish(5)
        (place,) = self._services.routes.places.values()
        recorder, folder = place.upstream, self._services.settings.record
        assert isinstance(recorder, RecordUpstream)
        assert folder is not None
        await recorder.written()
        tapes = [file.read_text() + file.name for file in folder.iterdir()]
        assert tapes
        return "\n".join([answer.text, str(answer.headers), *others, *tapes, self._log.getvalue()])


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, as the program writes it."""
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(CleanLines([OWN]))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


@asynccontextmanager
async def service(tapes: Path, log: io.StringIO, **settings: Any) -> AsyncIterator[Told]:
    echo = Echo()
    named = {
        "upstream": "openai",
        "base_url": await echo.start() + "/v1",
        "record": tapes,
    }
    services = build(Settings(**{"retry_seconds": 0, "usage_wait_ms": 50, **named, **settings}))
    sock = listen("127.0.0.1", 0)
    stop = asyncio.Event()
    server = asyncio.create_task(serve_on(sock, services, stop.wait, grace=0.2))
    try:
        yield Told(f"http://127.0.0.1:{sock.getsockname()[1]}", echo, services, log)
    finally:
        stop.set()
        await server
        await echo.stop()


def refusal(error: object, words: str) -> bytes:
    return json.dumps({"error": filled(error, words)}).encode()


def filled(error: object, secret: str) -> Any:
    if isinstance(error, str):
        return error.format(secret)
    if isinstance(error, dict):
        return {name: filled(value, secret) for name, value in error.items()}
    return [filled(value, secret) for value in error] if isinstance(error, list) else error


def assert_clean(told: str, *secrets: str) -> None:
    for secret in secrets:
        pieces = {secret[at : at + LEAST + 2] for at in range(len(secret) - LEAST - 1)}
        assert [piece for piece in pieces if piece in told] == []


@pytest.mark.parametrize("begun", [False, True], ids=["refused", "in the stream"])
@pytest.mark.parametrize("own", [OWN, ""], ids=["the operator's key", "the client's key"])
async def test_a_secret_in_any_field_of_an_error(
    tmp_path: Path, log: io.StringIO, begun: bool, own: str
) -> None:
    async with service(tmp_path, log, api_key=own) as told:
        told.echo.begun = begun
        for error in ERRORS.values():
            for stream in (False, True):
                told.echo.body = partial(refusal, error)
                everything = await told.everything(chat(stream=stream))
                assert_clean(everything, OWN, CLIENTS)
                assert "[redacted]" in everything


async def test_secrets_in_prompts_and_names(tmp_path: Path, log: io.StringIO) -> None:
    async with service(tmp_path, log, api_key=OWN) as told:
        told.echo.body = partial(refusal, {"message": "no"})
        body = roo(f"My keys: {OWN}, {CLIENTS}, and\nCookie: session={COOKIE}", "Yes.", "Go on.")
        everything = await told.everything({**body, "model": f"x {CLIENTS} {OWN}\nERROR forged"})
        assert_clean(everything, OWN, CLIENTS, COOKIE)
        assert "\nERROR forged" not in log.getvalue()
        assert "My keys: [redacted], [redacted], and" in everything


@given(data=st.data())
def test_a_secret_at_every_offset_around_the_cut(data: st.DataObject, tmp_path_factory: Any) -> None:
    before = data.draw(st.integers(TEXT_LIMIT - 2 * len(OWN), TEXT_LIMIT + 2))
    name = data.draw(st.sampled_from(sorted(ERRORS)))
    page = data.draw(st.booleans())
    escape = data.draw(st.sampled_from(ESCAPES))

    def body(key: str) -> bytes:
        words = "." * before + escape(key)
        return f"<h1>{words}</h1>".encode() if page else refusal(ERRORS[name], words)

    async def run() -> str:
        log = io.StringIO()
        async with service(tmp_path_factory.mktemp("tapes"), log, api_key=OWN) as told:
            told.echo.body = body
            return await told.everything(chat())

    assert_clean(asyncio.run(run()), OWN)


def test_all_secret_settings_are_known() -> None:
    values = {"api_key": "k-1", "qwen_token": "t-2", "qwen_cookies": "c=3", "qwen_bx_ua": "u-4"}
    settings = Settings.model_validate(values)
    assert set(values.values()) <= set(secrets_of({"one": [settings]}))
