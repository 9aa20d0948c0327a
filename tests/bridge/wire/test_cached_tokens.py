"""The words by which upstreams count tokens of a cache."""

from __future__ import annotations

import json
from typing import Any

import pytest

from roobridge.bridge.ports import Usage
from roobridge.bridge.secrets.cleaner import Cleaner
from roobridge.bridge.wire.openai import OpenAIStream


@pytest.mark.parametrize(
    ("said", "cached", "written"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 3}}, 3, 0),
        ({"prompt_tokens_details": {"cached_tokens": 3, "cache_creation_input_tokens": 4}}, 3, 4),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "cache_read_input_tokens": 3}, 3, 0),
        ({"cache_read_input_tokens": 3, "cache_creation_input_tokens": 4}, 3, 4),
        ({"cached_tokens": 3}, 3, 0),
        ({"prompt_cache_hit_tokens": 3, "prompt_cache_miss_tokens": 4}, 3, 0),
        ({"prompt_tokens_details": None}, 0, 0),
    ],
)
def test_tokens_of_a_cache(said: dict[str, Any], cached: int, written: int) -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 2, **said}
    (delta,) = OpenAIStream(Cleaner()).feed(f"data: {json.dumps({'usage': usage})}\n\n")
    assert delta.usage == Usage(7, 2, cached, written=written)
