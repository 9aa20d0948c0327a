"""`python -m tests.bench [core|service|requests|all] [--quick]`: measure, and print tables in Markdown."""

from __future__ import annotations

import argparse

from tests.bench.machine import machine_benchmark
from tests.bench.requests import requests_benchmark
from tests.bench.service import service_benchmark

PARTS = ("core", "service", "requests", "all")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("part", nargs="?", choices=PARTS, default="all")
    parser.add_argument("--quick", action="store_true", help="less of everything, for a first look")
    parser.add_argument("--rounds", type=int, default=0, help="interleaved runs; 3, and 1 with --quick")
    parser.add_argument("--only", default="", help="service: servers whose name holds this")
    asked = parser.parse_args()
    rounds = asked.rounds or (1 if asked.quick else 3)
    if asked.part in ("core", "all"):
        machine_benchmark(quick=asked.quick, rounds=rounds)
    if asked.part in ("requests", "all"):
        requests_benchmark(rounds=rounds)
    if asked.part in ("service", "all"):
        service_benchmark(quick=asked.quick, rounds=rounds, only=asked.only)


if __name__ == "__main__":
    main()
