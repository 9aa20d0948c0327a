"""The laws, over the words of a real model.

A reply that breaks one is printed whole: it becomes a row of fixtures/replies/rules.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import pytest

from roobridge.bridge.plan import Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import new_reply
from tests.e2e.engine import engine
from tests.e2e.engine_replies import COUNT, SLOTS, ModelReply, collect
from tests.laws.test_law1_partition import assert_same_at_any_cutting
from tests.laws.test_law6_one_thing import assert_one_thing
from tests.laws.test_law8_idempotence import assert_unchanged
from tests.oracle.cuts import cut, every
from tests.oracle.expected import delivered
from tests.oracle.outcome import run
from tests.oracle.plans import CLIENTS, PLAIN, ROO_41, ROO_52, Client

pytestmark = pytest.mark.e2e

SHOWN = 3  # of the replies that break a law
Law = Callable[[ModelReply, Client, Wrap, str], None]


async def _collected(python: Path, folder: Path) -> list[ModelReply]:
    options = ("--slots", str(SLOTS), "--context", "512")
    async with engine(python, folder / "engine", *options) as running:
        return await collect(running)


@pytest.fixture(scope="module")
def replies(engine_python: Path, tmp_path_factory: pytest.TempPathFactory) -> list[ModelReply]:
    return asyncio.run(_collected(engine_python, tmp_path_factory.mktemp("replies")))


def cases(replies: Sequence[ModelReply]) -> Iterator[tuple[ModelReply, Client, Wrap, str]]:
    """Each reply for every client, under the policies in turn, with its own ending and a normal one."""
    wraps = cycle(Wrap)
    for reply in replies:
        for client in CLIENTS.values():
            for finish in sorted({"stop", reply.finish}):
                yield reply, client, next(wraps), finish


def assert_law(law: Law, replies: Sequence[ModelReply]) -> None:
    found = []
    for case in cases(replies):
        try:
            law(*case)
        except Exception as error:  # noqa: BLE001 - whatever breaks is a find, and told of below
            found.append((*case, error))
    shown = "\n\n".join("\n".join(map(repr, find)) for find in found[:SHOWN])
    assert not found, f"{len(found)} times; the first:\n{shown}"


def test_the_model_says_much_that_differs(replies: list[ModelReply]) -> None:
    """A fuzzer that repeats itself, or says nothing, finds nothing."""
    assert len(replies) == COUNT
    assert len({reply.text for reply in replies}) > 0.9 * COUNT
    assert {reply.finish for reply in replies} == {"stop", "length"}
    assert sum("<" in reply.text for reply in replies) > COUNT / 3


def test_partition(replies: list[ModelReply]) -> None:
    def law(reply: ModelReply, client: Client, wrap: Wrap, finish: str) -> None:
        plan = client.plan(wrap)
        assert_same_at_any_cutting(plan, [Delta(content=reply.text)], finish, reply.seed)
        streamed = run(plan, reply.deltas, finish).same_at_any_cutting
        assert streamed == run(plan, [Delta(content=reply.text)], finish).same_at_any_cutting

    assert_law(law, replies)


def test_one_thing_at_a_time(replies: list[ModelReply]) -> None:
    def law(reply: ModelReply, client: Client, wrap: Wrap, finish: str) -> None:
        assert_one_thing(client, run(client.plan(wrap), reply.deltas, finish))

    assert_law(law, replies)


def test_idempotence(replies: list[ModelReply]) -> None:
    def law(reply: ModelReply, client: Client, wrap: Wrap, finish: str) -> None:
        assert_unchanged(client, wrap, run(client.plan(wrap), reply.deltas, finish))

    assert_law(law, replies)


def test_what_an_agent_gets_of_a_cut_reply_is_a_call_that_the_model_named(replies: list[ModelReply]) -> None:
    """Half an answer is never wrapped as a whole one."""

    def law(reply: ModelReply, client: Client, wrap: Wrap, finish: str) -> None:
        outcome = run(client.plan(wrap), reply.deltas, finish)
        if client.agent and finish != "stop" and not outcome.fail:
            assert all(name in reply.text for name, _ in delivered(client, outcome)), outcome

    assert_law(law, replies)


def test_a_request_of_no_agent_gets_every_character(replies: list[ModelReply]) -> None:
    def law(reply: ModelReply, client: Client, wrap: Wrap, finish: str) -> None:
        if client is PLAIN:
            assert run(client.plan(wrap), reply.deltas, finish).content == reply.text

    assert_law(law, replies)


def _examined(plan: Plan, text: str) -> float:
    """Characters looked at a character."""
    reply = new_reply(plan)
    for delta in cut([Delta(content=text)], every(7)):
        reply.feed(delta)
    reply.close("stop")
    return reply.examined / len(text)


def test_linearity(replies: list[ModelReply]) -> None:
    """What is said sixty-four times costs no more a character than what is said sixteen times. Where text is
    read again the cost nears its bound (`Cursor.may_rewind`) later: there the same is asked of longer text.
    """
    found = []
    for reply, client in zip(replies, cycle([ROO_41, ROO_52]), strict=False):
        costs = [_examined(client.plan(), reply.text * times) for times in (16, 64)]
        if _grows(*costs):
            costs.append(_examined(client.plan(), reply.text * 256))
            if _grows(*costs[-2:]):
                found.append((reply, client, costs))
    assert not found, "\n".join(map(repr, found[:SHOWN]))


def _grows(small: float, large: float) -> bool:
    return large > small * 1.05 + 0.05
