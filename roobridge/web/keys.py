"""The keys that clients send: the service's own, or the upstream's."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from pydantic import SecretStr

from roobridge.errors import ClientError


class OwnKeys:
    """The service's own keys; without any, every client is welcome and its key is the upstream's."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._keys = [key.get_secret_value().encode() for key in keys]

    def check(self, authorization: str) -> None:
        """Raises ClientError where one of them is wanted and this header does not hold it."""
        if not self._keys:
            return
        sent = bearer_key(authorization).encode()
        # All are compared, so that the time says nothing of which one was nearly right.
        if not sum(hmac.compare_digest(sent, key) for key in self._keys):
            raise ClientError(
                "This service wants a key of its own: enter one of its `service_keys` as the API key in the "
                "client's settings. The upstream's key is no such key.",
                code="invalid_api_key",
                status_hint=401,
            )

    def for_the_upstream(self, sent: str) -> str:
        """What of a client's key the upstream may see."""
        return "" if self._keys else sent


def bearer_key(authorization: str) -> str:
    """The token of an Authorization header; empty where there is none.

    Raises ClientError for one that could not be passed on.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return ""
    if not (token.isascii() and token.isprintable()):
        raise ClientError(
            "The API key holds a character that is no part of a key: enter it anew in the client's settings.",
            code="invalid_api_key",
            status_hint=401,
        )
    return token.strip()
