"""A stream of an upstream, read whole and in pieces."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from roobridge.bridge.ports import Delta
from roobridge.errors import UpstreamError


def assert_cut_alike(
    decode: Callable[..., tuple[list[Delta], UpstreamError | None]], text: str, data: st.DataObject
) -> None:
    """Any cut of the text gives the same deltas, and the same error."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    (cut, cut_error), (whole, whole_error) = decode(*pieces), decode(text)
    assert cut == whole
    assert str(cut_error) == str(whole_error)
