from __future__ import annotations

import socket

import pytest

from roobridge.bridge.ports import Model
from roobridge.cli import addresses
from roobridge.cli.greeting import greeting
from roobridge.cli.look import Found
from roobridge.errors import UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.settings.tables import UpstreamTable
from roobridge.upstream.presets import PRESETS

CODER = Model("qwen3-coder", "llamacpp", 65536, tools=True)
REFUSED = UpstreamError("No connection.", code="unreachable", status_hint=502)
NO_KEY = UpstreamError("A key is wanted.", kind="authentication_error", code="invalid_api_key")


def said(found: Found, **settings: object) -> list[str]:
    given = Settings.model_construct(**{**Settings.model_construct().model_dump(), **settings})
    return greeting(given, 8001, {given.upstream_name: found}).splitlines()


@pytest.mark.parametrize(
    ("settings", "found", "words"),
    [
        (
            {},
            Found((Model("demo"),)),
            ("upstream replay", "http://127.0.0.1:8001/v1", "anything, tapes need none", "Model     demo"),
        ),
        (
            {"upstream": "dashscope"},
            Found(),
            ("your key for the upstream", "one that http://127.0.0.1:8001/v1/models"),
        ),
        ({"host": "::1"}, Found(), ("http://[::1]:8001/v1",)),
        ({"service_keys": ("k1",)}, Found(), ("API key   one of this service's own (service_keys)",)),
        ({"host": "0.0.0.0"}, Found(), ("Base URL  http://127.0.0.1:8001/v1",)),
        ({"host": "::"}, Found(), ("Base URL  http://[::1]:8001/v1",)),
        ({"upstream": "lmstudio"}, Found(), ("anything, unless your server wants one",)),
        (
            {"model_map": {"mine": "qwen3-coder"}, "upstream": "vllm"},
            Found(error=REFUSED),
            ("Model     mine",),
        ),
    ],
)
def test_what_to_enter(settings: dict[str, object], found: Found, words: tuple[str, ...]) -> None:
    text = "\n".join(said(found, **settings))
    for word in words:
        assert word in text


def test_other_machines_are_told_an_address_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # A route of its own, since a machine that runs tests may have none.
    monkeypatch.setitem(addresses._ANYWHERE, socket.AF_INET, "127.0.0.9")
    monkeypatch.setitem(addresses._ANYWHERE, socket.AF_INET6, "not an address")
    assert addresses.reachable("0.0.0.0") == ["127.0.0.1"]
    assert addresses.reachable("::") == ["[::1]"]
    lines = said(Found((Model("demo"),)), host="127.0.0.1")
    assert not [line for line in lines if "from other machines" in line]
    monkeypatch.setattr("roobridge.cli.greeting.reachable", lambda host: ("127.0.0.1", "[fd00::5]"))
    lines = said(Found((Model("demo"),)), host="::")
    assert lines[3] == "            http://[fd00::5]:8001/v1 from other machines"


def test_tapes_are_not_looked_for() -> None:
    assert len(said(Found((Model("demo"),)))) == 5


@pytest.mark.parametrize(
    ("models", "settings", "line", "entered"),
    [
        ((CODER,), {}, "qwen3-coder, context 65,536 tokens.", "qwen3-coder"),
        ((Model("a"), CODER), {}, "qwen3-coder (one of 2), context", "qwen3-coder, or another that http"),
        ((Model("nomic-embed"), Model("a")), {}, "a (one of 2), its context is not told.", "a, or another"),
        ((Model("nomic-embed"),), {}, "nomic-embed, its", "nomic-embed"),
        ((CODER, Model("mine")), {"model_map": {"mine": "x"}}, "mine (one of 2), its", "mine, or another"),
    ],
)
def test_which_model_is_spoken_of(
    models: tuple[Model, ...], settings: dict[str, object], line: str, entered: str
) -> None:
    lines = said(Found(models), upstream="llamacpp", **settings)
    assert lines[5].startswith(f"llamacpp answers at http://127.0.0.1:8080/v1: {line}")
    assert lines[4].startswith(f"  Model     {entered}")


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (CODER, "context window 65536, max output 8192, images off."),
        (Model("m", context=32768), "context window 32768, max output 8192, images off."),
        (
            Model("m", context=262144, output=65536, vision=True),
            "window 262144, max output 65536, images on.",
        ),
    ],
)
def test_the_numbers_for_roo(model: Model, line: str) -> None:
    lines = said(Found((model,)), upstream="llamacpp")
    assert lines[6].endswith(line)
    assert len(lines) == 7


@pytest.mark.parametrize(
    ("settings", "owner", "words"),
    [
        (
            {"upstream": "ollama"},
            "library",
            ("OLLAMA_CONTEXT_LENGTH=65536", "num_ctx", "4096", "without a word"),
        ),
        ({"upstream": "lmstudio"}, "organization_owner", ("load settings",)),
        ({"upstream": "llamacpp"}, "llamacpp", ("-c 65536", "--parallel 1")),
        ({"upstream": "vllm"}, "vllm", ("--max-model-len",)),
        ({"upstream": "sglang"}, "sglang", ("--context-length",)),
        ({"upstream": "openai", "base_url": "http://box/v1"}, "llamacpp", ("-c 65536",)),
        ({"upstream": "openai", "base_url": "http://box/v1"}, "me", ("documentation",)),
    ],
)
def test_a_small_context_or_an_unknown_one_is_said_with_what_to_do(
    settings: dict[str, object], owner: str, words: tuple[str, ...]
) -> None:
    small = said(Found((Model("m", owner, 4096),)), **settings)
    assert small[6].endswith("context window 4096, max output 1024, images off.")
    unknown = said(Found((Model("m", owner),)), **settings)
    assert "Warning" in small[7]
    for word in ("32,768", *words):
        assert word in small[7]
        assert word in unknown[6]


def test_of_a_hosted_model_that_is_not_known_nothing_is_advised() -> None:
    assert said(Found((Model("new"),)), upstream="dashscope")[5:] == [
        f"dashscope answers at {PRESETS['dashscope'].base_url}: new, its context is not told."
    ]


@pytest.mark.parametrize("upstream", [name for name, known in PRESETS.items() if known.local])
def test_a_server_at_home_that_does_not_answer_is_said_with_its_start(upstream: str) -> None:
    lines = said(Found(error=REFUSED), upstream=upstream)[5:]
    assert lines[0] == f"{upstream} at {PRESETS[upstream].base_url} does not answer yet. No connection."
    assert lines[1].startswith("  Start it, and it is found: ")


@pytest.mark.parametrize(
    ("settings", "found", "line"),
    [
        (
            {"upstream": "openai", "base_url": "http://box/v1"},
            Found(error=REFUSED),
            "openai at http://box/v1 does not answer yet. No connection.",
        ),
        (
            {"upstream": "qwen-web"},
            Found(error=UpstreamError("The site refuses.", code="waf")),
            "qwen-web at https://chat.qwen.ai does not list its models. The site refuses.",
        ),
        (
            {"upstream": "vllm"},
            Found(error=NO_KEY),
            "vllm at http://127.0.0.1:8000/v1 answers; its models are known once it is asked with your key.",
        ),
        (
            {"upstream": "vllm", "api_key": "sk-wrong"},
            Found(error=NO_KEY),
            "vllm at http://127.0.0.1:8000/v1 does not list its models. A key is wanted.",
        ),
        (
            {"upstream": "ollama"},
            Found(),
            "ollama answers at http://127.0.0.1:11434/v1, but lists no model: load one there.",
        ),
    ],
)
def test_an_upstream_without_models_is_one_line(settings: dict[str, object], found: Found, line: str) -> None:
    assert said(found, **settings)[5:] == [line]


def test_each_of_several_upstreams_has_its_line() -> None:
    tables = {
        "home": UpstreamTable(upstream="llamacpp"),
        "cloud": UpstreamTable(upstream="dashscope"),
        "demo": UpstreamTable(upstream="replay"),
    }
    looks = {
        "home": Found((CODER,)),
        "cloud": Found((Model("plus", context=1_000_000), Model("max"))),
        "demo": Found((Model("demo"),)),
    }
    lines = greeting(Settings(upstreams=tables), 8001, looks).splitlines()
    assert lines[0] == "roobridge serves on http://127.0.0.1:8001/v1, upstream home."
    assert lines[5].startswith("home answers at http://127.0.0.1:8080/v1: qwen3-coder, context 65,536")
    assert lines[7].startswith("cloud answers at https://dashscope")
    assert lines[7].endswith("cloud/plus (one of 2), context 1,000,000 tokens.")
    assert lines[8] == "demo plays tapes: demo/demo."
    looks["home"] = Found(error=REFUSED)
    assert "home at http://127.0.0.1:8080/v1 does not answer yet" in greeting(
        Settings(upstreams=tables), 8001, looks
    )
