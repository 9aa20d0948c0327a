"""Asking the server that runs the models what its list does not tell of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from roobridge.bridge.ports import Model
from roobridge.upstream.facts import (
    Facts,
    joined,
    of_llamacpp,
    of_lmstudio,
    of_lmstudio_v0,
    of_ollama_ps,
    of_ollama_show,
    of_sglang,
    of_tabby,
)

ANSWER_TIME = 2.0  # seconds for all questions together; what is not known by then is told without
SHOWN = 32  # models that are asked for one by one
AT_ONCE = 4

# Asks for a path beside /v1, with a body where it is to be posted; None where nothing of use came.
Ask: TypeAlias = Callable[[str, object], Awaitable[object]]
Known: TypeAlias = dict[str, Facts]

# What servers write under `owned_by` in their lists.
_OWNERS = {
    "library": "ollama",
    "llamacpp": "llamacpp",
    "organization_owner": "lmstudio",
    "sglang": "sglang",
    "tabbyAPI": "tabbyapi",
    "vllm": "vllm",
}


def server_of(owner: str) -> str:
    """The server that lists its models as this owner's, by its preset where it has one; empty for others."""
    return _OWNERS.get(owner, "")


class Server:
    """What one server said of its models, the last time it answered.

    name: its preset; where it is none, the list tells which server it is.
    """

    def __init__(self, ask: Ask, name: str = "") -> None:
        self._ask = ask
        self._name = name
        self._known: Known = {}

    async def facts(self, models: Sequence[Model]) -> Known:
        """Of these models, by id; those of which nothing is known are left out."""
        ids = [model.id for model in models]
        name = self._name or next((name for model in models if (name := server_of(model.owner))), "")
        question = _QUESTIONS.get(name)
        if question is None or not ids:
            return {}
        known = {id: facts for id in ids if (facts := self._known.get(id))}
        self._known = known
        try:
            async with asyncio.timeout(ANSWER_TIME):
                await question(self._ask, ids, known)
        except TimeoutError:
            pass  # what came in time stands
        return known


async def _lmstudio(ask: Ask, ids: Sequence[str], known: Known) -> None:
    # Servers before 0.4 answer the newer question too: with an error in a 200.
    found = of_lmstudio(await ask("/api/v1/models", None)) or of_lmstudio_v0(
        await ask("/api/v0/models", None)
    )
    known.update((id, found[id]) for id in ids if id in found)


async def _llamacpp(ask: Ask, ids: Sequence[str], known: Known) -> None:
    facts = of_llamacpp(await ask("/props", None))
    if facts.context:  # a router of several models has none
        known.update(dict.fromkeys(ids, facts))


async def _sglang(ask: Ask, ids: Sequence[str], known: Known) -> None:
    answer = await ask("/model_info", None) or await ask("/get_model_info", None)
    if answer is not None:
        known.update(dict.fromkeys(ids, of_sglang(answer)))


async def _tabby(ask: Ask, ids: Sequence[str], known: Known) -> None:
    found = of_tabby(await ask("/v1/model", None))
    known.update((id, found[id]) for id in ids if id in found)


async def _ollama(ask: Ask, ids: Sequence[str], known: Known) -> None:
    running = await ask("/api/ps", None)
    if running is None:
        return
    loaded = of_ollama_ps(running)
    turn = asyncio.Semaphore(AT_ONCE)

    async def show(id: str) -> None:
        async with turn:
            shown = await ask("/api/show", {"model": id})
        if shown is not None:
            known[id] = joined(loaded.get(id, Facts()), of_ollama_show(shown))

    known.update((id, joined(loaded[id], known.get(id, Facts()))) for id in ids if id in loaded)
    async with asyncio.TaskGroup() as group:
        for id in sorted(ids, key=lambda id: id not in loaded)[:SHOWN]:
            group.create_task(show(id))


_QUESTIONS: dict[str, Callable[[Ask, Sequence[str], Known], Awaitable[None]]] = {
    "llamacpp": _llamacpp,
    "lmstudio": _lmstudio,
    "ollama": _ollama,
    "sglang": _sglang,
    "tabbyapi": _tabby,
}
