"""Whose requests are answered: by the name that was asked for, and by the web page that asks.

A page on any site can have a browser send requests to this machine. Under another name for this machine's
address, which its own DNS gives (rebinding), it can read the answers too. So a name must be known; an address
is never a rebound name. And a browser says in `Origin` for which page it asks.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import ip_address

ANY = "*"

# What container engines call the machine they run on: Docker, Podman, Lima and Colima, OrbStack. `.internal`
# is reserved for private use (ICANN, 2024).
_ENGINES = frozenset(
    {
        "host.docker.internal",
        "gateway.docker.internal",
        "host.containers.internal",
        "host.lima.internal",
        "host.orb.internal",
    }
)


class Hosts:
    """The names that the service goes by. more: those that the operator adds."""

    def __init__(self, listens_on: str, more: Collection[str]) -> None:
        machine = socket.gethostname().lower()
        short = machine.partition(".")[0]
        self._any = ANY in more
        self._names = _ENGINES | {"localhost", listens_on.lower(), machine, short, f"{short}.local", *more}

    def know(self, host: str) -> bool:
        """host: a Host header; empty where there is none, which no browser sends."""
        name = name_of(host)
        return (
            self._any or not host or name in self._names or name.endswith(".localhost") or _is_address(name)
        )


class Origins:
    """The pages that may use the service: whole origins, `scheme://*`, or `*`."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)

    def __bool__(self) -> bool:
        return bool(self._allowed)

    def allow(self, origin: str) -> bool:
        origin = origin.lower()
        scheme, found, _ = origin.partition("://")
        return bool(self._allowed & {ANY, origin, f"{scheme}://*" if found else origin})


def is_own(origin: str, host: str) -> bool:
    """Whether a page of this service itself asks; a proxy before it may speak TLS."""
    return bool(host) and origin.lower() in {f"http://{host.lower()}", f"https://{host.lower()}"}


def name_of(host: str) -> str:
    """A Host header without its port, brackets and final dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().removesuffix(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
