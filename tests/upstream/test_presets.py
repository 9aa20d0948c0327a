from __future__ import annotations

import pytest

from roobridge.bridge.ports import UpstreamRequest
from roobridge.upstream.http.address import checked_base_url
from roobridge.upstream.openai import OpenAIUpstream
from roobridge.upstream.presets import PRESETS
from tests.upstream.asking import BODY, DONE, A, collect, streaming
from tests.upstream.conftest import Serve


@pytest.mark.parametrize("name", PRESETS)
def test_base_urls_can_be_asked(name: str) -> None:
    assert checked_base_url(PRESETS[name].base_url) == PRESETS[name].base_url


def test_partial_mode_is_dashscopes_alone() -> None:
    assert {name for name, known in PRESETS.items() if known.partial} == {
        "dashscope",
        "dashscope-intl",
        "dashscope-us",
        "coding-plan",
        "coding-plan-intl",
    }


@pytest.mark.parametrize(
    ("preset", "field"),
    [("llamacpp", "repeat_penalty"), ("lmstudio", "repeat_penalty"), ("vllm", "repetition_penalty")],
)
async def test_a_field_is_sent_as_its_server_calls_it(serve: Serve, preset: str, field: str) -> None:
    url, server = await serve(streaming(A, DONE))
    request = UpstreamRequest({**BODY, "repetition_penalty": 1.05})
    await collect(OpenAIUpstream(url, preset=preset), request)
    assert server.requests[0].json()[field] == 1.05
