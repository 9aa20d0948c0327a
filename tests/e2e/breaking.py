"""A model that breaks off in the middle of writing a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tests.e2e.model import Ending, Said, tokens
from tests.e2e.scenario import WRITTEN

LONG = "".join(f"{at:03} {WRITTEN}" for at in range(8)) + "the end"


def breaking(said: Said, ending: Ending) -> Callable[[Any], Said]:
    """What a scripted upstream answers: the reply up to its middle, once. Asked to go on, it does so where it
    stopped, or (a native call) says the call anew; asked the same again, it says the whole."""
    half = len(tokens(said.text + str(said.calls))) // 2
    first: list[int] = []

    def answer(body: Any) -> Said:
        messages = len(body["messages"])
        if not first:
            first.append(messages)
            return msgspec.structs.replace(said, ending=ending, most=half)
        if messages == first[0] or said.calls:
            return said
        return Said("".join(tokens(said.text)[half:]))

    return answer
