from __future__ import annotations

import pytest

from roobridge.errors import ClientError, UpstreamError
from roobridge.service.catalog import Catalog
from tests.service.scripted import Scripted


async def test_served_models_and_the_operators_names() -> None:
    catalog = Catalog(Scripted(models=("a", "b")), {"coder": "a", "lost": "c"}, 60)
    assert [model.id for model in await catalog.models()] == ["a", "b", "coder"]
    assert await catalog.resolve("b") == "b"
    assert await catalog.resolve("coder") == "a"


@pytest.mark.parametrize("name", ["c", "lost"])
async def test_an_unknown_model_is_named(name: str) -> None:
    catalog = Catalog(Scripted(models=("a",)), {"lost": "gone"}, 60)
    with pytest.raises(ClientError, match=name) as caught:
        await catalog.resolve(name)
    assert (caught.value.status_hint, caught.value.code, caught.value.param) == (
        404,
        "model_not_found",
        "model",
    )


async def test_a_missing_model() -> None:
    with pytest.raises(ClientError) as caught:
        await Catalog(Scripted(), {}, 60).resolve("")
    assert (caught.value.status_hint, caught.value.param) == (400, "model")


async def test_an_upstream_without_a_list_decides_for_itself() -> None:
    upstream = Scripted()
    for nothing in ((), UpstreamError("no")):
        upstream.list = nothing
        assert await Catalog(upstream, {}, 60).resolve("any") == "any"


async def test_the_list_is_believed_for_a_while() -> None:
    upstream = Scripted(models=("a",))
    believing, doubting = Catalog(upstream, {}, 60), Catalog(upstream, {}, 0)
    await believing.resolve("a")
    await doubting.resolve("a")
    upstream.list = ("b",)
    assert await believing.resolve("a") == "a"
    assert await doubting.resolve("b") == "b"
