"""What a client reads between the tags of its parameters, as Roo does."""

from __future__ import annotations

import pytest

from roobridge.render.client_reading import ClientReading
from tests.oracle.plans import ROO_41
from tests.oracle.roo_reader import tool_uses

TOOLSET = ROO_41.plan().toolset
TOOL = TOOLSET.tools["write_to_file"]


@pytest.mark.parametrize("between", ["\n", "\n<path>a.py</path>\n"])
def test_a_last_closing_tag_without_its_opening_one_is_read_from_the_ninth_character(between: str) -> None:
    """Roo looks for `<content>`, finds it at -1, and adds the tag's nine characters."""
    text = f"{between}</content>\n</write_to_file>"
    for pieces in ([text], list(text)):
        reading = ClientReading(TOOLSET, TOOL)
        for piece in pieces:
            reading.feed(piece)
        (use,) = tool_uses(ROO_41.read(f"<write_to_file>{text}"))
        span = reading.values.get("content")
        read = None if span is None else text[span.start : span.end].strip("\n")
        assert read == (use.params["content"].strip("\n") if "content" in use.params else None)
        assert reading.closed
