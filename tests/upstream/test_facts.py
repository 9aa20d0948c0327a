"""Every reader on what its server answers, and on what none of them should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.upstream.facts import (
    MOST,
    Facts,
    joined,
    of_entry,
    of_llamacpp,
    of_lmstudio,
    of_lmstudio_v0,
    of_ollama_ps,
    of_ollama_show,
    of_sglang,
    of_tabby,
)
from roobridge.upstream.hosted import hosted, is_hosted

ENTRIES: list[tuple[dict[str, Any], Facts]] = [
    ({"id": "m", "owned_by": "vllm", "max_model_len": 65536}, Facts(65536)),
    ({"id": "m", "meta": {"n_ctx": 2304, "n_ctx_train": 8192}}, Facts(2304)),
    ({"id": "m", "meta": {"n_ctx_train": 8192}}, Facts()),
    ({"id": "m", "meta": None, "max_model_len": None, "context_length": True}, Facts()),
    ({"id": "m", "max_model_len": -1, "context_window": MOST + 1, "max_context_length": 7.0}, Facts()),
    ({"id": "m", "architecture": {"input_modalities": ["text", "image"]}}, Facts(vision=True)),
    ({"id": "m", "architecture": {"input_modalities": ["text"]}}, Facts(vision=False)),
    ({"id": "m", "context_length": 9, "top_provider": {"max_completion_tokens": 3}}, Facts(9, 3)),
    (
        {
            "id": "m",
            "context_length": 9,
            "max_output_tokens": 3,
            "supports_vision": False,
            "supports_function_calling": True,
            "supports_reasoning": True,
        },
        Facts(9, 3, False, True, True),
    ),
    ({"id": "m", "state": "not-loaded", "max_context_length": 9}, Facts()),
    ({"id": "m", "state": "loaded", "loaded_context_length": 8, "max_context_length": 9}, Facts(8)),
    ({"id": "m", "state": "California", "max_context_length": 9}, Facts(9)),
]


@pytest.mark.parametrize(("item", "facts"), ENTRIES)
def test_an_entry_of_a_list(item: dict[str, Any], facts: Facts) -> None:
    assert of_entry(item) == facts


def test_lm_studio() -> None:
    coder = {
        "type": "llm",
        "key": "qwen/qwen3-coder-30b",
        "loaded_instances": [
            {"id": "qwen/qwen3-coder-30b", "config": {"context_length": 65536, "flash_attention": True}},
            {"id": "qwen/qwen3-coder-30b:2", "config": {"context_length": 8192}},
        ],
        "max_context_length": 262144,
        "capabilities": {"vision": False, "trained_for_tool_use": True},
    }
    thinker = {
        "key": "qwen/qwen3.6-35b-a3b",
        "loaded_instances": [],
        "max_context_length": 262144,
        "capabilities": {"vision": True, "trained_for_tool_use": True, "reasoning": {"default": "on"}},
    }
    embedder = {"type": "embedding", "key": "nomic", "loaded_instances": [], "max_context_length": 2048}
    assert of_lmstudio({"models": [coder, thinker, embedder]}) == {
        "qwen/qwen3-coder-30b": Facts(65536, 0, False, True),
        "qwen/qwen3-coder-30b:2": Facts(8192, 0, False, True),
        "qwen/qwen3.6-35b-a3b": Facts(0, 0, True, True, True),
        "nomic": Facts(),
    }
    coder["key"] = "another"
    assert of_lmstudio({"models": [coder]})["another"].context == 8192
    assert of_lmstudio({"error": "Unexpected endpoint or method. (GET /api/v1/models)"}) == {}


def test_lm_studio_before_0_4() -> None:
    loaded = {
        "id": "qwen2.5-vl-7b",
        "type": "vlm",
        "state": "loaded",
        "max_context_length": 128000,
        "loaded_context_length": 4096,
        "capabilities": ["tool_use"],
    }
    idle = {"id": "qwen3-8b", "type": "llm", "state": "not-loaded", "max_context_length": 32768}
    assert of_lmstudio_v0({"object": "list", "data": [loaded, idle]}) == {
        "qwen2.5-vl-7b": Facts(4096, 0, True, True),
        "qwen3-8b": Facts(vision=False),
    }


@pytest.mark.parametrize(
    ("parameters", "context"),
    [
        ('stop  "<|im_end|>"\nnum_ctx                        16384\ntop_k 20', 16384),
        ("num_ctx 1000000", 40960),  # no more than it was trained for
        ("num_ctx many", 0),
        ("top_k 20", 0),
        (None, 0),
    ],
)
def test_ollama_s_model(parameters: str | None, context: int) -> None:
    shown = {
        "parameters": parameters,
        "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960},
        "capabilities": ["completion", "tools", "thinking"],
    }
    assert of_ollama_show(shown) == Facts(context, 0, False, True, True)
    del shown["capabilities"]
    assert of_ollama_show(shown) == Facts(context)


def test_ollama_s_loaded_models() -> None:
    running = {"name": "qwen3:8b", "model": "qwen3:8b", "size_vram": 6654289920, "context_length": 4096}
    assert of_ollama_ps({"models": [running]}) == {"qwen3:8b": Facts(4096)}


def test_llama_cpp() -> None:
    props = {
        "default_generation_settings": {"n_ctx": 32768},
        "total_slots": 2,
        "modalities": {"vision": True, "audio": False},
        "chat_template_caps": {"supports_tools": True},
    }
    assert of_llamacpp(props) == Facts(32768, vision=True, tools=True)
    props["chat_template_caps"] = {"supports_tools": False}
    assert of_llamacpp(props).tools is False


@pytest.mark.parametrize("vision", [True, False])
def test_sglang(vision: bool) -> None:
    told = {
        "model_path": "Qwen/Qwen3-Coder-30B-A3B-Instruct",
        "tokenizer_path": "Qwen/Qwen3-Coder-30B-A3B-Instruct",
        "is_generation": True,
        "preferred_sampling_params": None,
        "weight_version": "default",
        "has_image_understanding": vision,
        "has_audio_understanding": False,
        "model_type": "qwen3_moe",
        "architectures": ["Qwen3MoeForCausalLM"],
    }
    assert of_sglang(told) == Facts(vision=vision)
    del told["has_image_understanding"]  # as up to 0.4
    assert of_sglang(told) == Facts()


def test_tabby() -> None:
    parameters: dict[str, Any] = {
        "max_seq_len": 32768,
        "rope_scale": 1.0,
        "rope_alpha": 1.0,
        "cache_size": 65536,
        "cache_mode": "FP16",
        "chunk_size": 2048,
        "prompt_template": "chatml",
        "use_vision": False,
        "draft": None,
    }
    card = {"id": "qwen3-coder-exl3", "object": "model", "created": 1763700000, "owned_by": "tabbyAPI"}
    assert of_tabby({**card, "logging": None, "parameters": parameters}) == {
        "qwen3-coder-exl3": Facts(32768, vision=False)
    }
    del parameters["use_vision"]  # as of releases that read no images
    assert of_tabby({**card, "parameters": parameters})["qwen3-coder-exl3"] == Facts(32768)
    assert of_tabby({**card, "parameters": None})["qwen3-coder-exl3"] == Facts()


def test_of_each_fact_the_first_that_is_known() -> None:
    assert joined(Facts(4096, vision=False), Facts(9, 8, True, True), Facts(thinking=False)) == Facts(
        4096, 8, False, True, False
    )
    assert joined() == Facts()


@pytest.mark.parametrize(
    ("id", "context", "output"),
    [
        ("qwen3-max", 262144, 65536),
        ("qwen3-max-2025-09-23", 262144, 65536),
        ("qwen3-coder-plus-2025-07-22", 1000000, 65536),
        ("qwen-plus-latest", 1000000, 32768),
        ("qwen-plus-2025-07-28", 1000000, 32768),
        ("qwen-plus-2025-07-28-us", 1000000, 32768),
        ("qwen-plus-2025-04-28", 0, 0),  # 131,072 then
        ("qwen3-max-preview", 0, 0),
        ("qwen-plus-character", 0, 0),
        ("", 0, 0),
        ("qwen-plus" + "-us" * 100_000, 0, 0),
    ],
)
def test_hosted_models(id: str, context: int, output: int) -> None:
    facts = hosted(id)
    assert (facts.context, facts.output) == (context, output)


@pytest.mark.parametrize(
    ("url", "is_there"),
    [
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", True),
        ("https://ws1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1", True),
        ("http://127.0.0.1:8080/v1", False),
        ("https://aliyuncs.com.example.org/v1", False),
    ],
)
def test_where_they_are_hosted(url: str, is_there: bool) -> None:
    assert is_hosted(url) is is_there


_WORDS = st.sampled_from(
    [
        *("id", "key", "name", "model", "models", "data", "state", "loaded", "type", "vlm", "reasoning"),
        *("capabilities", "loaded_instances", "config", "context_length", "loaded_context_length"),
        *("parameters", "model_info", "x.context_length", "meta", "n_ctx", "max_model_len", "architecture"),
        *("input_modalities", "modalities", "vision", "default_generation_settings", "top_provider"),
        *("chat_template_caps", "supports_tools", "max_output_tokens", "has_image_understanding"),
        *("max_seq_len", "use_vision"),
    ]
)
_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _WORDS | st.just("num_ctx 99999999999"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=6),
    max_leaves=12,
)
READERS: list[Callable[[Any], Facts | dict[str, Facts]]] = [
    of_lmstudio,
    of_lmstudio_v0,
    of_ollama_show,
    of_ollama_ps,
    of_llamacpp,
    of_sglang,
    of_tabby,
]


@given(_ODD)
def test_whatever_is_odd_gives_nothing_odd(body: Any) -> None:
    found = [read(body) for read in READERS]
    found += [of_entry(item) for item in [body] if isinstance(item, dict)]
    for answer in found:
        for facts in answer.values() if isinstance(answer, dict) else [answer]:
            assert 0 <= facts.context <= MOST
            assert 0 <= facts.output <= MOST
            assert {type(facts.vision), type(facts.tools), type(facts.thinking)} <= {bool, type(None)}
