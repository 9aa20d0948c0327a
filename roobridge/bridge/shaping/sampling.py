"""Qwen's published sampling values, by the name that a profile gives.

The names of the fields are DashScope's, vLLM's and SGLang's; llama.cpp and LM Studio call repetition_penalty
`repeat_penalty`. Sources are the model cards of Qwen at Hugging Face, sections "Best Practices" and the tip
beside "Using ... via the Chat Completions API"; for generations with two modes the mode is part of the name.
"""

from __future__ import annotations

from collections.abc import Mapping

Sampling = Mapping[str, float | int]

_THINKING_3 = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.0}
_INSTRUCT_3 = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "min_p": 0.0}
_THINKING = {"temperature": 1.0, "top_p": 0.95, "top_k": 20, "min_p": 0.0}
_CODING = {**_THINKING_3, "presence_penalty": 0.0, "repetition_penalty": 1.0}
_INSTRUCT = {**_INSTRUCT_3, "presence_penalty": 1.5, "repetition_penalty": 1.0}

SAMPLING: Mapping[str, Sampling] = {
    # Qwen3 with thinking on, and its Thinking-2507 models. The cards forbid greedy decoding.
    "qwen3-thinking": _THINKING_3,
    # Qwen3 with thinking off, its Instruct-2507 models, Qwen3-Next-80B-A3B-Instruct.
    "qwen3-instruct": _INSTRUCT_3,
    # Qwen3-Coder-30B-A3B-Instruct and -480B-A35B-Instruct.
    "qwen3-coder": {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05},
    # Qwen3-Coder-Next.
    "qwen3-coder-next": {"temperature": 1.0, "top_p": 0.95, "top_k": 40},
    # Qwen3.5-4B, -27B: general tasks; "precise coding tasks (e.g. WebDev)"; non-thinking, general tasks. The
    # card gives two sets of values for non-thinking reasoning tasks, so that there is none here.
    "qwen3.5-thinking": {**_THINKING, "presence_penalty": 1.5, "repetition_penalty": 1.0},
    "qwen3.5-coding": _CODING,
    "qwen3.5-instruct": _INSTRUCT,
    # Qwen3.6-27B, -35B-A3B: the same three modes.
    "qwen3.6-thinking": {**_THINKING, "presence_penalty": 0.0, "repetition_penalty": 1.0},
    "qwen3.6-coding": _CODING,
    "qwen3.6-instruct": _INSTRUCT,
    # Qwen3.8-27B: two modes, none for coding alone.
    "qwen3.8-thinking": {**_THINKING, "presence_penalty": 0.0, "repetition_penalty": 1.0},
    "qwen3.8-instruct": _INSTRUCT,
}
