"""Law 1: any cutting of the upstream's words, or of its bytes, gives the same reply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roobridge.bridge.plan import Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.tape.format import Wire
from roobridge.bridge.tape.reader import WireReader
from tests.oracle.cuts import characters, cut, seeded, whole
from tests.oracle.outcome import Outcome, run
from tests.oracle.plans import CLIENTS
from tests.oracle.replies import call_scenarios, endings, soups, text_scenarios

clients = st.sampled_from(list(CLIENTS.values()))
wraps = st.sampled_from(list(Wrap))


def assert_same_at_any_cutting(plan: Plan, deltas: Sequence[Delta], finish: str, seed: int) -> None:
    wanted = run(plan, cut(deltas, whole), finish).same_at_any_cutting
    for cutting in (characters, seeded(seed)):
        assert run(plan, cut(deltas, cutting), finish).same_at_any_cutting == wanted


@given(call_scenarios(), wraps, endings, st.integers(0, 1000))
def test_calls(scenario: Any, wrap: Wrap, finish: str, seed: int) -> None:
    assert_same_at_any_cutting(scenario.client.plan(wrap), scenario.deltas, finish, seed)


@given(text_scenarios(), wraps, endings, st.integers(0, 1000))
def test_text(scenario: Any, wrap: Wrap, finish: str, seed: int) -> None:
    assert_same_at_any_cutting(scenario.client.plan(wrap), scenario.deltas, finish, seed)


@given(soups(), clients, wraps, endings, st.integers(0, 1000))
def test_soup(soup: str, client: Any, wrap: Wrap, finish: str, seed: int) -> None:
    assert_same_at_any_cutting(client.plan(wrap), [Delta(content=soup)], finish, seed)


@given(soups(), soups(), clients, wraps, st.integers(0, 1000))
def test_soup_after_soup_in_the_reasoning(
    thought: str, soup: str, client: Any, wrap: Wrap, seed: int
) -> None:
    assert_same_at_any_cutting(
        client.plan(wrap), [Delta(reasoning=thought), Delta(content=soup)], "stop", seed
    )


def _openai_body(text: str) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    last: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    frames = [json.dumps(frame, ensure_ascii=False) for frame in (chunk, last)]
    return ("".join(f"data: {frame}\n\n" for frame in frames) + "data: [DONE]\n\n").encode()


def _qwen_web_body(text: str) -> bytes:
    created = {"response.created": {"chat_id": "c", "parent_id": "p", "response_id": "r"}}
    said = {
        "choices": [{"delta": {"role": "assistant", "content": text, "phase": "answer", "status": "typing"}}]
    }
    last = {
        "choices": [{"delta": {"role": "assistant", "content": "", "phase": "answer", "status": "finished"}}]
    }
    frames = [json.dumps(frame, ensure_ascii=False) for frame in (created, said, last)]
    return "".join(f"data: {frame}\n\n" for frame in frames).encode()


BODIES = {Wire.OPENAI: _openai_body, Wire.QWEN_WEB: _qwen_web_body}


def _through(wire: Wire, plan: Plan, parts: Sequence[bytes]) -> Outcome:
    reader = WireReader(wire)
    deltas = [delta for part in parts for delta in reader.feed(part)] + reader.close()
    return run(plan, deltas, reader.finish)


@pytest.mark.parametrize("wire", BODIES)
@given(soup=soups(), client=clients, positions=st.lists(st.integers(0, 2000), max_size=30))
def test_bytes(wire: Wire, soup: str, client: Any, positions: list[int]) -> None:
    plan = client.plan()
    body = BODIES[wire](soup)
    bounds = sorted({0, len(body), *(at for at in positions if at < len(body))})
    parts = [body[start:end] for start, end in pairwise(bounds)]
    wanted = run(plan, [Delta(content=soup)]).same_at_any_cutting
    assert _through(wire, plan, parts).same_at_any_cutting == wanted


@pytest.mark.parametrize("wire", BODIES)
def test_every_byte_alone(wire: Wire) -> None:
    text = "Ünïcode 日本語 😀 𝒜.\n\n<list_files>\n<path>ä😀</path>\n</list_files>"
    body = BODIES[wire](text)
    for client in CLIENTS.values():
        wanted = run(client.plan(), [Delta(content=text)]).same_at_any_cutting
        single = [body[at : at + 1] for at in range(len(body))]
        assert _through(wire, client.plan(), single).same_at_any_cutting == wanted
