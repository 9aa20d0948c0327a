"""What is known of a model, out of the answers of the server that runs it.

One reader for each answer. Whatever is odd in an answer gives nothing: no reader raises. A context is what
the model is loaded with, since that is where a prompt is cut or refused; not what it was trained for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

MOST = 10**9  # tokens; a larger number is no context


class Facts(msgspec.Struct, frozen=True):
    """Of one model, as in Model: 0 and None stand for what is not known."""

    context: int = 0
    output: int = 0
    vision: bool | None = None
    tools: bool | None = None
    thinking: bool | None = None


def joined(*known: Facts) -> Facts:
    """Of each fact the first that is known."""

    def first(name: str, unknown: int | None) -> Any:
        return next((said for facts in known if (said := getattr(facts, name)) != unknown), unknown)

    return Facts(
        first("context", 0),
        first("output", 0),
        first("vision", None),
        first("tools", None),
        first("thinking", None),
    )


# Where lists put the context: vLLM and SGLang; OpenRouter and this bridge; others.
_CONTEXT = ("max_model_len", "context_length", "context_window", "max_context_length")
_OUTPUT = ("max_output_tokens", "max_completion_tokens")


def of_entry(item: Mapping[str, Any]) -> Facts:
    """Of an entry of `GET /v1/models`, in the words of whichever server."""
    if item.get("state") in ("loaded", "not-loaded"):
        return _of_lmstudio_v0(item)
    modalities = _table(item, "architecture").get("input_modalities")
    return Facts(
        context=_first(item, _CONTEXT) or _tokens(_table(item, "meta").get("n_ctx")),
        output=_first(item, _OUTPUT) or _first(_table(item, "top_provider"), _OUTPUT),
        vision="image" in modalities if isinstance(modalities, list) else _flag(item.get("supports_vision")),
        tools=_flag(item.get("supports_function_calling")),
        thinking=_flag(item.get("supports_reasoning")),
    )


def of_lmstudio(body: object) -> dict[str, Facts]:
    """`GET /api/v1/models` of LM Studio 0.4 and later. Every loaded instance has a name of its own, often the
    model's; where none has that, the smallest context of them counts for the model.
    """
    return {name: facts for item in _rows(body, "models") for name, facts in _instances(item)}


def _instances(item: Mapping[str, Any]) -> Iterator[tuple[str, Facts]]:
    said = _table(item, "capabilities")
    reasoning = said.get("reasoning")
    facts = Facts(
        vision=_flag(said.get("vision")),
        tools=_flag(said.get("trained_for_tool_use")),
        thinking=True if isinstance(reasoning, dict) else _flag(reasoning),
    )
    loaded = [
        (instance.get("id"), _tokens(_table(instance, "config").get("context_length")))
        for instance in _rows(item, "loaded_instances")
    ]
    smallest = min((context for _, context in loaded if context), default=0)
    for name, context in ((item.get("key"), smallest), *loaded):
        yield from _named(name, msgspec.structs.replace(facts, context=context))


def of_lmstudio_v0(body: object) -> dict[str, Facts]:
    """`GET /api/v0/models` of LM Studio."""
    return {
        name: facts
        for item in _rows(body, "data")
        for name, facts in _named(item.get("id"), _of_lmstudio_v0(item))
    }


def _of_lmstudio_v0(item: Mapping[str, Any]) -> Facts:
    loaded = item.get("state") == "loaded"
    abilities, kind = item.get("capabilities"), item.get("type")
    return Facts(
        context=_tokens(item.get("loaded_context_length")) if loaded else 0,
        vision=kind == "vlm" if isinstance(kind, str) else None,
        tools="tool_use" in abilities if isinstance(abilities, list) else None,
    )


_NUM_CTX = re.compile(r"^[ \t]*+num_ctx[ \t]++([0-9]{1,10})[ \t\r]*+$", re.MULTILINE)


def of_ollama_show(body: object) -> Facts:
    """`POST /api/show` of Ollama. The context is that of the Modelfile; most name none."""
    if not isinstance(body, dict):
        return Facts()
    said = body.get("parameters")
    found = _NUM_CTX.search(said) if isinstance(said, str) else None
    trained = next(
        (_tokens(value) for name, value in _table(body, "model_info").items() if _is_trained(name)), 0
    )
    context = _tokens(int(found[1])) if found else 0
    abilities = body.get("capabilities")
    if not isinstance(abilities, list):
        return Facts(context=min(context, trained or context))
    return Facts(
        context=min(context, trained or context),
        vision="vision" in abilities,
        tools="tools" in abilities,
        thinking="thinking" in abilities,
    )


def _is_trained(name: object) -> bool:
    return isinstance(name, str) and name.endswith(".context_length")


def of_ollama_ps(body: object) -> dict[str, Facts]:
    """`GET /api/ps` of Ollama: the models that are loaded."""
    return {
        name: facts
        for item in _rows(body, "models")
        for word in ("model", "name")
        for name, facts in _named(item.get(word), Facts(context=_tokens(item.get("context_length"))))
    }


def of_llamacpp(body: object) -> Facts:
    """`GET /props` of llama.cpp: the context of one slot."""
    if not isinstance(body, dict):
        return Facts()
    # Where the template has none the server drops a request's tools without a word (xllamacpp 2026.10).
    tools = _flag(_table(body, "chat_template_caps").get("supports_tools"))
    return Facts(
        context=_tokens(_table(body, "default_generation_settings").get("n_ctx")),
        vision=_flag(_table(body, "modalities").get("vision")),
        tools=tools,
    )


def of_sglang(body: object) -> Facts:
    """`GET /model_info` of SGLang; older ones have it at `/get_model_info`. The context is in its list."""
    return Facts(vision=_flag(body.get("has_image_understanding"))) if isinstance(body, dict) else Facts()


def of_tabby(body: object) -> dict[str, Facts]:
    """`GET /v1/model` of TabbyAPI: the one model that is loaded."""
    if not isinstance(body, dict):
        return {}
    said = _table(body, "parameters")
    facts = Facts(context=_tokens(said.get("max_seq_len")), vision=_flag(said.get("use_vision")))
    return dict(_named(body.get("id"), facts))


def _rows(body: object, name: str) -> list[dict[str, Any]]:
    rows = body.get(name) if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _table(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = item.get(name)
    return table if isinstance(table, dict) else {}


def _named(name: object, facts: Facts) -> Iterable[tuple[str, Facts]]:
    return ((name, facts),) if isinstance(name, str) and name else ()


def _first(item: Mapping[str, Any], names: Iterable[str]) -> int:
    return next((tokens for name in names if (tokens := _tokens(item.get(name)))), 0)


def _tokens(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST else 0


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
