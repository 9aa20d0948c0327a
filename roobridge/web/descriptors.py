"""How many connections the system's limit of open files allows."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress

log = logging.getLogger("roobridge.connections")

OF_A_TURN = 3  # the client's connection, the upstream's, and a tape
OF_THE_PROCESS = 64  # its modules, its log, and connections that are being refused


def affordable(connections: int) -> int:
    """As many of these connections as the descriptors last for; the limit is raised as far as it may be."""
    wanted = connections * OF_A_TURN + OF_THE_PROCESS
    limit = _raised(wanted)
    if limit >= wanted:
        return connections
    most = max(1, (limit - OF_THE_PROCESS) // OF_A_TURN)
    log.warning(
        "the limit of open files, %d, is enough for %d connections: `ulimit -n %d` would allow the %d of "
        "max_connections",
        limit,
        most,
        wanted,
        connections,
    )
    return most


def _raised(wanted: int) -> int:
    """The limit of open files, after it was raised towards `wanted`; that itself where there is no limit."""
    if sys.platform == "win32":
        return wanted
    import resource  # noqa: PLC0415 -- not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    more = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(OSError, ValueError):  # macOS has a second limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
    return min(wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
