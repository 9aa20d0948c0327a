"""Known OpenAI-compatible upstreams by name: where they are, and what they can take."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import httpx
import msgspec


class Preset(msgspec.Struct, frozen=True):
    """base_url: without a trailing slash. partial: a last assistant message with `partial: true` is continued
    exactly (DashScope's partial mode). local: runs at home, where a long prompt takes minutes and a tool call
    may come in one piece at its end. renamed: fields of a request that this server knows by another name.
    """

    base_url: str
    partial: bool = False
    local: bool = False
    renamed: Mapping[str, str] = {}


# vLLM, SGLang and DashScope take Qwen's published values by their own names.
_LLAMA = {"repetition_penalty": "repeat_penalty"}

PRESETS = {
    "dashscope": Preset("https://dashscope.aliyuncs.com/compatible-mode/v1", partial=True),
    "dashscope-intl": Preset("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", partial=True),
    "dashscope-us": Preset("https://dashscope-us.aliyuncs.com/compatible-mode/v1", partial=True),
    "coding-plan": Preset("https://coding.dashscope.aliyuncs.com/v1", partial=True),
    "coding-plan-intl": Preset("https://coding-intl.dashscope.aliyuncs.com/v1", partial=True),
    "lmstudio": Preset("http://127.0.0.1:1234/v1", local=True, renamed=_LLAMA),
    "ollama": Preset("http://127.0.0.1:11434/v1", local=True),
    "vllm": Preset("http://127.0.0.1:8000/v1", local=True),
    "sglang": Preset("http://127.0.0.1:30000/v1", local=True),
    "llamacpp": Preset("http://127.0.0.1:8080/v1", local=True, renamed=_LLAMA),
}


# Every kind of upstream.
KINDS = ("replay", "qwen-web", "openai", *PRESETS)

# Endings of names that only a network at home or a container's knows (RFC 6762, RFC 8375; Docker).
_HOME = (".local", ".lan", ".home.arpa", ".internal", ".localhost")


def is_local(base_url: str) -> bool:
    """Whether this address is one of this machine, its network or its containers."""
    host = httpx.URL(base_url).host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_HOME)
    return address.is_private or address.is_loopback or address.is_link_local
