"""The tapes of the demo are those that the texts make."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.tape.format import parse_tape
from tests.fixture_writer import FOLDER, demo, tokens


def test_the_demo_on_disk_is_what_the_writer_writes() -> None:
    on_disk = {file.name: file.read_bytes() for file in FOLDER.glob("*.tape.jsonl")}
    assert on_disk == demo(), "run `python -m tests.fixture_writer`"


def test_the_demos_deltas_come_at_the_pace_of_a_model() -> None:
    for name, content in demo().items():
        frames = parse_tape(content, name).frames
        gaps = [later.at - earlier.at for earlier, later in pairwise(frames)]
        assert min(gaps) >= 0.0149, name
        assert max(gaps) <= 0.0401, name


@given(st.text())
def test_tokens_lose_nothing(text: str) -> None:
    assert "".join(tokens(text)) == text
