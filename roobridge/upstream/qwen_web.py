"""chat.qwen.ai with the user's own account, as best effort.

Conduct: what the user pasted from the browser goes out, and nothing else poses as one. No fingerprint is
made up, no captcha solved, no account rotated; where the site refuses, its refusal is passed on plainly.
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from roobridge.bridge.ports import Capabilities, Delta, Health, Model, UpstreamRequest
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.qwen_web import OUTPUT_LIMITS, QwenWebStream
from roobridge.bridge.wire.qwen_web_errors import refusal
from roobridge.bridge.wire.qwen_web_request import completion_body, encode_body, fold_messages, new_chat_body
from roobridge.errors import UpstreamError
from roobridge.upstream.http.address import checked_base_url
from roobridge.upstream.http.exchange import cleaner_of, exchange, fetch_json, new_client, retry_after

SITE = "https://chat.qwen.ai"

_TOKEN_COOKIE = re.compile(r"(?:^|;)\s*token=")
_SHORT = httpx.Timeout(10.0)  # for questions other than a reply


class Capture(msgspec.Struct, frozen=True):
    """What the user copied from one browser session; the parts belong together and come from one login.

    token: the access token (a JWT). cookies: the whole Cookie header. bx_ua, bx_umidtoken, bx_v,
    user_agent: the headers of these names. Empty ones are not sent.
    """

    token: str = ""
    cookies: str = ""
    bx_ua: str = ""
    bx_umidtoken: str = ""
    bx_v: str = ""
    user_agent: str = ""


class QwenWebUpstream:
    """The site, a new chat for every request.

    base_url: the site. models: for their output limits, until the site's own list has been read. idle:
    seconds without a byte after which a reply counts as broken.
    """

    name = "qwen-web"
    capabilities = Capabilities(native_tools=False, system_role=False, vision=False)

    def __init__(
        self,
        capture: Capture,
        *,
        base_url: str = SITE,
        models: Sequence[Model] = (),
        idle: float | None = None,
    ) -> None:
        self._capture = capture
        self._base_url = checked_base_url(base_url)
        self._limits = {**OUTPUT_LIMITS, **{model.id: model.output for model in models if model.output}}
        self._client = new_client(idle, self._base_url)

    async def stream(self, request: UpstreamRequest) -> AsyncGenerator[list[Delta], None]:
        """Raises ClientError too, before anything is sent: images, or a conversation the site's firewall
        would refuse for its size.
        """
        model = str(request.body.get("model"))
        body = _body(request.body, model)
        encode_body(body)
        chat_id = await self._new_chat(model, request.key)
        body["chat_id"] = body["chatId"] = chat_id
        asked = self._client.build_request(
            "POST",
            f"{self._base_url}/api/v2/chat/completions",
            params={"chat_id": chat_id},
            content=encode_body(body),
            headers={**self._headers(request.key, f"/c/{chat_id}"), "x-accel-buffering": "no"},
        )
        new_wire = partial(QwenWebStream, output_limit=self._limits.get(model, 0))
        replies = exchange(self._client, asked, new_wire, _refused, (request.key,), _true_status)
        async with aclosing(replies):
            async for deltas in replies:
                yield deltas

    async def _new_chat(self, model: str, key: str) -> str:
        asked = self._client.build_request(
            "POST",
            f"{self._base_url}/api/v2/chats/new",
            content=msgspec.json.encode(new_chat_body(model, int(time.time() * 1000))),
            headers=self._headers(key, "/"),
        )
        answer = await fetch_json(self._client, asked, _refused, (key,), _true_status)
        data = answer.get("data") if isinstance(answer, dict) else None
        chat_id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(chat_id, str) or not chat_id:
            raise refusal(200, msgspec.json.encode(answer).decode(), cleaner_of(asked, (key,)))
        return chat_id

    async def models(self) -> Sequence[Model]:
        """The site's list, which needs no login; the output limits are remembered."""
        asked = self._client.build_request(
            "GET", f"{self._base_url}/api/models", headers=self._headers("", "/"), timeout=_SHORT
        )
        answer = await fetch_json(self._client, asked, _refused, status=_true_status)
        items = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise refusal(200, msgspec.json.encode(answer).decode(), cleaner_of(asked))
        models = [
            _model(item) for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)
        ]
        self._limits.update({model.id: model.output for model in models if model.output})
        return models

    async def health(self) -> Health:
        try:
            models = await self.models()
        except UpstreamError as error:
            return Health(False, error.message)
        return Health(
            True, f"chat.qwen.ai lists {len(models)} models; the login is tried with the first request."
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    def _headers(self, key: str, page: str) -> dict[str, str]:
        """The headers of the site's own page. The site refuses requests without `version`, `timezone` or
        the Sec-Fetch set, and reads the login from Cookie and Authorization both.
        """
        capture = self._capture
        token = capture.token or key
        cookies = capture.cookies
        if token and not _TOKEN_COOKIE.search(cookies):
            cookies = f"{cookies}; token={token}" if cookies else f"token={token}"
        optional = {
            "Authorization": f"Bearer {token}" if token else "",
            "Cookie": cookies,
            "User-Agent": capture.user_agent,
            "bx-ua": capture.bx_ua,
            "bx-umidtoken": capture.bx_umidtoken,
            "bx-v": capture.bx_v,
        }
        return {
            "Accept": "*/*",
            "Accept-Language": "en-US,en;q=0.9",
            "Content-Type": "application/json; charset=UTF-8",
            "Origin": self._base_url,
            "Referer": f"{self._base_url}{page}",
            "Sec-Fetch-Dest": "empty",
            "Sec-Fetch-Mode": "cors",
            "Sec-Fetch-Site": "same-origin",
            "source": "web",
            "timezone": _javascript_date(datetime.now(UTC)),
            "version": "0.2.0",
            "x-request-id": str(uuid4()),
            **{name: value for name, value in optional.items() if value},
        }


def _body(body: dict[str, Any], model: str) -> dict[str, Any]:
    return completion_body(
        fold_messages(body.get("messages") or []),
        model=model,
        chat_id="",
        message_id=str(uuid4()),
        child_id=str(uuid4()),
        now=int(time.time()),
        thinking=body.get("enable_thinking") is True,
    )


def _javascript_date(now: datetime) -> str:
    """As JavaScript writes it, in English whatever the locale (ECMA-262, Date.prototype.toString)."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    date = f"{days[now.weekday()]} {months[now.month - 1]} {now.day:02} {now.year}"
    return f"{date} {now:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"


def _refused(response: httpx.Response, body: str, clean: Cleaner) -> UpstreamError:
    error = refusal(_true_status(response), body, clean)
    wait = retry_after(response)
    if error.retry_after is None and wait is not None:
        error.retry_after = wait
    return error


def _true_status(response: httpx.Response) -> int:
    """The site answers 200 to almost everything and puts the status into a header of its own."""
    said = response.headers.get("x-actual-status-code", "")
    return int(said) if re.fullmatch(r"[1-5]\d\d", said, re.ASCII) else response.status_code


def _model(item: dict[str, Any]) -> Model:
    """Tokens of output: of thinking models the list names them as those of the summary. What else an entry
    tells, its owner's id among it, stays here.
    """
    info = item.get("info")
    meta = info.get("meta") if isinstance(info, dict) else None
    said = meta if isinstance(meta, dict) else {}
    output = said.get("max_generation_length") or said.get("max_summary_generation_length")
    context, abilities = said.get("max_context_length"), said.get("capabilities")
    thinking = abilities.get("thinking") if isinstance(abilities, dict) else None
    return Model(
        item["id"],
        context=context if isinstance(context, int) else 0,
        output=output if isinstance(output, int) else 0,
        vision=False,  # images are not passed on
        thinking=thinking if isinstance(thinking, bool) else None,
    )
