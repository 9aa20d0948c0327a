"""Whether clients take an error for a request that is too long."""

from __future__ import annotations

import re

from roobridge.bridge.wire.overflow import CODE


def recognised(status: int | None, code: str, kind: str, message: str) -> dict[str, bool]:
    """Whether each client takes the error for an overflow; its own patterns (sources: overflow.py)."""
    length = (
        r"\bcontext\s*(?:length|window)\b|\bmaximum\s*context\b|\b(?:input\s*)?tokens?\s*exceed"
        r"|\btoo\s*many\s*tokens?\b"
    )
    roo = (code == "400" and re.search("token|context length", message) is not None) or (
        status == 400 and re.search(length, message, re.IGNORECASE) is not None
    )
    rate = re.search(r"rate[\s_-]?limit|per[\s_-]?minute\b", message, re.IGNORECASE)
    cline = CODE in (code, kind) or (
        rate is None
        and status in (400, 413, 422)
        and re.search(r"context\s*(length|window|limit)|maximum\s*context", message, re.IGNORECASE)
        is not None
    )
    kilo = code == CODE or (
        re.search(r"exceeds the context window|maximum context length is \d+ tokens", message) is not None
    )
    return {"Roo": roo, "Cline": cline, "Kilo": kilo}
