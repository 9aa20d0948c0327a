"""How every turn of a service is run."""

from __future__ import annotations

import msgspec

# Roo 3.31 and 3.36 save a file while its content streams, and an error takes the content back. One that comes
# within some hundred milliseconds after a file's first characters overtakes that: they stay on disk.
SETTLE = 0.5
# The codes of errors that take back a call of which pieces may have gone out.
OF_A_CALL = frozenset({"unfinished_call", "misread_call", "incomplete_call"})


class Rules(msgspec.Struct, frozen=True):
    """Times are seconds.

    pace: between two writes. keepalive: of silence until a comment is due, 0 for none. commit: how long an
    upstream may take to accept before the client gets its 200, 0 for as long as it takes. usage_wait: for the
    usage of a reply that is over. continuations: how many times a reply that broke off is gone on with.
    second_chance: an agent's reply of text alone is answered once with the client's own reminder before it is
    wrapped. settle: between the last piece of a call that went out and the error that takes it back. turns:
    how many may be open at once.
    """

    pace: float
    keepalive: float
    commit: float
    usage_wait: float
    continuations: int = 0
    second_chance: bool = False
    settle: float = SETTLE
    turns: int = 500
