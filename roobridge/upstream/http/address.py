"""An upstream's address: whether it can be asked, and whether it is one of this machine."""

from __future__ import annotations

import ipaddress
import re

import httpx

from roobridge.errors import SettingsError

# A label of a host's name (RFC 1123, section 2.1); container networks have names with underscores as well.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NAME = 253  # characters of a host's name


def checked_base_url(url: str) -> str:
    """The URL without a trailing slash. Raises SettingsError where it is not one that can be asked."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as reason:
        raise _refused(f"is not a URL: {reason}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise _refused("must begin with http:// or https:// and a host")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise _refused("must end with its path, and hold no user or password: give the key as api_key")
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise _refused(f"has the port {parsed.port}, which does not exist")
    if not _is_host(parsed.raw_host.decode("ascii", "replace")):
        raise _refused(f"names the host {parsed.host!r}, which cannot exist")
    return url.rstrip("/")


def is_loopback(url: str) -> bool:
    """Whether this checked URL is answered by this machine itself."""
    host = httpx.URL(url).host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")  # RFC 6761, section 6.3
    return address.is_loopback or address.is_unspecified


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        labels = host.removesuffix(".").split(".")
        # A last label of digits alone would be an address (WHATWG URL, "ends in a number").
        named = all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
        return named and len(host) <= _NAME
    return True


def _refused(why: str) -> SettingsError:
    return SettingsError(f"base_url {why}.", code="bad_setting", param="base_url")
