"""What an upstream's word for the end means."""

from __future__ import annotations

import pytest

from roobridge.bridge.ports import broke_off, is_normal


@pytest.mark.parametrize(
    ("finish", "normal"),
    [
        ("stop", True),
        ("tool_calls", True),
        ("function_call", True),
        ("length", False),
        ("cut", False),
        ("", False),
    ],
)
def test_which_ends_are_normal(finish: str, normal: bool) -> None:
    assert is_normal(finish) is normal


@pytest.mark.parametrize(
    ("finish", "broken"),
    [("length", True), ("cut", True), ("silence", True), ("stop", False), ("content_filter", False)],
)
def test_which_ends_leave_more_to_be_said(finish: str, broken: bool) -> None:
    assert broke_off(finish) is broken
