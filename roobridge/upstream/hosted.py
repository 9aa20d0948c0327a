"""Qwen's hosted models: what their service lists without saying more than their names.

From the pages "Models" and "Deep thinking" of Alibaba Cloud Model Studio, as of November 2026; the context is
the one of all tokens together. models.dev has the same sizes (models/alibaba; qwen3-coder-next in
providers/alibaba-coding-plan). A model that is not here is told without limits.
"""

from __future__ import annotations

import re

import httpx

from roobridge.upstream.facts import Facts

_M = 1_000_000
_K64, _K32 = 65_536, 32_768
_K256 = 262_144

# The model, the first snapshot (by its date) that is of this size, and what it is.
_MODELS: tuple[tuple[str, str, Facts], ...] = (
    ("qwen3-max", "2025-09-23", Facts(_K256, _K64, vision=False, tools=True)),
    ("qwen3-coder-plus", "2025-07-22", Facts(_M, _K64, vision=False, tools=True, thinking=False)),
    ("qwen3-coder-flash", "2025-07-28", Facts(_M, _K64, vision=False, tools=True, thinking=False)),
    ("qwen3-coder-next", "", Facts(_K256, _K64, vision=False, tools=True, thinking=False)),
    ("qwen-plus", "2025-07-28", Facts(_M, _K32, vision=False, tools=True, thinking=True)),
    ("qwen-flash", "2025-07-28", Facts(_M, _K32, vision=False, tools=True, thinking=True)),
    ("qwen3.5-plus", "", Facts(_M, _K64, vision=True, tools=True, thinking=True)),
    ("qwen3-vl-plus", "", Facts(_K256, _K32, vision=True, tools=True, thinking=True)),
)

_NAME = re.compile(r"(?P<model>.+?)(?:-(?:latest|us|(?P<date>\d{4}-\d\d-\d\d)))*", re.ASCII)


def hosted(id: str) -> Facts:
    """Of a model by its name there; a snapshot is known by its model."""
    name = _NAME.fullmatch(id) if len(id) <= 100 else None
    if name is None:
        return Facts()
    date = name["date"]
    for model, since, facts in _MODELS:
        if model == name["model"] and (date is None or date >= since):
            return facts
    return Facts()


def is_hosted(base_url: str) -> bool:
    """Whether this is an address of Alibaba Cloud, whatever the region, plan or workspace."""
    return httpx.URL(base_url).host.endswith(".aliyuncs.com")
