"""What stands before every route: who asks, for which page, with what kind of body; and the headers of every
answer.

`/health` and `/health/ready` are open to all: probes ask under names that nobody foresees,
they tell nothing of a conversation, and no page can read them.
"""

from __future__ import annotations

import logging
import re
import secrets

from quart import Quart, Response, g, request

from roobridge.errors import ClientError
from roobridge.service.settings.config import Settings
from roobridge.web.body import drop_body, refuse_other_types
from roobridge.web.health import PATHS
from roobridge.web.keys import OwnKeys
from roobridge.web.names import Hosts, Origins, is_own

log = logging.getLogger("roobridge.guard")

PREFLIGHT_AGE = 600  # seconds that a browser believes a preflight; Chrome takes 7200 at most
_REQUEST_ID = re.compile(r"[!-~]{1,128}")
_HEADER_NAMES = re.compile(r"[-\w!#$%&'*+.^`|~, ]{0,2000}", re.ASCII)  # RFC 9110, 5.6.2, in a list
_ON_ALL = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuses what is not for the routes, and marks what they answer."""

    def __init__(self, settings: Settings, keys: OwnKeys) -> None:
        self._hosts = Hosts(settings.host, settings.allowed_hosts)
        self._origins = Origins(settings.allowed_origins)
        self._keys = keys
        self._body_limit = settings.body_limit

    def install(self, app: Quart) -> None:
        app.before_request(self.before)
        app.after_request(self.after)

    async def before(self) -> Response | None:
        """The answer to a preflight; None for what the routes are to answer. Raises ClientError."""
        given = request.headers.get("x-request-id", "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        g.page = ""
        try:
            return self._check()
        except ClientError as refusal:
            log.info("request %s refused: %s", g.request_id, refusal.code)
            await drop_body(self._body_limit)
            raise

    async def after(self, response: Response) -> Response:
        headers = response.headers
        headers["x-request-id"] = g.request_id
        for name, value in _ON_ALL.items():
            headers[name] = value
        headers.setdefault("cache-control", "no-store")
        if _is_ambiguous():
            headers["connection"] = "close"  # where its next request begins is anyone's guess
        if response.status_code == 401:
            headers.setdefault("www-authenticate", "Bearer")
        if self._origins:
            headers.add("vary", "Origin")
        if g.page:
            headers["access-control-allow-origin"] = g.page
            headers["access-control-expose-headers"] = "x-request-id, retry-after, x-should-retry"
        return response

    def _check(self) -> Response | None:
        if _is_ambiguous():
            raise ClientError(
                "The request has a Content-Length beside a Transfer-Encoding (RFC 9112, 6.1): send one.",
                code="ambiguous_length",
            )
        if request.path in PATHS:
            return None
        self._check_host(request.headers.get("host", ""))
        self._check_origin(", ".join(request.headers.getlist("origin")))
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return _preflight()
        self._keys.check(request.headers.get("authorization", ""))
        if request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers:
            refuse_other_types(request.headers.get("content-type", ""))
        return None

    def _check_host(self, host: str) -> None:
        if not self._hosts.know(host):
            raise ClientError(
                f"This service does not go by the name {host[:100]!r} (the request's Host): ask it by its "
                "address, or add the name to the setting `allowed_hosts` (ROOBRIDGE_ALLOWED_HOSTS).",
                code="host_not_allowed",
                status_hint=403,
            )

    def _check_origin(self, origin: str) -> None:
        if not origin or is_own(origin, request.headers.get("host", "")):
            return
        if not self._origins.allow(origin):
            raise ClientError(
                f"The web page {origin[:100]!r} (the request's Origin) may not use this service: add it to "
                "the setting `allowed_origins` (ROOBRIDGE_ALLOWED_ORIGINS).",
                code="origin_not_allowed",
                status_hint=403,
            )
        g.page = origin


def _is_ambiguous() -> bool:
    return "content-length" in request.headers and "transfer-encoding" in request.headers


def _preflight() -> Response:
    """To a page that may use the service; the headers it wants to send are its own affair."""
    wanted = request.headers.get("access-control-request-headers", "")
    headers = {
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-max-age": str(PREFLIGHT_AGE),
        "vary": "Access-Control-Request-Headers",
    }
    if wanted and _HEADER_NAMES.fullmatch(wanted):
        headers["access-control-allow-headers"] = wanted
    if request.headers.get("access-control-request-private-network") == "true":
        headers["access-control-allow-private-network"] = "true"
    return Response(b"", 204, headers=headers)
