"""The machine alone: `Reply.feed`, per dialect, renderer and size of a delta."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Sequence

import msgspec

from roobridge.bridge.plan import Plan, Wrap
from roobridge.bridge.ports import Delta
from roobridge.bridge.reply.reply import new_reply
from roobridge.events import Finish, ToolDelta
from tests.bench.tables import spread, table
from tests.oracle.dialect_writer import TEXT_DIALECTS
from tests.oracle.plans import ROO_41, ROO_52

_CODE = 'def made_up(x):\n    return x < 3 and x > 1  # a "quoted" word, a <b>tag</b>\n\n'
_PROSE = "This is prose with `code`, one <b>tag</b> and **bold**.\nA second line.\n\n"
RENDERERS = {"xml": ROO_41, "tool_calls": ROO_52}
SIZES = (10_000, 100_000, 1_000_000)
LARGEST = 10_000_000
CUTS = (1, 4, 16, 4096)


class Cost(msgspec.Struct, frozen=True):
    """Of one reply. delta: microseconds. rate: megabytes a second. examined: characters a character."""

    delta: float
    rate: float
    examined: float


def reply_text(dialect: str, size: int) -> str:
    """A `write_to_file` call of about so many characters, as a model writes it in the dialect."""
    content = (_CODE * (size // len(_CODE) + 1))[:size]
    if dialect == "deltas":
        return json.dumps({"path": "a.py", "content": content})
    return TEXT_DIALECTS[dialect]("write_to_file", {"path": "a.py", "content": content, "line_count": "9"})


def deltas(dialect: str, text: str, cut: int) -> list[Delta]:
    parts = [text[at : at + cut] for at in range(0, len(text), cut)]
    if dialect != "deltas":
        return [Delta(content=part) for part in parts]
    first = Delta(tool_calls=(ToolDelta(0, "call_1", "write_to_file"),))
    return [first, *(Delta(tool_calls=(ToolDelta(0, arguments=part),)) for part in parts)]


def cost(plan: Plan, said: Sequence[Delta], size: int) -> Cost:
    """Feed one reply and check that it came to an end."""
    reply = new_reply(plan)
    gc.collect()
    start = time.process_time()
    for delta in said:
        pieces = reply.feed(delta)
        if reply.done:
            break
    else:
        pieces = reply.close("stop")
    spent = time.process_time() - start
    assert isinstance(pieces[-1], Finish), pieces[-1]
    return Cost(spent / len(said) * 1e6, size / spent / 1e6, reply.examined / size)


def machine_benchmark(*, quick: bool, rounds: int) -> None:
    """Print the tables: calls by dialect, plain text by policy, growth with the reply's length."""
    size = 100_000
    calls = [
        (f"{dialect} → {name}", dialect, client.plan(), reply_text(dialect, size))
        for dialect in (*TEXT_DIALECTS, "deltas")
        for name, client in RENDERERS.items()
    ]
    print(f"**A call of {size // 1000} KB: µs a delta, by characters a delta**\n")  # noqa: T201
    print(_by_cut(calls, rounds))  # noqa: T201
    prose = _PROSE * (size // len(_PROSE))
    texts = [
        (f"text, {wrap.value} → {name}", "roo_xml", client.plan(wrap), prose)
        for wrap in Wrap
        for name, client in RENDERERS.items()
    ]
    print(f"**Plain text of {size // 1000} KB: µs a delta, by characters a delta**\n")  # noqa: T201
    print(_by_cut(texts, rounds))  # noqa: T201
    print("**Growth: µs a 4-character delta (characters examined a character)**\n")  # noqa: T201
    print(_growth(SIZES if quick else (*SIZES, LARGEST), rounds))  # noqa: T201


def _by_cut(rows: Sequence[tuple[str, str, Plan, str]], rounds: int) -> str:
    costs: dict[tuple[str, int], list[Cost]] = {}
    for _ in range(rounds):
        for name, dialect, plan, text in rows:
            for cut in CUTS:
                costs.setdefault((name, cut), []).append(cost(plan, deltas(dialect, text, cut), len(text)))
    heads = ["", *(f"{cut}" for cut in CUTS), "MB/s at 4", "MB/s at 4096", "examined at 4"]
    lines = [
        [
            name,
            *(spread([it.delta for it in costs[name, cut]], 2) for cut in CUTS),
            spread([it.rate for it in costs[name, 4]], 2),
            spread([it.rate for it in costs[name, 4096]]),
            spread([it.examined for it in costs[name, 4]], 2),
        ]
        for name, *_ in rows
    ]
    return table(heads, lines)


def _growth(sizes: Sequence[int], rounds: int) -> str:
    lines = []
    for dialect in (*TEXT_DIALECTS, "deltas"):
        for name, client in RENDERERS.items():
            line = [f"{dialect} → {name}"]
            for size in sizes:
                text = reply_text(dialect, size)
                said = deltas(dialect, text, 4)
                taken = [cost(client.plan(), said, size) for _ in range(1 if size == LARGEST else rounds)]
                line.append(f"{spread([it.delta for it in taken], 2)} ({taken[0].examined:.2f})")
            lines.append(line)
    return table(["", *(f"{size // 1000} KB" for size in sizes)], lines)
