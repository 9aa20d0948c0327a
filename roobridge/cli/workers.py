"""Several serving processes on one socket; one that dies is started anew."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from typing import TypeAlias

from roobridge.service.conversations.peers import Link, links
from roobridge.service.metrics.meters import SHARED_FOLDER, forget_process

log = logging.getLogger("roobridge.serve")

# A process that dies at once every time will not do better: so many deaths within so many seconds are enough.
DEATHS = 5
WITHIN = 60.0

# What a process does; it is given its link to the others.
Work: TypeAlias = Callable[[socket.socket, Link | None], None]


class Workers:
    """Processes that do the same work on the same socket, one for each link."""

    def __init__(self, links: Sequence[Link | None], work: Work, sock: socket.socket) -> None:
        self._apart = multiprocessing.get_context("spawn")
        self._work = work
        self._sock = sock
        self._links = links
        self._running: list[BaseProcess] = []
        self._deaths: deque[float] = deque(maxlen=DEATHS)
        self._told: set[int | None] = set()
        self._stopping = False
        self._folder = ""  # where they count together

    def run(self) -> bool:
        """Until SIGINT or SIGTERM; whether that was what ended them, and not deaths."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        with tempfile.TemporaryDirectory(prefix="roobridge-", ignore_cleanup_errors=True) as self._folder:
            os.environ[SHARED_FOLDER] = self._folder  # the processes inherit it
            return self._run()

    def _run(self) -> bool:
        self._running = [self._start(link) for link in self._links]
        alive = True
        while alive and not self._stopping:
            multiprocessing.connection.wait([worker.sentinel for worker in self._running])
            alive = self._stopping or self._replace_dead()
        self._stop()
        for worker in self._running:
            worker.join()
        return alive

    def _replace_dead(self) -> bool:
        """Start dead processes anew; whether that is worth while."""
        for at, worker in enumerate(self._running):
            if worker.is_alive():
                continue
            self._deaths.append(time.monotonic())
            log.error("worker %s has died (%s)", worker.pid, _how(worker.exitcode))
            if worker.pid is not None:
                forget_process(worker.pid, self._folder)
            if len(self._deaths) == DEATHS and self._deaths[-1] - self._deaths[0] < WITHIN:
                log.error("%d workers died within %g seconds: the service ends", DEATHS, WITHIN)
                return False
            self._running[at] = self._start(self._links[at])
            if self._stopping:
                self._stop()  # told between the death and the start
        return True

    def _start(self, link: Link | None) -> BaseProcess:
        worker = self._apart.Process(target=self._work, args=(self._sock, link))
        worker.start()
        log.info("worker %s is started", worker.pid)
        return worker

    def _stop(self, *_: object) -> None:
        self._stopping = True
        # Once each: a second signal would meet a loop that has closed what it is woken by.
        for worker in self._running:
            if worker.is_alive() and worker.pid not in self._told:
                self._told.add(worker.pid)
                worker.terminate()


def joined(number: int) -> Sequence[Link | None]:
    """Links for so many processes of this host; None for each where they cannot be joined."""
    try:
        return links(number)
    except OSError as reason:
        log.warning("the workers know nothing of one another's turns: %s", reason)
        return [None] * number


def _how(status: int | None) -> str:
    return f"signal {-status}" if status is not None and status < 0 else f"status {status}"
