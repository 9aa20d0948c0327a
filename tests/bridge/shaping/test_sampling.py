"""The presets against what one may ask of any of them."""

from __future__ import annotations

import pytest

from roobridge.bridge.shaping.body import OWNED
from roobridge.bridge.shaping.sampling import SAMPLING

# As vLLM and DashScope bound them.
BOUNDS = {
    "temperature": (0.1, 2),
    "top_p": (0.1, 1),
    "top_k": (1, 100),
    "min_p": (0, 0.2),
    "presence_penalty": (-2, 2),
    "repetition_penalty": (1, 2),
}


@pytest.mark.parametrize("name", SAMPLING)
def test_a_preset_is_complete_and_within_bounds(name: str) -> None:
    values = SAMPLING[name]
    assert {"temperature", "top_p", "top_k"} <= values.keys() <= BOUNDS.keys() - OWNED
    assert all(BOUNDS[field][0] <= value <= BOUNDS[field][1] for field, value in values.items())
    assert isinstance(values["top_k"], int)


def test_the_values_are_those_of_the_cards() -> None:
    def line(name: str) -> str:
        return " ".join(f"{value:g}" for value in SAMPLING[name].values())

    assert {name: line(name) for name in SAMPLING} == {
        "qwen3-thinking": "0.6 0.95 20 0",
        "qwen3-instruct": "0.7 0.8 20 0",
        "qwen3-coder": "0.7 0.8 20 1.05",
        "qwen3-coder-next": "1 0.95 40",
        "qwen3.5-thinking": "1 0.95 20 0 1.5 1",
        "qwen3.5-coding": "0.6 0.95 20 0 0 1",
        "qwen3.5-instruct": "0.7 0.8 20 0 1.5 1",
        "qwen3.6-thinking": "1 0.95 20 0 0 1",
        "qwen3.6-coding": "0.6 0.95 20 0 0 1",
        "qwen3.6-instruct": "0.7 0.8 20 0 1.5 1",
        "qwen3.8-thinking": "1 0.95 20 0 0 1",
        "qwen3.8-instruct": "0.7 0.8 20 0 1.5 1",
    }
