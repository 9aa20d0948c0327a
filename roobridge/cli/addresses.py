"""The addresses under which a service is reached, for a person who is to enter one."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress

# Addresses for documentation (RFC 5737, RFC 3849): nothing is sent to them, but they have a route.
_ANYWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


def reachable(host: str) -> Sequence[str]:
    """Hosts as they stand in an address: of this machine first, then of its network.

    host: what the service listens on; 0.0.0.0 and :: stand for every address of their family.
    """
    if host == "0.0.0.0":  # noqa: S104 -- compared only
        return _all(socket.AF_INET, "127.0.0.1")
    if host == "::":
        return _all(socket.AF_INET6, "::1")
    return (_bracketed(host),)


def _all(family: socket.AddressFamily, loopback: str) -> Sequence[str]:
    found = [loopback]
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((_ANYWHERE[family], 9))
        found.append(probe.getsockname()[0])
    return [_bracketed(address) for address in dict.fromkeys(found)]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
