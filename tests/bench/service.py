"""The bridge as a process beside its peers: CPU, latency, throughput and memory of many streams at once."""

from __future__ import annotations

import asyncio
import gc
import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tests.bench.load import Load, Run, Seen
from tests.bench.processes import Process, Server, running
from tests.bench.servers import bridge, litellm, nginx, passthrough
from tests.bench.tables import percentile, spread, table
from tests.bench.upstream import Model

PATIENCE = 40.0  # seconds a run may take
_YARDSTICK = "pass-through, raw"

LOADS = (
    Load("xml", 1, 300, 10),
    Load("xml", 50, 400, 10),
    Load("xml", 50, 100, 50),
    Load("xml", 200, 100, 50),
    Load("xml", 200, 400, 10),
    Load("xml", 500, 100, 50),
    Load("xml", 50, 1000, 0),
)
QUICK = (Load("xml", 50, 200, 10), Load("xml", 200, 400, 10), Load("xml", 50, 500, 0))


class Taken(msgspec.Struct, frozen=True):
    """One run. cpu: microseconds a delta. start: milliseconds of CPU a stream before the window."""

    seen: Seen
    cpu: float
    start: float
    base: int
    peak: int


class Subject(msgspec.Struct, frozen=True):
    """A server and the shape it is given; no process stands for the upstream itself."""

    server: Server
    shape: str
    process: Process | None
    port: int

    @property
    def name(self) -> str:
        return f"{self.server.name}, {self.shape}" if "roobridge" in self.server.name else self.server.name


def service_benchmark(*, quick: bool, rounds: int, only: str = "") -> None:
    """Print one table a load. only: a part of the names of the servers to run."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder), cores[0], LOADS if not quick else QUICK, rounds, only))


async def _measure(folder: Path, core: int, loads: Sequence[Load], rounds: int, only: str) -> None:
    gc.freeze()
    gc.disable()
    loop = asyncio.get_running_loop()
    upstream = await loop.create_server(Model, "127.0.0.1", 0, backlog=4096)
    port: int = upstream.sockets[0].getsockname()[1]
    with ExitStack() as stack:
        subjects = [Subject(Server("direct", ()), "xml", None, port)]
        for server, shapes in _servers(f"http://127.0.0.1:{port}", folder):
            if only not in server.name and server.name != _YARDSTICK:
                continue
            if server.missing:
                print(f"{server.name} left out: {server.missing}\n")  # noqa: T201
                continue
            log = folder / f"{server.name.replace(' ', '-')}.log"
            process = await asyncio.to_thread(stack.enter_context, running(server, core, log))
            subjects += [Subject(server, shape, process, process.port) for shape in shapes]
        for load in loads:
            taken: dict[str, list[Taken]] = {subject.name: [] for subject in subjects}
            for _ in range(rounds):
                for subject in subjects:
                    taken[subject.name].append(await _run(subject, load))
                    await asyncio.sleep(0.3)
            print(_report(load, taken), flush=True)  # noqa: T201
    upstream.close()


def _servers(upstream: str, folder: Path) -> list[tuple[Server, tuple[str, ...]]]:
    return [
        (nginx(upstream, folder), ("xml",)),
        (passthrough(upstream, "raw"), ("xml",)),
        (passthrough(upstream, "json"), ("xml",)),
        (bridge(upstream, "0"), ("xml", "qwen", "native", "text")),
        (bridge(upstream, "25"), ("xml", "text")),
        (litellm(upstream, folder), ("xml",)),
    ]


async def _run(subject: Subject, load: Load) -> Taken:
    process = subject.process
    load = msgspec.structs.replace(load, shape=subject.shape)
    at_window = 0.0

    def window() -> None:
        nonlocal at_window
        at_window = process.cpu() if process else 0.0

    base = process.memory() if process else 0
    before = process.cpu() if process else 0.0
    if process:
        process.reset_peak()
    path = subject.server.path
    seen = await Run(load, subject.port, path, window)(PATIENCE)
    after = process.cpu() if process else 0.0
    spent = after - (at_window if load.pace and at_window else before)
    counted = seen.in_window if load.pace and at_window else seen.read
    start = (at_window - before) / load.streams if at_window else 0.0
    peak = process.peak() if process else 0
    return Taken(seen, spent / max(counted, 1) * 1e6, start * 1e3, base, peak)


def _report(load: Load, taken: dict[str, list[Taken]]) -> str:
    pace = f"one delta every {load.pace} ms" if load.pace else "in a burst"
    heads = ["", "CPU µs a delta", "× pass-through", "added p50 ms", "added p99 ms", "first delta p50 ms"]
    heads += ["deltas/s", "CPU ms a start", "RSS MB", "KB a stream", "broken"]
    rows = [_row(name, runs, taken, load) for name, runs in taken.items()]
    return f"**{load.streams} streams of {load.deltas} deltas, {pace}**\n\n" + table(heads, rows)


def _row(name: str, runs: list[Taken], taken: dict[str, list[Taken]], load: Load) -> list[str]:
    yardstick = taken.get(_YARDSTICK, runs)
    ratios = [mine.cpu / its.cpu for mine, its in zip(runs, yardstick, strict=True) if its.cpu]
    row = [
        name,
        spread([run.cpu for run in runs]),
        f"{spread(ratios, 2)}" if ratios else "",
        spread(_added(runs, taken["direct"], 0.5), 2),
        spread(_added(runs, taken["direct"], 0.99), 2),
        spread([percentile(run.seen.to_first, 0.5) * 1e3 for run in runs]),
        spread([_rate(run.seen, load) for run in runs], 0),
        spread([run.start for run in runs], 2),
        spread([run.peak / 2**20 for run in runs]),
        spread([max(run.peak - run.base, 0) / 1024 / load.streams for run in runs]),
        str(sum(run.seen.failures for run in runs)),
    ]
    if name == "direct":
        row[1:3] = ["", ""]
        row[7:10] = ["", "", ""]
    return row


def _added(runs: list[Taken], direct: list[Taken], share: float) -> list[float]:
    return [
        (percentile(run.seen.ages, share) - percentile(its.seen.ages, share)) / 1000
        for run, its in zip(runs, direct, strict=True)
    ]


def _rate(seen: Seen, load: Load) -> float:
    if load.pace and seen.window:
        return seen.in_window / seen.window
    return seen.read / seen.seconds
