"""How much of an upstream's words is kept; what sends more is no model."""

from __future__ import annotations

from roobridge.errors import UpstreamError

# Characters of an event that does not end, and of lines that are no field: several times what a model can
# write into one event. A line costs LINE more, which is what it takes in memory.
HELD = 8 * 1024 * 1024
LINE = 64
# Characters of a whole reply, thoughts and calls included: some four million tokens, and models write 65,536.
REPLY = 16 * 1024 * 1024

TOO_LARGE = "reply_too_large"


def event_too_large() -> UpstreamError:
    return UpstreamError(
        f"The upstream sent more than {HELD // 1024 // 1024} MB without ending an event: what answers at "
        "base_url is no model, or has gone wrong.",
        code=TOO_LARGE,
    )


def reply_too_large() -> UpstreamError:
    return UpstreamError(
        f"The model's reply is longer than {REPLY // 1024 // 1024} MB, and was broken off.", code=TOO_LARGE
    )
