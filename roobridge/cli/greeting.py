"""What `roobridge serve` says first: what to enter in Roo Code, and what stands behind the service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from roobridge.bridge.ports import Model
from roobridge.cli.addresses import reachable
from roobridge.cli.look import Found
from roobridge.errors import UpstreamError
from roobridge.service.settings.config import Settings
from roobridge.service.wiring import address_of, at_home
from roobridge.upstream.servers import server_of

ENOUGH = 32_768  # tokens of context; an agent's first prompt takes a third of it
USUAL_OUTPUT = 8192  # tokens; what Roo keeps free for an answer where it knows no limit

# What an error of the connection, and not of whoever stands there, is called.
_NO_ANSWER = frozenset({"unreachable", "silence", "broken_off", "bad_response", "upstream_timeout"})


class _Hint(msgspec.Struct, frozen=True):
    """start: how the server is started. widen: how its models get a larger context."""

    start: str
    widen: str


_HINTS = {
    "lmstudio": _Hint(
        "switch the server on in LM Studio's Developer tab, or `lms server start`",
        "set Context Length in the model's load settings, or `lms load MODEL --context-length 65536`",
    ),
    "ollama": _Hint(
        "`OLLAMA_CONTEXT_LENGTH=65536 ollama serve`",
        "start it with OLLAMA_CONTEXT_LENGTH=65536, or set num_ctx in a Modelfile; its default may be 4096, "
        "and it cuts longer prompts without a word",
    ),
    "vllm": _Hint(
        "`vllm serve MODEL --max-model-len 65536 --enable-auto-tool-choice --tool-call-parser qwen3_coder`",
        "start it with --max-model-len 65536",
    ),
    "sglang": _Hint(
        "`python -m sglang.launch_server --model-path MODEL --context-length 65536 "
        "--tool-call-parser qwen3_coder`",
        "start it with --context-length 65536",
    ),
    "llamacpp": _Hint(
        "`llama-server -m MODEL.gguf --jinja -c 65536 --parallel 1`",
        "start it with -c 65536 --parallel 1, since its slots share the context",
    ),
}
_NO_HINT = _Hint("", "see its documentation")


def greeting(settings: Settings, port: int, looks: Mapping[str, Found]) -> str:
    """What the user is to enter in Roo Code, and what was found of each upstream, by their names."""
    name, *others = settings.upstream_names
    first, found = settings.at(name), looks[name]
    here, *elsewhere = (f"http://{host}:{port}/v1" for host in reachable(settings.host))
    model = choice(found.models, first)
    return "\n".join(
        (
            f"roobridge serves on {here}, upstream {name}.",
            "In Roo Code choose the provider OpenAI Compatible, and enter:",
            f"  Base URL  {here}",
            *(f"            {there} from other machines" for there in elsewhere),
            f"  API key   {_key(first)}",
            f"  Model     {_name(model, found.models, first, f'{here}/models')}",
            *(_first(name, first, found, model) if first.upstream_name != "replay" else ()),
            *(line for other in others for line in _other(other, settings.at(other), looks[other])),
        )
    )


def _key(settings: Settings) -> str:
    if settings.service_keys:
        return "one of this service's own (service_keys)"
    if settings.upstream_name == "replay":
        return "anything, tapes need none"
    if settings.api_key or settings.qwen_token:
        return "anything, the upstream's key is set here"
    if at_home(settings):
        return "anything, unless your server wants one"
    return "your key for the upstream"


def choice(models: Sequence[Model], settings: Settings) -> Model | None:
    """The model to speak of: one that the operator has named, one whose context is known, one that chats."""
    named = [model for model in models if model.id in settings.model_map]
    chatting = [model for model in models if "embed" not in model.id.lower()]
    offered = named or chatting or models
    return next((model for model in offered if model.context), offered[0] if offered else None)


def _name(model: Model | None, models: Sequence[Model], settings: Settings, listed: str) -> str:
    if model is None:
        return next(iter(settings.model_map), f"one that {listed} lists")
    return model.id if len(models) == 1 else f"{model.id}, or another that {listed} lists"


def _first(name: str, settings: Settings, found: Found, model: Model | None) -> Iterator[str]:
    yield from _upstream(name, settings, found, model)
    if model is not None:
        hint = _HINTS.get(settings.upstream_name) or _HINTS.get(server_of(model.owner)) or _NO_HINT
        yield from _advice(model, hint, at_home(settings))


def _other(name: str, settings: Settings, found: Found) -> Iterator[str]:
    model = choice(found.models, settings)
    named = None if model is None else msgspec.structs.replace(model, id=f"{name}/{model.id}")
    if settings.upstream_name == "replay":
        yield f"{name} plays tapes: {named.id if named else 'none'}."
    else:
        yield from _upstream(name, settings, found, named)


def _upstream(name: str, settings: Settings, found: Found, model: Model | None) -> Iterator[str]:
    where = address_of(settings)
    if found.error is not None:
        yield from _failure(f"{name} at {where}", found.error, settings)
    elif model is None:
        yield f"{name} answers at {where}, but lists no model: load one there."
    else:
        among = f" (one of {len(found.models)})" if len(found.models) > 1 else ""
        context = f"context {model.context:,} tokens" if model.context else "its context is not told"
        yield f"{name} answers at {where}: {model.id}{among}, {context}."


def _failure(upstream: str, error: UpstreamError, settings: Settings) -> Iterator[str]:
    if error.code in _NO_ANSWER:
        yield f"{upstream} does not answer yet. {error.message}"
        hint = _HINTS.get(settings.upstream_name)
        if hint is not None:
            yield f"  Start it, and it is found: {hint.start}."
    elif error.kind == "authentication_error" and not settings.api_key:
        yield f"{upstream} answers; its models are known once it is asked with your key."
    else:
        yield f"{upstream} does not list its models. {error.message}"


def _advice(model: Model, hint: _Hint, local: bool) -> Iterator[str]:
    more = f"To get {ENOUGH:,} or more, {hint.widen}."
    if model.context:
        output = model.output or min(USUAL_OUTPUT, model.context // 4)
        images = "on" if model.vision else "off"
        yield f"  In Roo set context window {model.context}, max output {output}, images {images}."
        if model.context < ENOUGH:
            yield f"  Warning: an agent's prompt alone takes 10,000 to 20,000 tokens. {more}"
    elif local:
        yield f"  In Roo set the context window that it is loaded with. {more}"
