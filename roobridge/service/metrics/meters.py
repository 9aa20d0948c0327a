"""What is counted of a service, as Prometheus reads it.

Nothing is counted per delta: a turn is told of when it opens and when it is over. Every label is one of few
words: an upstream's name from the settings, a kind, a client that is known, a cause of `causes.py`, a repair.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from roobridge.bridge.plan import Plan
from roobridge.bridge.ports import Usage
from roobridge.service.metrics.causes import OTHER, cause_of
from roobridge.service.turns.turn import Turn

# Names the folder in which the processes of one service count together; read where the library is loaded.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)

# Each by its name behind `roobridge_`: what it means, and its labels.
_GAUGES = {
    "open_turns": ("Turns that are not over.", "kind"),
    "queue_waiting": ("Requests that wait for a slot.", "queue"),
}
_READY = "Whether the upstream answered when /health/ready was asked for last."
_COUNTERS = {
    "turns": ("Turns that are over, by the code of their error.", "kind", "client", "upstream", "outcome"),
    "refusals": ("Requests answered with an error's status.", "cause"),
    "deltas": ("Deltas that upstreams sent.", "upstream"),
    "tokens": ("Tokens as the upstreams count them.", "upstream", "type"),
    "calls": ("Calls that were recognised in replies.", "upstream", "dialect"),
    "wraps": ("Texts that were made a completion.", "upstream"),
    "repairs": ("Repairs, by name.", "repair"),
    "continuations": ("How many times an upstream was asked to go on with a reply.", "upstream"),
    "retries": ("Refused tries that were made again.", "upstream", "cause"),
    "fallbacks": ("Upstreams that were given up for the next one.", "upstream", "cause"),
}
_HISTOGRAMS = {
    "turn_seconds": ("From the request to the end.", "kind", "upstream"),
    "first_byte_seconds": ("From the request to the first of a streamed reply.", "kind", "upstream"),
    "held_seconds": ("From an agent's first text to where it is known what becomes of it.", "upstream"),
    "queue_seconds": ("How long a request waited for a slot.", "queue"),
}

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series a counter, of no use


class Meters:
    """The meters of one process; those of all processes together are read where SHARED_FOLDER is set."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._gauge = {
            name: Gauge(f"roobridge_{name}", meaning, labels, registry=registry, multiprocess_mode="livesum")
            for name, (meaning, *labels) in _GAUGES.items()
        }
        self._ready = Gauge(
            "roobridge_upstream_ready",
            _READY,
            ["upstream"],
            registry=registry,
            multiprocess_mode="livemostrecent",
        )
        self._count = {
            name: Counter(f"roobridge_{name}", meaning, labels, registry=registry)
            for name, (meaning, *labels) in _COUNTERS.items()
        }
        self._time = {
            name: Histogram(f"roobridge_{name}", meaning, labels, registry=registry, buckets=_SECONDS)
            for name, (meaning, *labels) in _HISTOGRAMS.items()
        }

    def opened(self, plan: Plan) -> None:
        """A turn is open; `ended` is told of it later."""
        self._gauge["open_turns"].labels(plan.kind.value).inc()

    def ended(self, turn: Turn) -> None:
        """A turn is over."""
        plan, name = turn.ask.plan, turn.way.name
        kind, now = plan.kind.value, time.monotonic()
        outcome = cause_of(turn.error.code, turn.error.kind) if turn.error is not None else "ok"
        self._gauge["open_turns"].labels(kind).dec()
        self._count["turns"].labels(kind, plan.client or OTHER, name, outcome).inc()
        self._time["turn_seconds"].labels(kind, name).observe(now - turn.began)
        if turn.sent:
            self._time["first_byte_seconds"].labels(kind, name).observe(turn.sent - turn.began)
        if plan.agent and turn.asking.spoke and turn.answered:
            self._time["held_seconds"].labels(name).observe(max(turn.answered - turn.asking.spoke, 0.0))
        self._count["deltas"].labels(name).inc(turn.asking.deltas)
        self._count["continuations"].labels(name).inc(turn.asking.continuations)
        self._count_tokens(name, turn.asking.usage)
        self._count_tries(turn)
        self._count_reply(name, turn)

    def refused(self, code: str, kind: str) -> None:
        """A request was answered with an error's status."""
        self._count["refusals"].labels(cause_of(code, kind)).inc()

    def ready(self, name: str, ok: bool) -> None:
        """An upstream was asked how it is."""
        self._ready.labels(name).set(ok)

    @contextmanager
    def waiting(self, queue: str) -> Iterator[None]:
        """A request waits for a slot while the block runs."""
        with (
            self._gauge["queue_waiting"].labels(queue).track_inprogress(),
            self._time["queue_seconds"].labels(queue).time(),
        ):
            yield

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        folder = os.environ.get(SHARED_FOLDER)
        if not folder:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]  # the library leaves it so
        return generate_latest(together)

    def _count_tokens(self, name: str, usage: Usage | None) -> None:
        if usage is not None:
            for which in Usage.__struct_fields__:
                self._count["tokens"].labels(name, which).inc(getattr(usage, which))

    def _count_tries(self, turn: Turn) -> None:
        again: list[str] = []  # of the upstream whose name comes later
        for failed in turn.way.request.tries:
            cause = cause_of(failed.code, failed.kind)
            if not failed.upstream:
                again.append(cause)
                continue
            self._count["fallbacks"].labels(failed.upstream, cause).inc()
            self._count_retries(failed.upstream, again)
            again = []
        self._count_retries(turn.way.name, again)

    def _count_retries(self, name: str, causes: list[str]) -> None:
        for cause in causes:
            self._count["retries"].labels(name, cause).inc()

    def _count_reply(self, name: str, turn: Turn) -> None:
        reply = turn.reply
        if reply is None:
            return
        for call in reply.calls:
            self._count["calls"].labels(name, call.dialect).inc()
        for repair in reply.repairs:
            self._count["repairs"].labels(repair).inc()
        self._count["wraps"].labels(name).inc(reply.wrapped)


def forget_process(pid: int, folder: str) -> None:
    """What a process that is gone had open is open no more; what it counted stays."""
    mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]  # the library leaves it so
