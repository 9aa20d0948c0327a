from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from roobridge.bridge.ports import Model
from roobridge.errors import UpstreamError
from roobridge.service import contexts as module
from roobridge.service.catalog import Catalog
from roobridge.service.contexts import Contexts
from tests.service.scripted import Scripted


class Slow(Scripted):
    """Lists its models once it may."""

    def __init__(self) -> None:
        super().__init__(models=(Model("a", context=4096), "b"))
        self.may = asyncio.Event()
        self.listed = 0

    async def models(self) -> Sequence[Model]:
        self.listed += 1
        await self.may.wait()
        return await super().models()


async def test_what_is_not_known_yet_is_asked_for_meanwhile() -> None:
    upstream = Slow()
    contexts = Contexts(Catalog(upstream, {}, 60))
    assert [contexts.known("a") for _ in range(3)] == [None] * 3
    upstream.may.set()
    assert await contexts.confirmed("a") == 4096
    assert [contexts.known("a"), contexts.known("b"), contexts.known("c")] == [4096, 0, 0]
    assert upstream.listed == 1


async def test_a_list_that_is_no_longer_believed_is_asked_for_anew() -> None:
    upstream = Scripted(models=(Model("a", context=4096),))
    contexts = Contexts(Catalog(upstream, {}, 0))
    await contexts.confirmed("a")
    upstream.list = (Model("a", context=8192),)
    assert contexts.known("a") == 4096
    assert await contexts.confirmed("a") == 8192


async def test_ollama_s_name_for_a_model_without_a_tag() -> None:
    models = (Model("a:latest", context=4096), Model("a:7b", context=8192))
    contexts = Contexts(Catalog(Scripted(models=models), {}, 60))
    assert [await contexts.confirmed(model) for model in ("a", "a:latest", "a:7b", "b")] == [
        4096,
        4096,
        8192,
        0,
    ]


async def test_a_list_that_does_not_come_confirms_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_TIME", 0.01)
    contexts = Contexts(Catalog(Slow(), {}, 60))
    assert await contexts.confirmed("a") == 0
    await contexts.aclose()


async def test_an_upstream_that_refuses_its_list_is_asked_all_the_same() -> None:
    upstream = Scripted()
    upstream.list = UpstreamError("no")
    contexts = Contexts(Catalog(upstream, {}, 60))
    assert await contexts.confirmed("a") == 0
    assert contexts.known("a") == 0
    await contexts.aclose()
