from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from roobridge.bridge.ports import Capabilities, Model
from roobridge.errors import ClientError, UpstreamError
from roobridge.service import catalog as of_models
from roobridge.service.catalog import Catalog
from tests.service.scripted import Scripted

CLOSED = Capabilities(closed_list=True)


async def test_served_models_and_the_operators_names() -> None:
    catalog = Catalog(Scripted(models=("a", "b")), {"coder": "a", "lost": "c"}, 60)
    assert [model.id for model in await catalog.models()] == ["a", "b", "coder"]
    assert await catalog.resolve("b") == "b"
    assert await catalog.resolve("coder") == "a"


@pytest.mark.parametrize("name", ["c", "lost"])
async def test_an_unknown_model_is_named(name: str) -> None:
    catalog = Catalog(Scripted(models=("a",), capabilities=CLOSED), {"lost": "gone"}, 60)
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


async def test_an_upstream_whose_list_may_lack_models_decides_for_itself() -> None:
    upstream = Scripted(models=("a",))
    assert await Catalog(upstream, {}, 60).resolve("b") == "b"


async def test_the_last_known_list_stands_for_an_upstream_that_is_down() -> None:
    upstream = Scripted(models=("a",))
    catalog = Catalog(upstream, {"coder": "a"}, 0)
    await catalog.models()
    upstream.list = UpstreamError("no")
    assert [model.id for model in await catalog.models()] == ["a", "coder"]
    with pytest.raises(UpstreamError):
        await Catalog(upstream, {}, 0).models()


async def test_the_operator_s_limits_stand_over_the_upstream_s() -> None:
    upstream = Scripted(models=(Model("a", context=4096, output=7), "b"))
    for context, output, known in (
        (0, 0, [(4096, 7), (0, 0), (4096, 7)]),
        (65536, 0, [(65536, 7), (65536, 0), (65536, 7)]),
        (65536, 8192, [(65536, 8192)] * 3),
    ):
        models = await Catalog(upstream, {"coder": "a"}, 60, context, output).models()
        assert [(model.context, model.output) for model in models] == known


async def test_an_upstream_without_a_list_decides_for_itself() -> None:
    upstream = Scripted(capabilities=CLOSED)
    for nothing in ((), UpstreamError("no")):
        upstream.list = nothing
        assert await Catalog(upstream, {}, 60).resolve("any") == "any"


async def test_the_list_is_believed_for_a_while() -> None:
    upstream = Scripted(models=("a",), capabilities=CLOSED)
    believing, doubting = Catalog(upstream, {}, 60), Catalog(upstream, {}, 0)
    await believing.resolve("a")
    await doubting.resolve("a")
    upstream.list = ("b",)
    assert await believing.resolve("a") == "a"
    assert await doubting.resolve("b") == "b"


class Slow(Scripted):
    """Lists its models once `go` is set."""

    def __init__(self) -> None:
        super().__init__(models=("a",), capabilities=CLOSED)
        self.go = asyncio.Event()
        self.listed = 0

    async def models(self) -> Sequence[Model]:
        self.listed += 1
        await self.go.wait()
        return await super().models()


async def test_requests_that_come_together_ask_for_the_list_once() -> None:
    upstream = Slow()
    catalog = Catalog(upstream, {}, 60)
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(catalog.resolve("a")) for _ in range(3)]
        await asyncio.sleep(0)
        upstream.go.set()
    assert [task.result() for task in asking] == ["a"] * 3
    assert upstream.listed == 1


async def test_a_list_that_does_not_come_holds_up_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_models, "ANSWER_TIME", 0.01)
    catalog = Catalog(Slow(), {}, 60)
    assert await catalog.resolve("any") == "any"
    with pytest.raises(UpstreamError, match="did not list its models") as raised:
        await catalog.models()
    assert raised.value.status_hint == 504
