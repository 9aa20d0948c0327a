"""Servers under test as processes of their own: started, pinned to a core, accounted for, ended.

Linux only: the accounting is /proc's, in nanoseconds where the kernel keeps scheduler statistics.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Server(msgspec.Struct, frozen=True):
    """How to start a server and how to ask it. argv: `{port}` in it is the port it has to take.

    missing: why it cannot run here, or empty. ready: the address whose answer shows that it serves.
    """

    name: str
    argv: Sequence[str]
    env: dict[str, str] = {}
    path: str = "/v1/chat/completions"
    ready: str = "/v1/models"
    missing: str = ""


class Process:
    """A running server with all its children."""

    def __init__(self, popen: subprocess.Popen[bytes], port: int) -> None:
        self._popen = popen
        self.port = port

    def cpu(self) -> float:
        """Seconds of CPU so far."""
        return sum(map(_cpu, _family(self._popen.pid)))

    def memory(self) -> int:
        """Resident bytes."""
        return sum(map(_resident, _family(self._popen.pid)))

    def reset_peak(self) -> None:
        for pid in _family(self._popen.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")

    def peak(self) -> int:
        """The highest resident bytes since `reset_peak`."""
        return sum(_status(pid, "VmHWM") for pid in _family(self._popen.pid))


@contextmanager
def running(server: Server, core: int, log: Path) -> Iterator[Process]:
    """Start it on one core, wait until it answers, end it afterwards. Raises RuntimeError with its log."""
    port = free_port()
    argv = [part.replace("{port}", str(port)) for part in server.argv]
    with log.open("wb") as out:
        popen = subprocess.Popen(argv, env={**os.environ, **server.env}, stdout=out, stderr=out)
    try:
        os.sched_setaffinity(popen.pid, {core})
        _wait(popen, port, server.ready, log)
        yield Process(popen, port)
    finally:
        popen.terminate()
        try:
            popen.wait(10)
        except subprocess.TimeoutExpired:
            popen.kill()
            popen.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _wait(popen: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    until = time.monotonic() + 120
    while not _answers(port, path):
        if popen.poll() is not None or time.monotonic() > until:
            raise RuntimeError(log.read_text(errors="replace")[-2000:])
        time.sleep(0.1)


def _answers(port: int, path: str) -> bool:
    request = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer sk-made-up\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
            sock.sendall(request.encode())
            return sock.recv(12).startswith(b"HTTP/1.1 ")
    except OSError:
        return False


def _family(pid: int) -> list[int]:
    """The process and its descendants."""
    found = [pid]
    for parent in found:
        for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, tasks.read_text(encoding="ascii").split())
    return found


def _cpu(pid: int) -> float:
    schedstats = list(Path(f"/proc/{pid}/task").glob("*/schedstat"))
    if schedstats:
        return sum(int(file.read_text(encoding="ascii").split()[0]) for file in schedstats) / 1e9
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _resident(pid: int) -> int:
    return _status(pid, "VmRSS")


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
